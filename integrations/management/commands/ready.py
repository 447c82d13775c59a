from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.services.readiness import readiness


class Command(BaseCommand):
    help = "Says what /readyz says, and ends with 1 when something is not well: for health checks and monitors."

    def handle(self, *args: Any, **options: Any) -> None:
        found = readiness()
        for name, is_well in found.checks.items():
            self.stdout.write(f"{name}: {'well' if is_well else 'NOT WELL'}")
        if not found.is_ready:
            raise CommandError("Not ready.")
