from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from django_q.signals import post_execute

        from integrations import checks  # noqa: F401
        from integrations.services.workers import record_beat

        post_execute.connect(record_beat, dispatch_uid="syncadmin.record_beat")


class SyncAdminConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "integrations.admin.site.SyncAdminSite"

    def ready(self) -> None:
        super().ready()
        # Not from the package itself: the site lives in it, and would come into being twice.
        from integrations.admin import pages  # noqa: F401
