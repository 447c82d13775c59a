"""The only place that knows how a link keeps what it remembers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils import timezone

from integrations.domain.enums import Role
from integrations.domain.situation import Memory
from integrations.models import Person, PersonLink, SyncStep
from integrations.models.bulk import insert_absent, overwrite

MEMORY_COLUMNS = ["crm_memory", "outreach_memory", "step_memory", "set_back", "synced_at"]


def memory_of(link: PersonLink, step: SyncStep) -> Memory:
    """What the link remembers, seen from the step's side."""
    memories = {Role.CRM: link.crm_memory, Role.OUTREACH: link.outreach_memory}
    own = link.step_memory.get(str(step.pk), {})
    return Memory(
        source=memories[step.way.source],
        target=memories[step.way.target],
        settings=own.get("settings", ""),
        in_scope=own.get("in_scope", False),
        wanted=own.get("wanted", {}),
        set_back=link.set_back.get(step.way.target.value, {}),
    )


def remember(link: PersonLink, step: SyncStep, memory: Memory) -> None:
    """Put the memory on the link (not saved): what other steps know of other fields stays."""
    source, target = step.way.source, step.way.target
    for role, seen in ((source, memory.source), (target, memory.target)):
        column = "crm_memory" if role is Role.CRM else "outreach_memory"
        setattr(link, column, {**getattr(link, column), **seen})
    own = {"settings": memory.settings, "in_scope": memory.in_scope, "wanted": dict(memory.wanted)}
    link.step_memory = {**link.step_memory, str(step.pk): own}
    link.set_back = {**link.set_back, target.value: dict(memory.set_back)}
    link.synced_at = timezone.now()


def save_memories(links: Iterable[PersonLink]) -> None:
    """Store what `remember` put on the links."""
    overwrite(PersonLink, links, MEMORY_COLUMNS)


def side_of(link: PersonLink, role: Role) -> Person:
    """The link's person on that side."""
    return link.crm_person if role is Role.CRM else link.outreach_person


def link_pairs(step: SyncStep, pairs: Sequence[tuple[int, int]]) -> dict[int, PersonLink]:
    """Link (source row, target row) pairs; answers the links by source row.

    A pair whose source or target is linked to somebody else already gets no link and is not in the answer.
    """
    source, target = step.way.source.value, step.way.target.value
    insert_absent(
        PersonLink,
        (
            PersonLink(
                **{"connection_id": step.connection_id, f"{source}_person_id": left, f"{target}_person_id": right}
            )
            for left, right in pairs
        ),
    )
    wanted = dict(pairs)
    links = PersonLink.objects.filter(**{"connection_id": step.connection_id, f"{source}_person__in": list(wanted)})
    return {
        link.person_id(step.way.source): link
        for link in links
        if wanted[link.person_id(step.way.source)] == link.person_id(step.way.target)
    }
