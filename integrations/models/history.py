"""The history of what people configure: who, when, and every tracked value as it was afterwards.

Rows are noted as they are saved and deleted one by one, so what is stored in bulk leaves none: configuration never is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db import models
from simple_history.models import HistoricalRecords

if TYPE_CHECKING:
    from django.http import HttpRequest

_reason: ContextVar[str] = ContextVar("reason", default="")
_author: ContextVar[User | None] = ContextVar("author", default=None)


@contextmanager
def noting(reason: str = "", by: User | None = None) -> Iterator[None]:
    """What is saved inside is noted with this reason, and this author where no request says who it is."""
    tokens = _reason.set(reason or _reason.get()), _author.set(by or _author.get())
    try:
        yield
    finally:
        _reason.reset(tokens[0])
        _author.reset(tokens[1])


def _who(instance: models.Model, request: HttpRequest | None, **kwargs: Any) -> Any:
    return request.user if request is not None else _author.get()


class ConfigurationHistory(HistoricalRecords):  # type: ignore[misc]
    """Notes only what differs, and says which command it was where there is no user."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(get_user=_who, **kwargs)

    def post_save(self, instance: models.Model, created: bool, using: str | None = None, **kwargs: Any) -> None:
        """Leave no note of a save that changed nothing of what is tracked, such as a look at an account."""
        if created or _reason.get() or not self._is_as_noted(instance):
            super().post_save(instance, created, using, **kwargs)

    def get_change_reason_for_object(self, instance: models.Model, history_type: str, using: str | None) -> str:
        """The reason that a service gave; else the command that runs, if one does."""
        request = getattr(self.context, "request", None)
        return _reason.get() or ("" if request is not None else _command())

    def _is_as_noted(self, instance: models.Model) -> bool:
        names = [field.attname for field in self.fields_included(instance)]
        last = getattr(type(instance), self.manager_name).filter(id=instance.pk)
        newest = last.order_by("-history_id").values(*names).first()
        return newest is not None and all(newest[name] == getattr(instance, name) for name in names)


def _command() -> str:
    """ "manage.py import_configuration", while such a command runs."""
    script, arguments = Path(sys.argv[0]).name, sys.argv[1:2]
    return f"{script} {arguments[0]}" if script == "manage.py" and arguments else ""
