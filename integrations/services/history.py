"""Who changed what, in the admin's own log."""

from __future__ import annotations

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model


def note_addition(thing: Model, by: User | None, message: str = "") -> None:
    """Note that somebody added it. What a command does has no author, and is in the command's own output."""
    _note(thing, by, ADDITION, message)


def note_change(thing: Model, by: User | None, message: str) -> None:
    """Note that somebody changed it; `message` says what, for people, and never holds secrets."""
    _note(thing, by, CHANGE, message)


def note_deletion(thing: Model, by: User | None) -> None:
    """Note that somebody is about to delete it."""
    _note(thing, by, DELETION, "")


def _note(thing: Model, by: User | None, flag: int, message: str) -> None:
    if by is not None:
        LogEntry.objects.log_actions(by.pk, [thing], flag, message, single_object=True)


def latest_entry(thing: Model) -> LogEntry | None:
    """The newest entry about it, with its author."""
    content_type = ContentType.objects.get_for_model(thing)
    entries = LogEntry.objects.filter(content_type=content_type, object_id=str(thing.pk))
    return entries.select_related("user").order_by("-action_time", "-pk").first()
