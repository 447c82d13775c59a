"""The forms of a step's page: the step itself, and one kind of row for each section."""

from __future__ import annotations

from typing import Any

from django import forms

from integrations.admin import unsent
from integrations.domain.enums import UnmappedOwners
from integrations.models import FieldMapping, FilterCondition, OwnerMapping, SequenceMapping, SyncStep
from integrations.services.step_checks import (
    NO_VALUE,
    check_fallback,
    check_field_mapping,
    check_filter_condition,
    check_owner_mapping,
    check_sequence_mapping,
)
from integrations.services.step_warnings import Section
from integrations.services.steps import last_change, step_version

from .fields import OfferField
from .formsets import RowForm, RowsFormSet
from .offers import StepOffers


class StepForm(forms.ModelForm):  # type: ignore[type-arg]
    """The step's own settings. `version` tells a page that was opened before somebody else saved."""

    fallback_member = OfferField(placeholder="Choose a member", required=False, label="Member for unmapped owners")
    version = forms.CharField(widget=forms.HiddenInput, required=False)

    offers: StepOffers
    is_unsent = False

    class Meta:
        model = SyncStep
        fields = SyncStep.SETTINGS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "fallback_member" in self.fields:  # absent when the page is only looked at
            field: Any = self.fields["fallback_member"]
            field.choose_from(self.offers.target_members)
            self.fields["version"].initial = step_version(self.instance)

    def clean(self) -> dict[str, Any]:
        """Check the fallback member, and that nobody else saved meanwhile."""
        data = super().clean() or {}
        policy, member = data.get("unmapped_owners", ""), data.get("fallback_member")
        if "fallback_member" not in self.errors:
            for trouble in check_fallback(policy, member, lambda name: name in self.changed_data):
                self.add_error(trouble.column, trouble.text)
        if policy != UnmappedOwners.FALLBACK:
            data["fallback_member"] = None
        if self.is_unsent:
            self.add_error(None, unsent.SHOWN)
        self._refuse_stale()
        return data

    def _refuse_stale(self) -> None:
        current = step_version(self.instance)
        if self.data.get("version") == current:
            return
        typed: Any = self.data
        self.data = typed = typed.copy()
        typed["version"] = current
        self.add_error(
            None,
            f"This step was changed meanwhile{last_change(self.instance)}. Nothing has been saved. You see what you "
            "typed: save again to put it in place of the other change, or open the step anew to see that first.",
        )


