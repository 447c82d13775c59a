"""The sections of a step's page, put together from Django's fieldsets and inlines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from integrations.services.step_warnings import Section, StepWarning

from .offers import StepOffers

SETTINGS, CONFLICTS = "settings", "conflicts"


@dataclass(slots=True)
class PageSection:
    """One folding part of the page. `before` and `after` are fieldsets around the rows."""

    key: str
    title: str
    intro: str = ""
    empty: str = ""
    heads: tuple[str, ...] = ()
    rows: Any = None
    before: list[Any] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_open: bool = True
    summary: str = ""
    live: str = ""


def page_sections(
    offers: StepOffers, fieldsets: list[Any], inlines: list[Any], warnings: list[StepWarning]
) -> list[PageSection]:
    """All sections in their order, with each warning at its row or its section."""
    by_key = {fieldset.name: fieldset for fieldset in fieldsets}
    rows = {inline.opts.section: inline for inline in inlines}
    sections = [
        *_row_sections(offers, by_key, rows),
        PageSection(CONFLICTS, "Conflicts and deletions", after=[by_key[CONFLICTS]]),
        PageSection(SETTINGS, "This step", after=[by_key[SETTINGS]]),
    ]
    for section in sections:
        _place_warnings(section, [warning for warning in warnings if warning.section == section.key])
    return sections


def _row_sections(offers: StepOffers, fieldsets: dict[str, Any], rows: dict[str, Any]) -> list[PageSection]:
    source, target = offers.source_label, offers.target_label
    sections = [
        PageSection(
            Section.FIELDS,
            "Fields mapping",
            f"Which {source} field goes into which {target} field.",
            "No field is mapped: only owners are synced, and nobody new can be created.",
            (f"{source} field", f"{target} field", "Overwrite", "When the source is blank"),
            rows[Section.FIELDS],
        ),
        PageSection(
            Section.FILTERS,
            "Filtering rules",
            f"Sync only some of the people in {source}. Rules with the same letter form a group.",
            f"No rule: everybody in {source} passes.",
            ("Look at", "Operator", "Value", "Group"),
            rows[Section.FILTERS],
            before=[fieldsets[Section.FILTERS]],
            live="admin/integrations/syncstep/live_filters.html",
        ),
        PageSection(
            Section.OWNERS,
            "Ownership mappings",
            f"People of the {source} owner on the left get the {target} owner on the right, whether they are new or "
            "not. Each member can be on the left side once, and on the right side any number of times.",
            "No owner is mapped.",
            (f"{source} owner", f"{target} owner"),
            rows[Section.OWNERS],
            after=[fieldsets[Section.OWNERS]],
            live="admin/integrations/syncstep/live_owners.html",
        ),
    ]
    if Section.SEQUENCES in rows:
        sections.append(
            PageSection(
                Section.SEQUENCES,
                "People to sequence",
                f"Synced people of the {target} owner are added to the sequence, at the step.",
                "Nobody is added to a sequence.",
                (f"{target} owner", "Sequence", "Step", "Options", ""),
                rows[Section.SEQUENCES],
            )
        )
    return sections


def _place_warnings(section: PageSection, warnings: list[StepWarning]) -> None:
    forms = section.rows.formset.forms if section.rows else []
    for form in forms:
        form.warnings = [warning.text for warning in warnings if warning.row_id and warning.row_id == form.instance.pk]
    section.warnings = [warning.text for warning in warnings if warning.row_id is None]
    count = sum(1 for form in forms if form.instance.pk)
    has_errors = bool(section.rows and section.rows.formset.is_bound and not section.rows.formset.is_valid())
    section.is_open = bool(count) or has_errors or section.key in (Section.OWNERS, Section.FIELDS)
    if section.rows:
        section.summary = f"{count} {'row' if count == 1 else 'rows'}" if count else "none"
