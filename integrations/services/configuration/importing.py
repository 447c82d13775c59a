"""Making the configuration what a file says, or showing what that would change: the same, taken back at the end."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.domain.enums import Direction, Role, UnmappedOwners
from integrations.models import Account, Connection, SyncStep
from integrations.models.history import noting
from integrations.services.changes import ChangeLine, bookmark, changes_since
from integrations.services.connections import set_enabled
from integrations.services.rows import replace_rows
from integrations.services.step_warnings import step_warnings

from .document import Entry, read_document
from .exporting import VERSION
from .problems import ConfigurationRefused
from .references import Directory, account_finder
from .rows import KEY_COLUMNS, SECTIONS, read_rows, words_of

MOST_WARNINGS = 50
_AT_THE_END = 32_000
"""The place of a new step until all are put in order."""


@dataclass(slots=True)
class Difference:
    """What an import changed or would change. `warnings` tell what is allowed and probably not meant."""

    lines: list[ChangeLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Changes when what would be done does: for noticing a change between showing and confirming."""
        return blake2b(repr(self.lines).encode(), digest_size=12).hexdigest()


class ChangedMeanwhile(Exception):  # noqa: N818 -- says what happened
    """What would be done is not what was confirmed."""


def import_configuration(
    data: bytes, *, apply: bool, by: User | None, name: str = "a file", confirmed: str | None = None
) -> Difference:
    """Read a YAML file and make the configuration what it says, in one transaction with history.

    Without `apply` nothing stays changed, and the difference says what would be. With `confirmed`, the fingerprint of
    a difference that was shown, it must still be the same. Connections and steps that the file does not name stay as
    they are, and so do settings and sections that it leaves out.

    Raises ConfigurationRefused with all mistakes, and ChangedMeanwhile; then nothing was changed.
    """
    top = read_document(data)
    with transaction.atomic(), noting(f"Imported from {name}.", by):
        # Nobody saves a step in between.
        list(SyncStep.objects.select_for_update().order_by("pk"))
        mark = bookmark()
        importer = _Importer(top, by)
        importer.run()
        difference = Difference(changes_since(mark), importer.warnings[:MOST_WARNINGS])
        if apply and confirmed is not None and difference.fingerprint != confirmed:
            raise ChangedMeanwhile
        if not apply:
            transaction.set_rollback(True)
    return difference


