"""Registers every page."""

from __future__ import annotations

from . import accounts, alerts, connections, entries, people, records, runs, tokens
from .steps import page

__all__ = ["accounts", "alerts", "connections", "entries", "page", "people", "records", "runs", "tokens"]
