"""What Reply keeps: plain records without behaviour. Ids are positive 32-bit integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from integrations.sandbox.core import Json

KeyKind = Literal["personal", "team", "organization"]
LinkStatus = Literal["active", "paused", "finished", "inactive", "outOfOffice"]

TEXT_FIELDS = (
    "email", "firstName", "lastName", "phone", "phone2", "title", "company", "companySize", "industry", "city",
    "state", "country", "timeZoneId", "linkedInUrl", "linkedInSalesNavigatorUrl", "linkedInRecruiterUrl", "notes",
)  # fmt: skip
COMPANY_SIZES = (
    "Empty", "SelfEmployed", "Ten", "Fifty", "TwoHundred", "FiveHundred", "OneThousand", "FiveThousand",
    "TenThousand", "OverTenThousand",
)  # fmt: skip
CALL_STATUSES = ("none", "toCall", "called")
MEETING_STATUSES = ("none", "meetingBooked")


@dataclass(slots=True)
class User:
    """A member of the workspace. `removed` users keep what they own but are no members any more."""

    id: int
    first_name: str
    last_name: str
    email: str
    is_owner: bool = False
    removed: bool = False

    @property
    def name(self) -> str:
        """The display name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(slots=True)
class ApiKey:
    """An API key. `user_id` made it; `scopes` are `domain:verb` with `*` as a wildcard on either side."""

    token: str
    kind: KeyKind
    user_id: int
    scopes: tuple[str, ...] = ("*:*",)
    revoked: bool = False


@dataclass(slots=True)
class Contact:
    """A contact. `texts` has the non-empty text fields by their wire names; `custom` values by field id."""

    id: int
    owner_user_id: int
    added_at: datetime
    changed_at: datetime
    texts: dict[str, str] = field(default_factory=dict)
    custom: dict[int, str] = field(default_factory=dict)
    account_id: int | None = None
    is_opted_out: bool = False
    call_status: str = "none"
    meeting_status: str = "none"

    @property
    def email(self) -> str:
        """The address in lower case, empty when there is none."""
        return self.texts.get("email", "").lower()


@dataclass(slots=True)
class CustomField:
    """A registered custom field."""

    id: int
    title: str
    field_type: str
    metadata: str | None = None
    org_wide: bool = False


@dataclass(slots=True)
class ContactList:
    """A list of contacts, in the order in which they were put in."""

    id: int
    name: str
    owner_user_id: int
    is_shared: bool
    contact_ids: dict[int, None] = field(default_factory=dict)


@dataclass(slots=True)
class Step:
    """One step of a sequence. `parent_id` is None for the first; `if_positive` names the side of a condition."""

    id: int
    parent_id: int | None
    type: str
    delay_in_minutes: int
    if_positive: bool | None = None
    execution_mode: str = "automatic"
    details: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Sequence:
    """A sequence with its steps in no particular order."""

    id: int
    name: str
    owner_user_id: int
    status: str
    created: datetime
    is_archived: bool = False
    health: str = "healthy"
    folder_id: str | None = None
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class ContactLink:
    """A contact's participation in a sequence. `step_id` is where it stands; `moves` counts jumps ahead."""

    contact_id: int
    sequence_id: int
    step_id: int
    ignore_step_delay: bool
    start_from: str | None
    added_at: datetime
    added_by: int
    status: LinkStatus = "active"
    moves: int = 0


@dataclass(slots=True)
class BlacklistRule:
    """A domain or an address that nobody may be contacted at."""

    id: int
    kind: Literal["domain", "email"]
    pattern: str
    is_global: bool = False


@dataclass(slots=True)
class Webhook:
    """A subscription to one event. `failures` are the logged attempts."""

    id: int
    owner_user_id: int
    event_type: str
    url: str
    scope: str
    enabled: bool
    created_at: datetime
    payload_config: dict[str, bool] = field(default_factory=dict)
    failures: list[dict[str, Json]] = field(default_factory=list)


@dataclass(slots=True)
class Activity:
    """One line of a contact's history."""

    id: int
    at: datetime
    kind: str
    user_id: int
    content: dict[str, Json] | None = None
