from __future__ import annotations

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db import migrations

from integrations.services.roles import make_roles


def make_roles_anew(apps, schema_editor):
    """Administrators may see who tried to log in, which needs permissions of another app."""
    for label in ("integrations", "axes"):
        config = installed.get_app_config(label)
        create_contenttypes(config, verbosity=0, using=schema_editor.connection.alias)
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias)
    make_roles(installed)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0003_alerts"),
        ("axes", "0010_accessattemptexpiration"),
    ]
    operations = [migrations.RunPython(make_roles_anew, migrations.RunPython.noop)]
