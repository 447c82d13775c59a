"""Rows of a step as a wanted state: saving makes the stored rows equal to it, in an order no constraint minds."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.db.models import Model

from integrations.services.rows import replace_rows
from integrations.services.step_checks import UNIQUE, Trouble, check_repeated
from integrations.services.step_warnings import Section

from .offers import StepOffers

R = TypeVar("R", bound=Model)


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """One row. Offers replace the model's own look-ups, so a row costs no query; the formset sees to uniqueness."""

    columns: ClassVar[tuple[str, ...]] = ()
    """The model's attributes that make up the row."""

    def __init__(self, *args: Any, offers: StepOffers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers = offers
        self.empty_permitted = self.empty_permitted and not self.instance.pk
        self.offer()
        for field in self.fields.values():
            # What the column is called where rows are cards and columns have no heads.
            field.head = field.widget.attrs.get("aria-label", "")  # type: ignore[attr-defined]

    def offer(self) -> None:
        """Give the selects their offers."""
        raise NotImplementedError

    def row_values(self) -> dict[str, Any]:
        """The row's attributes as typed."""
        return {column: getattr(self.instance, column) for column in self.columns}

    def is_new(self, name: str) -> bool:
        """Whether a column's thing is another one than the stored row has."""
        return name in self.changed_data

    def refuse(self, troubles: Iterable[Trouble]) -> None:
        """Put each trouble beside its column."""
        for trouble in troubles:
            self.add_error(trouble.column, trouble.text)

    def _get_validation_exclusions(self) -> set[str]:
        return {field.name for field in self._meta.model._meta.fields}

    def validate_unique(self) -> None:
        """The formset's task."""

    def validate_constraints(self) -> None:
        """The choices are checked by the fields, uniqueness by the formset; the database has the last word."""


class _KeyField(forms.IntegerField):
    """A row's number. Django asks for it in rows that it takes for stored ones; here none is ever needed."""

    widget = forms.HiddenInput

    def validate(self, value: Any) -> None:
        """Whatever was sent is as good as nothing."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """A key is not part of what people change."""
        return False


def _place(form: Any) -> int:
    place = str(form["place"].value())
    return int(place) if place.isdecimal() else sys.maxsize


class RowsFormSet(forms.BaseInlineFormSet, Generic[R]):  # type: ignore[type-arg]
    """The rows of one section."""

    section: ClassVar[Section]

    new_objects: list[R]
    changed_objects: list[tuple[R, list[str]]]
    deleted_objects: list[R]

    def add_fields(self, form: Any, index: int | None) -> None:
        """The key is only a number here: a row that was deleted meanwhile is simply a new one."""
        super().add_fields(form, index)
        form.fields["id"] = _KeyField(initial=form.instance.pk)
        form.fields[self.fk.name].widget = forms.HiddenInput()
        form.fields["place"] = _KeyField(required=False, initial=None if index is None else index + 1)

    @property
    def rows(self) -> list[Any]:
        """The forms in the order in which the page had them: rows can be moved, and keep their names."""
        return sorted(self.forms, key=_place)

    def live_forms(self) -> Iterator[tuple[int, Any]]:
        """The rows that are meant to be there, with their numbers as people count them."""
        number = 0
        for form in self.rows:
            is_row = form.instance.pk is not None or form.has_changed()
            is_doomed = self.can_delete and self._should_delete_form(form)  # type: ignore[attr-defined]
            if is_row and not is_doomed:
                number += 1
                yield number, form

    def clean(self) -> None:
        """Refuse two rows with the same unique field, naming it and both rows, beside each of them."""
        if self.section not in UNIQUE:
            return
        forms = [form for _, form in self.live_forms()]
        things = [getattr(form, "cleaned_data", {}).get(UNIQUE[self.section]) for form in forms]
        for index, trouble in check_repeated(self.section, things):
            forms[index].add_error(trouble.column, trouble.text)

    def save(self, commit: bool = True) -> list[R]:
        """Make the stored rows equal to the form's. Rows go by their unique field, so two may trade it."""
        model: Any = self.model
        wanted = [(self._key(form.instance), form.row_values()) for _, form in self.live_forms()]
        done = replace_rows(self.instance, model, self._key, wanted)
        self.new_objects, self.changed_objects, self.deleted_objects = done.new, done.changed, done.deleted
        return [*self.new_objects, *(row for row, _ in self.changed_objects)]

    def _key(self, row: Any) -> Any:
        column = UNIQUE.get(self.section)
        return getattr(row, f"{column}_id") if column else row.pk or object()