class FieldMappingForm(RowForm):
    """Source field → target field."""

    source_field = OfferField(placeholder="Choose a field")
    target_field = OfferField(placeholder="Choose a field")
    columns = ("source_field_id", "target_field_id", "mode", "when_blank")

    class Meta:
        model = FieldMapping
        fields = ["source_field", "target_field", "mode", "when_blank"]

    def offer(self) -> None:
        """Fields of the two accounts."""
        source, target = self.fields["source_field"], self.fields["target_field"]
        assert isinstance(source, OfferField)
        assert isinstance(target, OfferField)
        source.choose_from(self.offers.source_fields, **{"aria-label": f"{self.offers.source_label} field"})
        target.choose_from(
            self.offers.target_fields, **{"aria-label": f"{self.offers.target_label} field", "data-once": "fields"}
        )
        self.fields["mode"].widget.attrs["aria-label"] = "Overwrite"
        self.fields["when_blank"].widget.attrs["aria-label"] = "When the source is blank"

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be converted, before any person meets it."""
        data = super().clean() or {}
        self.refuse(check_field_mapping(data.get("source_field"), data.get("target_field"), self.is_new))
        return data


class OwnerMappingForm(RowForm):
    """Left member → right member."""

    source_member = OfferField(placeholder="Choose a member")
    target_member = OfferField(placeholder="Choose a member")
    columns = ("source_member_id", "target_member_id")

    class Meta:
        model = OwnerMapping
        fields = ["source_member", "target_member"]

    def offer(self) -> None:
        """Members of the two accounts."""
        source, target = self.fields["source_member"], self.fields["target_member"]
        assert isinstance(source, OfferField)
        assert isinstance(target, OfferField)
        source.choose_from(
            self.offers.source_members, **{"aria-label": f"{self.offers.source_label} owner", "data-once": "owners"}
        )
        target.choose_from(self.offers.target_members, **{"aria-label": f"{self.offers.target_label} owner"})

    def clean(self) -> dict[str, Any]:
        """A member who has left cannot be given people; a pair that was there before stays."""
        data = super().clean() or {}
        self.refuse(check_owner_mapping(data.get("source_member"), data.get("target_member"), self.is_new))
        return data


class SequenceMappingForm(RowForm):
    """Owner → sequence → step of it."""

    owner = OfferField(placeholder="Choose a member")
    sequence = OfferField(placeholder="Choose a sequence")
    sequence_step = OfferField(placeholder="Choose a step", label="step")
    columns = ("owner_id", "sequence_id", "sequence_step_id", "ignore_step_delay", "only_for_new")

    class Meta:
        model = SequenceMapping
        fields = ["owner", "sequence", "sequence_step", "ignore_step_delay", "only_for_new"]

    def offer(self) -> None:
        """Members, sequences and steps of the outreach account."""
        owner, sequence, step = (self.fields[name] for name in ("owner", "sequence", "sequence_step"))
        assert isinstance(owner, OfferField)
        assert isinstance(sequence, OfferField)
        assert isinstance(step, OfferField)
        label = self.offers.target_label
        owner.choose_from(
            self.offers.target_members, **{"aria-label": f"{label} owner", "data-once": "sequence-owners"}
        )
        sequence.choose_from(self.offers.sequences, **{"aria-label": "Sequence"})
        step.choose_from(self.offers.sequence_steps, **{"aria-label": "Step of the sequence", "data-child": "sequence"})

    def clean(self) -> dict[str, Any]:
        """The step must be one of the sequence, and the sequence must take people."""
        data = super().clean() or {}
        owner, sequence, step = data.get("owner"), data.get("sequence"), data.get("sequence_step")
        self.refuse(check_sequence_mapping(owner, sequence, step, self.is_new))
        return data


class FilterConditionForm(RowForm):
    """A filtering rule. `about` chooses a field, the owner or a list at once."""

    about = OfferField(placeholder="Choose a field, the owner or a list")
    value = forms.CharField(required=False, max_length=255)
    columns = ("group", "subject", "field_id", "member_id", "saved_filter_id", "operator", "value")

    class Meta:
        model = FilterCondition
        fields = ["group", "operator", "value"]
        widgets = {"group": forms.Select(attrs={"aria-label": "Group", "title": "Group"})}

    field_order = ["about", "operator", "value", "group"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule: FilterCondition = self.instance
        if rule.pk:
            key = {"field": f"field-{rule.field_id}", "saved_filter": f"list-{rule.saved_filter_id}"}
            self.initial["about"] = key.get(rule.subject, "owner")
            if rule.member_id:
                self.initial["value"] = str(rule.member_id)

    def offer(self) -> None:
        """The source account's fields, its owners, its lists."""
        about = self.fields["about"]
        assert isinstance(about, OfferField)
        about.choose_from(self.offers.subjects, **{"aria-label": "What the rule looks at"})
        self.fields["operator"].widget.attrs["aria-label"] = "Operator"
        self.fields["value"].widget.attrs |= {"aria-label": "Value", "data-value": ""}

    def clean(self) -> dict[str, Any]:
        """Check that the operator and the value fit what the rule looks at."""
        data = super().clean() or {}
        about, operator = data.get("about"), data.get("operator")
        if about is None or not operator:
            return data
        rule: FilterCondition = self.instance
        subject, thing = about
        rule.subject, rule.field, rule.saved_filter, rule.member = subject, None, None, None
        rule.operator = operator
        value = "" if operator in NO_VALUE else data.get("value", "").strip()
        if subject == "owner":
            rule.member = self.offers.source_members.things.get(value) if value else None
            if value and rule.member is None:
                self.add_error("value", "This member is no longer on offer. Choose again.")
            value = ""
        elif subject == "field":
            rule.field = thing
        else:
            rule.saved_filter = thing
        data["value"] = rule.value = value
        if not self.errors:
            self.refuse(check_filter_condition(rule))
        self.refuse_new_subject(thing)
        return data

    def refuse_new_subject(self, thing: Any) -> None:
        """A field or list that is gone cannot be chosen anew."""
        if thing is not None and not thing.is_present and "about" in self.changed_data:
            self.add_error("about", f"“{thing}” no longer exists.")


class FieldMappingRows(RowsFormSet[FieldMapping]):
    """Fields mapping."""

    section = Section.FIELDS


class OwnerMappingRows(RowsFormSet[OwnerMapping]):
    """Ownership mappings."""

    section = Section.OWNERS


class SequenceMappingRows(RowsFormSet[SequenceMapping]):
    """People to sequence."""

    section = Section.SEQUENCES


class FilterConditionRows(RowsFormSet[FilterCondition]):
    """Filtering rules, in any number."""

    section = Section.FILTERS
