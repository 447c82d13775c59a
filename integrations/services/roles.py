"""Roles: four groups, each with all rights of the one before. Made by a migration, and changeable like any group."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db.models import Q

VIEWER, OPERATOR, CONFIGURATOR, ADMINISTRATOR = "Viewer", "Operator", "Configurator", "Administrator"

# To see who tried to log in, and to let somebody in again who must pause.
_LOG_INS = Q(
    content_type__app_label="axes", codename__in=["view_accessattempt", "delete_accessattempt", "view_accesslog"]
)
_STEP_MODELS = ("syncstep", "fieldmapping", "filtercondition", "ownermapping", "sequencemapping")
_EDIT = tuple(f"{verb}_{model}" for verb in ("add", "change", "delete") for model in _STEP_MODELS)
_OWN_TOKENS = ("add_apitoken", "delete_apitoken")
"""Everybody's for themselves; whoever may change tokens sees those of all."""


def make_roles(apps: Apps) -> None:
    """Create the groups and give them their rights; rights that somebody added to them stay.

    The app's permissions must exist already.
    """
    group_model: Any = apps.get_model("auth", "Group")
    permission_model: Any = apps.get_model("auth", "Permission")
    of_this_app = permission_model.objects.filter(content_type__app_label="integrations")
    view = Q(codename__startswith="view_") | Q(codename__in=_OWN_TOKENS)
    operate = view | Q(codename="operate_connection")
    configure = operate | Q(codename__in=[*_EDIT, "add_connection", "change_connection"])
    for name, rights in ((VIEWER, view), (OPERATOR, operate), (CONFIGURATOR, configure), (ADMINISTRATOR, Q())):
        group, _ = group_model.objects.get_or_create(name=name)
        group.permissions.add(*of_this_app.filter(rights))
        if name == ADMINISTRATOR:
            group.permissions.add(*permission_model.objects.filter(_LOG_INS))
