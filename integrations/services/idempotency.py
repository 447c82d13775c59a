"""Carrying a request out once, however often it is sent under one key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import IdempotentRequest

REMEMBERED_FOR = timedelta(hours=24)


class OtherRequest(Exception):  # noqa: N818 -- says what happened
    """The key came with another request before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is answered. `is_repeated`: it was carried out before, and this is the answer of that time."""

    status: int
    answer: dict[str, Any]
    is_repeated: bool = False


def once(*, user: User, key: str, fingerprint: str, do: Callable[[], tuple[int, dict[str, Any]]]) -> Outcome:
    """Do it, unless this user has had it done under the key within a day. Raises OtherRequest and whatever `do` does.

    Key and work are one transaction: requests that come at once wait for each other at the unique key, and where `do`
    raises, nothing was done and the key is as good as new.
    """
    with transaction.atomic():
        mine = IdempotentRequest.objects.filter(user=user, key=key)
        mine.filter(created_at__lt=timezone.now() - REMEMBERED_FOR).delete()
        try:
            with transaction.atomic():
                row = IdempotentRequest.objects.create(user=user, key=key, fingerprint=fingerprint)
        except IntegrityError:
            row = mine.get()
            if row.fingerprint != fingerprint:
                raise OtherRequest from None
            return Outcome(row.status, row.answer, is_repeated=True)
        row.status, row.answer = do()
        row.save(update_fields=["status", "answer"])
        return Outcome(row.status, row.answer)
