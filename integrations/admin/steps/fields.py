"""Form fields that choose from an offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from .offers import Offer


class OfferSelect(forms.Select):
    """A select that holds only its chosen option; the page's script fills in the offer, once for all rows."""

    offer: Offer[Any] | None = None

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        """The empty option and the chosen one."""
        chosen: Iterable[tuple[str, str]] = []
        if self.offer is not None:
            chosen = [(one, self.offer.label(one)) for one in value if one]
        self.choices = [("", ""), *((one, label or "no longer there") for one, label in chosen)]
        return super().optgroups(name, value, attrs)


class OfferField(forms.Field):
    """A thing from an offer, given by its value. The form sets the offer with `choose_from`."""

    widget = OfferSelect

    def __init__(self, *, placeholder: str, **kwargs: Any) -> None:
        super().__init__(error_messages={"required": f"{placeholder}."}, **kwargs)
        self.placeholder = placeholder
        self.offer: Offer[Any] | None = None

    def choose_from(self, offer: Offer[Any], **attrs: str) -> None:
        """Offer these things from now on."""
        self.offer = self.widget.offer = offer
        self.widget.attrs |= {"data-offer": offer.name, "data-placeholder": self.placeholder, **attrs}

    def to_python(self, value: Any) -> Any:
        """The thing itself."""
        if value in self.empty_values:
            return None
        thing = self.offer.things.get(str(value)) if self.offer is not None else None
        if thing is None:
            raise ValidationError("This is no longer on offer. Choose again.")
        return thing

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared by value."""
        return str(initial or "") != str(data or "")
