"""What an edit needs, whoever makes it: the records, the options, the time, and where webhooks go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from integrations.sandbox.core import Deliver
from integrations.sandbox.pipedrive.options import PipedriveOptions
from integrations.sandbox.pipedrive.records import User, stamp
from integrations.sandbox.pipedrive.state import State


@dataclass(frozen=True, slots=True)
class Actor:
    """Who edits, and how: `app` is the pages that people use, `api` is any client."""

    user: User
    source: Literal["app", "api"]


@dataclass(frozen=True, slots=True)
class Desk:
    """One moment at the product."""

    state: State
    options: PipedriveOptions
    now: datetime
    deliver: Deliver
    host: str = "lumenworks.pipedrive.com"

    @property
    def stamp(self) -> str:
        """Now, as records carry it."""
        return stamp(self.now)