class _Importer:
    """One reading of a file. What is wrong is gathered first, so some of the file may be stored before it is refused;
    the caller's transaction takes that back."""

    def __init__(self, top: Entry, by: User | None) -> None:
        self.top = top
        self.by = by
        self.warnings: list[str] = []
        self._directories: dict[int, Directory] = {}
        self._accounts = {role: account_finder(role) for role in Role}

    def run(self) -> None:
        """Raises ConfigurationRefused."""
        given = self.top.entries(["version", "connections"]) or {}
        if "version" in given and given["version"].integer() not in (VERSION, None):
            given["version"].refuse(f"This version is not known; {VERSION} is.")
            self._stop()
        seen: set[tuple[int, int]] = set()
        for entry in (given["connections"].items() or []) if "connections" in given else []:
            self._connection(entry, seen)
        self._stop()

    def _stop(self) -> None:
        if self.top.problems:
            raise ConfigurationRefused(self.top.problems)

    def _connection(self, entry: Entry, seen: set[tuple[int, int]]) -> None:
        given = entry.entries(["crm_account", "outreach_account"], ["name", "enabled", *Connection.NUMBERS, "steps"])
        if given is None or not {"crm_account", "outreach_account"} <= given.keys():
            return
        crm = self._accounts[Role.CRM].find(given["crm_account"])
        outreach = self._accounts[Role.OUTREACH].find(given["outreach_account"])
        if crm is None or outreach is None:
            return
        if (crm.pk, outreach.pk) in seen:
            entry.refuse("The file has a connection of these two accounts already.")
            return
        seen.add((crm.pk, outreach.pk))
        connection = Connection.objects.filter(crm_account=crm, outreach_account=outreach).first()
        if connection is None:
            connection = Connection(
                crm_account=crm, outreach_account=outreach, name=f"{outreach.name} and {crm.name}"[:120]
            )
        if not self._settle(connection, given):
            return
        connection.save()
        if "steps" in given:
            self._steps(connection, given["steps"])
        if "enabled" in given:
            self._switch(connection, given["enabled"])

    def _settle(self, connection: Connection, given: dict[str, Entry]) -> bool:
        """Set the connection's own values; whether all were good."""
        values: dict[str, Any] = {name: given[name].integer() for name in Connection.NUMBERS if name in given}
        if "name" in given:
            values["name"] = given["name"].text()
        return None not in values.values() and _set(connection, values, given)

    def _switch(self, connection: Connection, entry: Entry) -> None:
        enabled = entry.boolean()
        if enabled is None or self.top.problems:
            return
        try:
            set_enabled(connection=connection, enabled=enabled, by=self.by)
        except ValidationError as error:
            entry.refuse(error.messages[0])

    def _steps(self, connection: Connection, entry: Entry) -> None:
        """Steps are known by direction and name; of several alike, the first is the first."""
        stored: dict[tuple[str, str], list[SyncStep]] = {}
        for step in connection.steps.select_related("fallback_member"):
            step.connection = connection
            stored.setdefault((step.direction, step.name), []).append(step)
        named: list[SyncStep] = []
        for item in entry.items() or []:
            optional = ["name", "enabled", "on_conflict", "recreate_deleted", "filter_join", "unmapped_owners"]
            given = item.entries(["direction"], [*optional, "fallback_member", *SECTIONS])
            if given is None or "direction" not in given:
                continue
            direction = given["direction"].choice(list(Direction))
            name = given["name"].text(120) if "name" in given else ""
            if direction is None or name is None:
                continue
            alike = stored.get((direction, name), [])
            step = alike.pop(0) if alike else SyncStep(connection=connection, direction=direction, name=name)
            if self._step(step, item, given):
                named.append(step)
        if not self.top.problems:
            _put_in_order(named, [step for alike in stored.values() for step in alike])

    def _step(self, step: SyncStep, entry: Entry, given: dict[str, Entry]) -> bool:
        source, target = self._directory(step.source_account), self._directory(step.target_account)
        values = _step_values(given, target)
        step.position = step.position if step.pk else _AT_THE_END
        if values is None or not _set(step, values, given):
            return False
        if (step.unmapped_owners == UnmappedOwners.FALLBACK) != (step.fallback_member is not None):
            entry.refuse("“fallback_member” goes with “unmapped_owners: fallback”, and only with that.")
            return False
        step.save()
        for section in SECTIONS:
            if section in given:
                self._rows(step, section, given[section], source, target)
        if not self.top.problems:
            self.warnings += [f"{step}: {warning.text}" for warning in step_warnings(step)]
        return True

    def _rows(self, step: SyncStep, section: str, entry: Entry, source: Directory, target: Directory) -> None:
        lines = read_rows(section, entry, source, target)
        if section == "sequences" and lines and step.way is not Direction.TO_OUTREACH:
            entry.refuse("Only steps of the direction “to_outreach” put people into sequences.")
        if self.top.problems:
            return
        model = SECTIONS[section][0]
        column = KEY_COLUMNS.get(model)
        places = count(1)
        key: Callable[[Any], Hashable] = (lambda row: getattr(row, column)) if column else (lambda row: next(places))
        replace_rows(step, model, key, lines)

    def _directory(self, account: Account) -> Directory:
        if account.pk not in self._directories:
            self._directories[account.pk] = Directory(account)
        return self._directories[account.pk]


def _step_values(given: dict[str, Entry], target: Directory) -> dict[str, Any] | None:
    """A step's own values that the file names; None when one of them is wrong."""
    values: dict[str, Any] = {}
    for name in ("on_conflict", "filter_join", "unmapped_owners"):
        if name in given:
            values[name] = given[name].choice(words_of(SyncStep, name))
    for name in ("enabled", "recreate_deleted"):
        if name in given:
            values[name] = given[name].boolean()
    if "fallback_member" in given and not given["fallback_member"].is_null:
        values["fallback_member"] = target.members.find(given["fallback_member"])
    if None in values.values():
        return None
    if "unmapped_owners" in given or "fallback_member" in given:
        values.setdefault("fallback_member", None)
    return values


def _set(thing: Connection | SyncStep, values: dict[str, Any], given: dict[str, Entry]) -> bool:
    """Set values after the model's own checks; whether all were good."""
    good = True
    for name, value in values.items():
        field: Any = thing._meta.get_field(name)
        if not field.is_relation:
            try:
                field.clean(value, thing)
            except ValidationError as error:
                given[name].refuse(" ".join(error.messages))
                good = False
        setattr(thing, name, value)
    return good


def _put_in_order(named: list[SyncStep], others: list[SyncStep]) -> None:
    """Steps of the file stand in its order, before those that it does not name. Nothing moves that stands right."""
    wanted = [*named, *sorted(others, key=lambda step: (step.position, step.pk))]
    if wanted != sorted(wanted, key=lambda step: (step.position, step.pk)) or any(
        step.position == _AT_THE_END for step in named
    ):
        for position, step in enumerate(wanted, start=1):
            if step.position != position:
                step.position = position
                step.save(update_fields=["position"])
