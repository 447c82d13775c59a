"""The admin site itself: its name, its first page."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class SyncAdminSite(AdminSite):
    """Django's admin, with Integrations as its first page."""

    site_title = _("SyncAdmin")
    site_header = _("SyncAdmin")
    index_title = _("Integrations")
    site_url = None
