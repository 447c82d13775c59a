"""The fields that every Reply contact has, by their names in Reply's API, which are the keys of the catalogue.

Source: the contact schemas of https://docs.reply.io/api-reference/bundled.yaml. A field that Reply sets itself is a
source only. `phone2` can be written but is never shown, so it is not offered.
"""

from __future__ import annotations

from integrations.domain.catalogue import Field, Option
from integrations.domain.enums import FieldKind

CUSTOM_PREFIX = "cf:"
"""Before the id of a custom field in its key."""

SIZE = "companySize"
NO_SIZE = "Empty"
"""What Reply calls a company size that is not known, in answers and to clear it."""

COMPANY_SIZES = (
    Option("SelfEmployed", "Self-employed"),
    Option("Ten", "1-10"),
    Option("Fifty", "11-50"),
    Option("TwoHundred", "51-200"),
    Option("FiveHundred", "201-500"),
    Option("OneThousand", "501-1,000"),
    Option("FiveThousand", "1,001-5,000"),
    Option("TenThousand", "5,001-10,000"),
    Option("OverTenThousand", "More than 10,000"),
)
PHONE_STATUSES = (
    Option("pending", "Pending"),
    Option("invalid", "Invalid"),
    Option("valid", "Valid"),
    Option("validationFailed", "Validation failed"),
    Option("notValidated", "Not validated"),
)
CALL_STATUSES = (Option("none", "None"), Option("toCall", "To call"), Option("called", "Called"))
MEETING_STATUSES = (Option("none", "None"), Option("meetingBooked", "Meeting booked"))


def _text(key: str, label: str) -> Field:
    return Field(key, label, FieldKind.TEXT)


def _shown(key: str, label: str, kind: FieldKind = FieldKind.OPTION, options: tuple[Option, ...] = ()) -> Field:
    return Field(key, label, kind, writable=False, options=options)


STANDARD = (
    Field("email", "E-mail", FieldKind.EMAIL, identity=True, required=True),
    Field("firstName", "First name", FieldKind.TEXT, required=True),
    _text("lastName", "Last name"),
    Field("phone", "Phone", FieldKind.PHONE),
    _text("title", "Job title"),
    _text("company", "Company"),
    Field(SIZE, "Company size", FieldKind.OPTION, options=COMPANY_SIZES),
    _text("industry", "Industry"),
    _text("city", "City"),
    _text("state", "State"),
    _text("country", "Country"),
    _text("timeZoneId", "Time zone"),
    _text("linkedInUrl", "LinkedIn"),
    _text("linkedInSalesNavigatorUrl", "LinkedIn Sales Navigator"),
    _text("linkedInRecruiterUrl", "LinkedIn Recruiter"),
    _text("notes", "Notes"),
    _shown("domain", "Domain", FieldKind.TEXT),
    _shown("phoneStatus", "Phone status", options=PHONE_STATUSES),
    _shown("callStatus", "Call status", options=CALL_STATUSES),
    _shown("meetingStatus", "Meeting status", options=MEETING_STATUSES),
    _shown("accountId", "Account id", FieldKind.TEXT),
    _shown("addingDate", "Added on", FieldKind.DATE),
)

CARRIED = ("callStatus", "meetingStatus", "accountId")
"""Not offered for writing, but part of a whole record: Reply may blank what an overwriting import leaves out."""
