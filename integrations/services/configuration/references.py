"""Things that a file refers to: found by id first, then by e-mail address or name, among what an account has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from django.db.models import Model

from integrations.connectors import registry
from integrations.domain.enums import Role
from integrations.models import Account, AccountField, Member, SavedFilter, Sequence, SequenceStep

from .document import Entry

T = TypeVar("T", bound=Model)
_Key = Callable[[Any], str]


class Finder(Generic[T]):
    """Finds things of one kind. `keys` gives for each key of the file how a thing is known by it, the surest first."""

    def __init__(self, kind: str, where: str, things: Iterable[T], keys: dict[str, _Key]) -> None:
        self._kind, self._where, self._keys = kind, where, keys
        self._by: dict[str, dict[str, list[T]]] = {key: {} for key in keys}
        for thing in things:
            for key, read in keys.items():
                value = read(thing).casefold()
                if value:
                    self._by[key].setdefault(value, []).append(thing)

    def find(self, entry: Entry) -> T | None:
        """The thing; None when there is none, or it is not clear which, which is noted."""
        given = entry.entries([], self._keys)
        if given is None:
            return None
        texts = {key: given[key].text(is_stored=False) for key in self._keys if key in given and not given[key].is_null}
        if None in texts.values():
            return None
        wanted = {key: str(text) for key, text in texts.items() if text}
        if not wanted:
            entry.refuse(f"Say which {self._kind} by {' or '.join(self._keys)}.")
            return None
        return self._search(entry, wanted)

    def _search(self, entry: Entry, wanted: dict[str, str]) -> T | None:
        said = ", ".join(f"{key} {text!r}" for key, text in wanted.items())
        for key in self._keys:
            if key not in wanted:
                continue
            found = self._by[key].get(wanted[key].casefold(), [])
            if len(found) > 1:
                entry.refuse(f"{self._where} has {len(found)} of this {key}; say which {self._kind} by its id.")
                return None
            if found and self._contradicts(found[0], wanted):
                entry.refuse(
                    f"{self._where} has one {self._kind} with this id and another with this e-mail address. Leave the "
                    "wrong one of the two out."
                )
                return None
            if found:
                return found[0]
        entry.refuse(f"{self._where} has no {self._kind} with {said}.")
        return None

    def _contradicts(self, thing: T, wanted: dict[str, str]) -> bool:
        """Whether the id, which may be another installation's, is somebody else's than the address."""
        others = self._by.get("email", {}).get(wanted.get("email", "").casefold(), [])
        return bool(others) and thing not in others


def account_finder(role: Role) -> Finder[Account]:
    """The accounts that can stand on that side, by "product id user"."""
    label = "This installation"
    return Finder(
        "connected account",
        label,
        Account.objects.filter(role=role),
        {
            "id": lambda account: f"{account.product} {account.external_id} {account.user_external_id}",
            "name": lambda account: account.name,
        },
    )


class Directory:
    """All that rows can refer to in one account, read once."""

    def __init__(self, account: Account) -> None:
        self.label = registry.connector(account.product).spec.label
        where = account.name
        by_id: _Key = lambda thing: thing.external_id  # noqa: E731
        by_name: _Key = lambda thing: thing.name  # noqa: E731
        self.members: Finder[Member] = Finder(
            "member",
            where,
            Member.objects.filter(account=account),
            {"id": by_id, "email": lambda member: member.email, "name": by_name},
        )
        self.fields: Finder[AccountField] = Finder(
            "field",
            where,
            AccountField.objects.filter(account=account),
            {"id": lambda field: field.key, "name": lambda field: field.label},
        )
        self.saved_filters: Finder[SavedFilter] = Finder(
            "list", where, SavedFilter.objects.filter(account=account), {"id": by_id, "name": by_name}
        )
        self.sequences: Finder[Sequence] = Finder(
            "sequence", where, Sequence.objects.filter(account=account), {"id": by_id, "name": by_name}
        )

    def step_of(self, sequence: Sequence) -> Finder[SequenceStep]:
        """The steps of one sequence."""
        return Finder(
            "step",
            f"“{sequence.name}”",
            sequence.steps.all(),
            {"id": lambda step: step.external_id, "number": lambda step: step.number},
        )
