from __future__ import annotations

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.db import migrations

from integrations.services.roles import make_roles


def make(apps, schema_editor):
    """Permissions come only after all migrations otherwise, and the roles need them now."""
    config = installed.get_app_config("integrations")
    create_contenttypes(config, verbosity=0, using=schema_editor.connection.alias)
    create_permissions(config, verbosity=0, using=schema_editor.connection.alias)
    make_roles(installed)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
