from __future__ import annotations

from integrations.management.run_command import RunCommand
from integrations.models import RunKind


class Command(RunCommand):
    help = "Asks for a preview of a connection, or of one of its steps: what a sync would do. Writes to nobody."
    kind = RunKind.PREVIEW
