"""Which reading of Reply's documents the imitation follows, where the documents disagree or say nothing.

Every field names its readings; the text below each is what the sources say. The defaults are the readings that
Reply's own material supports best. Tests of whatever talks to Reply run under each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class ReplyOptions:
    """How this Reply behaves. Raises ValueError for a value that is none of the named readings."""

    edition: Literal["public", "private"] = "public"
    """Team Edition: "Public: contacts of different members may be in the same sequence; Private: members may add only
    their own contacts to their own sequences". In Private a member sees only what is theirs, the owner sees all."""

    limits: bool = True
    """Whether calls are counted against the two windows at all."""

    calls_per_minute: int = 100
    calls_per_hour: int = 3000
    """"100 req/min and 3,000 req/h per user"."""

    team_key_buckets: Literal["per_key", "per_acting_user"] = "per_key"
    """"Whether acting for different users with a Team key gives separate buckets: UNCONFIRMED (docs say "per user")".
    Organization keys follow the same reading."""

    unauthorized_body: Literal["problem", "empty"] = "problem"
    """"401: docs say empty body + WWW-Authenticate; a live probe got a normal problem+json body"."""

    team_users: Literal["ok", "all_teams", "organization_required", "forbidden"] = "ok"
    """"403 workspace.forbidden, or 403 workspace.organizationRequired when the account is not part of an
    organization"; "rows cover all teams the credential can act in - filter by whoami.teamId"."""

    contact_limit: int = 0
    """Contacts that the plan allows, 0 for no limit ("contact.limitExceeded also means the plan's contact limit")."""

    post_existing_email: Literal["reject", "overwrite_and_blank"] = "reject"
    """POST /v3/contacts: "say 400 when the email exists" or "overwrites the existing contact and blanks every field
    not sent"."""

    post_custom_fields: Literal["kept", "dropped"] = "kept"
    """"customFields in it were silently dropped in one live probe"."""

    import_applies_owner: bool = False
    """"ownerUserId is in the patch model the items reuse, so it is accepted by schema; whether import applies it:
    UNCONFIRMED"."""

    import_overwrite_blanks_omitted: bool = False
    """"Whether overwriteExisting:true blanks omitted fields: UNCONFIRMED"."""

    import_bad_email: Literal["fails_batch", "fails_item"] = "fails_batch"
    """"400 validation with pointer /items/N/email" against the per-item error "Invalid data (no firstName or malformed
    email)"."""

    import_no_edit_permission: bool = True
    """"noEditPermission (contact held by a teammate; its id is still returned)". True: a member who imports an address
    that a teammate holds is refused in Public too; False: only in Private. The team's owner is never refused."""

    email_unique: Literal["per_team", "per_owner"] = "per_team"
    """"One contact per email within a team is the working rule"; "the same contact belonging to several members" in
    older Team Edition text."""

    email_patch_collision: Literal["reject", "allow"] = "reject"
    """"PATCH accepts email; collision behaviour UNCONFIRMED"."""

    owner_not_in_team_status: Literal[400, 404] = 400
    """"PATCH owner not in team -> 400 contact.invalidInput ... (field text elsewhere says 404)"."""

    invisible_contact: Literal["forbidden", "not_found"] = "forbidden"
    """A teammate's contact that the caller may not see: 403 contact.forbidden or 404 contact.notFound, both listed."""

    bulk_already_in: Literal["forward_move", "already_in_sequence"] = "forward_move"
    """contact-links/bulk for a contact that is in the sequence: "a forward-only move: a later start step -> reported
    added; same/earlier step -> generic invalidInput", or the documented per-item contactAlreadyInSequence."""

    blacklisted_enrolment: Literal["invalidInput", "added_then_inactive"] = "invalidInput"
    """"no dedicated slug (likely invalidInput, or accepted then status inactive/invalidEmail) - UNCONFIRMED"."""

    one_sequence_per_owner: bool = False
    """"the same contact cannot be in two sequences of the same member" (older help text) against "with
    removeFromExisting:false the contact stays in its other sequences"."""

    failure_codes: Literal["slug", "number"] = "slug"
    """Per-item failures: "seen as string slug and as number ... treat presence of the key as the failure"."""

    list_order: Literal["by_id", "recent_first"] = "by_id"
    """"No stable sort promised for GET /v3/contacts (offset paging can miss or repeat rows while rows change)"."""

    contact_counts: Literal["answered", "not_found"] = "answered"
    """"`/contacts/filter/count` ... "coming soon: late Aug 2026" in [SPEC]"."""

    company_size_case: Literal["pascal", "camel"] = "pascal"
    """"Spec says responses are camelCase, live sample shows PascalCase "Empty"". """

    stamps_filled: bool = False
    """"createdAt and lastModifiedAt exist in the schema but come back null from the live API"."""

    missing_values: Literal["by_field", "null", "empty"] = "by_field"
    """"phone/title/city/state/country "", company/industry/timeZoneId/linkedInUrl null"."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for each in fields(self):
            value, hint = getattr(self, each.name), hints[each.name]
            known = value in get_args(hint) if get_origin(hint) is Literal else type(value) is hint
            if not known:
                raise ValueError(f"Reply option {each.name} cannot be {value!r}.")
