"""Registers every page."""

from __future__ import annotations

from . import accounts, connections, entries, records, runs
from .steps import page

__all__ = ["accounts", "connections", "entries", "page", "records", "runs"]
