from __future__ import annotations

from integrations.management.run_command import RunCommand
from integrations.models import RunKind


class Command(RunCommand):
    help = "Asks for a sync of a connection, or of one of its steps, as Sync Now does."
    kind = RunKind.SYNC
