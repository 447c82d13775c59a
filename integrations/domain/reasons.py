"""Why a person was not simply created or updated: a closed list with the words that people read."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The reason codes of decisions, notes and failures. `str` is the code; `text` what people read."""

    # Skips
    FILTERED_OUT = "filtered_out"
    STOPPED_MATCHING = "stopped_matching"
    OWNER_NOT_MAPPED = "owner_not_mapped"
    NO_OWNER = "no_owner"
    MEMBER_INACTIVE = "member_inactive"
    NO_EMAIL = "no_email"
    MALFORMED_EMAIL = "malformed_email"
    TARGET_DELETED = "target_deleted"
    SOURCE_DELETED = "source_deleted"
    REMEMBERED_AS_DELETED = "remembered_as_deleted"
    HELD_BY_TEAMMATE = "held_by_teammate"
    # Conflicts
    AMBIGUOUS = "ambiguous"
    DUPLICATE_SOURCE = "duplicate_source"
    LINKED_ELSEWHERE = "linked_elsewhere"
    BOTH_CHANGED = "both_changed"
    # Notes on a person who is synced
    FIRST_NAME_FALLBACK = "first_name_fallback"
    NOT_CONVERTIBLE = "not_convertible"
    TARGET_CHANGED_LEFT = "target_changed_left"
    TARGET_WON = "target_won"
    SET_BACK_REPEATEDLY = "set_back_repeatedly"
    SHORTENED = "shortened"
    # Why somebody was not enrolled
    ALREADY_ENROLLED = "already_enrolled"
    OPTED_OUT = "opted_out"
    SEQUENCE_BLOCKED = "sequence_blocked"
    ENROLMENT_OWNER_NOT_MAPPED = "enrolment_owner_not_mapped"
    ENROLMENT_REFUSED = "enrolment_refused"
    # Failures
    REJECTED = "rejected"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    OUTCOME_UNKNOWN = "outcome_unknown"
    OWNER_NOT_ASSIGNED = "owner_not_assigned"
    UNAVAILABLE = "unavailable"
    # What became of a planned entry
    STALE = "stale"
    CHANGED_SINCE = "changed_since"
    CREATED_STAYS = "created_stays"
    ENROLMENT_STAYS = "enrolment_stays"
    CANCELLED = "cancelled"
    RUN_FAILED = "run_failed"

    @property
    def text(self) -> str:
        """The reason in words."""
        return _TEXTS[self]


_TEXTS: dict[Reason, str] = {
    Reason.FILTERED_OUT: "Does not pass the filtering rules",
    Reason.STOPPED_MATCHING: "No longer passes the filtering rules; the link and the target stay as they are",
    Reason.OWNER_NOT_MAPPED: "The owner is on no left side of the ownership mappings",
    Reason.NO_OWNER: "Has no owner",
    Reason.MEMBER_INACTIVE: "The owner, or the member whom it is mapped to, is deactivated or gone",
    Reason.NO_EMAIL: "Has no e-mail address",
    Reason.MALFORMED_EMAIL: "Has no well-formed e-mail address",
    Reason.TARGET_DELETED: "Was deleted in the target",
    Reason.SOURCE_DELETED: "Was deleted in the source; nothing is deleted in the target",
    Reason.REMEMBERED_AS_DELETED: "The target remembers this person as deleted",
    Reason.HELD_BY_TEAMMATE: "The contact is in another member's hands and cannot be edited with this key",
    Reason.AMBIGUOUS: "More than one person in the target has this e-mail address",
    Reason.DUPLICATE_SOURCE: "An older person in the source has the same e-mail address",
    Reason.LINKED_ELSEWHERE: "The matching person is already linked to somebody else",
    Reason.BOTH_CHANGED: "Both sides changed since the last sync; held for review",
    Reason.FIRST_NAME_FALLBACK: "The name that the target requires was missing and was made from the name or address",
    Reason.NOT_CONVERTIBLE: "A value could not be converted and was left out",
    Reason.TARGET_CHANGED_LEFT: "Changed in the target only; left for the step in the opposite direction",
    Reason.TARGET_WON: "Both sides changed; the target's value was kept",
    Reason.SET_BACK_REPEATEDLY: "Was set back three times by somebody else; left alone",
    Reason.SHORTENED: "A value was longer than the target allows and was shortened",
    Reason.ALREADY_ENROLLED: "Already in the sequence",
    Reason.OPTED_OUT: "Has opted out",
    Reason.SEQUENCE_BLOCKED: "The sequence cannot take people now",
    Reason.ENROLMENT_OWNER_NOT_MAPPED: "The sequence row's owner is on no right side of the ownership mappings",
    Reason.ENROLMENT_REFUSED: "The product refused the enrolment",
    Reason.REJECTED: "The product rejected the values",
    Reason.PERMISSION_DENIED: "The account's user is not permitted to do this",
    Reason.NOT_FOUND: "Was not found in the target",
    Reason.OUTCOME_UNKNOWN: "Whether the change took place could not be established; the next run looks it up",
    Reason.OWNER_NOT_ASSIGNED: "The owner could not be assigned",
    Reason.UNAVAILABLE: "The product did not answer",
    Reason.STALE: "Changed since it was planned; left alone",
    Reason.CHANGED_SINCE: "Changed again after the run; what was changed since is left alone",
    Reason.CREATED_STAYS: "Was created by the run; undo lists created people and deletes nobody",
    Reason.ENROLMENT_STAYS: "Was put into a sequence by the run and stays in it",
    Reason.CANCELLED: "The run was cancelled before this person's turn",
    Reason.RUN_FAILED: "The run failed before this person's turn",
}
