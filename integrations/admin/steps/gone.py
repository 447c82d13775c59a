"""What was typed into the page of a step that somebody deleted meanwhile, in words: there is nowhere to save it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ObjectDoesNotExist

from integrations.models import SyncStep

from .fields import OfferField
from .offers import StepOffers

Typed = list[tuple[str, list[str]]]
"""The headings of the page, and the lines below each."""


def last_known(pk: str) -> SyncStep | None:
    """A deleted step as its history has it; None when its connection went too, and with it what the form offers."""
    if not pk.isdecimal():
        return None
    record: Any = SyncStep.history.filter(id=int(pk)).first()
    if record is None:
        return None
    step: SyncStep = record.instance
    try:
        _ = step.connection
    except ObjectDoesNotExist:
        return None
    return step


def typed(form: forms.BaseForm, formsets: list[Any], offers: StepOffers) -> Typed:
    """Every row that was sent, unless it was to be removed."""
    told = [("Settings", [f"{bound.label}: {words}" for bound, words in _words(form, offers)])]
    for formset in formsets:
        formset.full_clean()  # only then it knows which rows were to be removed
        rows = [_line(row, offers) for _, row in formset.live_forms()]
        told.append((str(formset.model._meta.verbose_name_plural).capitalize(), rows))
    return [(heading, lines) for heading, lines in told if lines]


def _line(row: Any, offers: StepOffers) -> str:
    """What was chosen, in its order, and then the options by their names."""
    told = list(_words(row, offers))
    chosen = " → ".join(words for bound, words in told if isinstance(bound.field, OfferField))
    options = [f"{bound.label}: {words}" for bound, words in told if not isinstance(bound.field, OfferField)]
    return "; ".join([chosen, *options])


def _words(form: Any, offers: StepOffers) -> Iterator[tuple[Any, str]]:
    for bound in form.visible_fields():
        value = bound.value()
        if bound.name in ("DELETE", "place") or value in (None, ""):
            continue
        yield bound, _word(form, bound, value, offers)


def _word(form: Any, bound: Any, value: Any, offers: StepOffers) -> str:
    field = bound.field
    if isinstance(field, OfferField):
        return (field.offer.label(str(value)) if field.offer else "") or "something no longer on offer"
    if isinstance(field, forms.BooleanField):
        return "yes" if value else "no"
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
    is_owner = bound.name == "value" and "about" in form.fields and form["about"].value() == "owner"
    return (offers.source_members.label(str(value)) if is_owner else "") or str(value)
