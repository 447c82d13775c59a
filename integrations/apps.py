from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from django_q.signals import post_execute

        from integrations import checks  # noqa: F401
        from integrations.services.workers import record_beat

        post_execute.connect(record_beat, dispatch_uid="syncadmin.record_beat")
