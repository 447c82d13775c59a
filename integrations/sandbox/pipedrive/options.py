"""What can be chosen about the imitated Pipedrive: plan, limits, and a reading of each unsettled behaviour.

Options that begin with "Reading:" exist because no primary source settles the matter; a client must be right under
every value. The quoted words are those of the collected reference that leave it open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PipedrivePlan = Literal["lite", "growth", "premium", "ultimate"]


@dataclass(frozen=True, slots=True)
class PipedriveOptions:
    """The Pipedrive company: its plan, its limits and the readings."""

    limits: bool = True
    """Whether token budget and burst windows are kept. When off, calls are still costed and counted."""

    plan: PipedrivePlan = "growth"
    """Sets the burst windows and the multiplier of the daily budget."""

    seats: int = 5
    """Daily budget = 30,000 x plan multiplier x seats."""

    daily_budget: int = 0
    """Tokens a day, in place of the computed budget when it is not 0."""

    contact_sync: bool = True
    """Contact Sync is enabled: job_title, notes, birthday, im, postal_address exist. When off, writing is a 403."""

    campaigns: bool = False
    """The Campaigns product is there, so that marketing_status can be read and written."""

    search_lag: float = 0.0
    """Seconds until the search index knows a write ("eventually consistent: just-written persons may not be found")."""

    search_page_max: int = 100
    """Reading: "limit max 500 in spec but a live client had to clamp scoped search to 100"."""

    webhook_retry_scale: float = 1.0
    """Multiplies the documented retry delays of 3, 30 and 150 seconds."""

    webhook_probe: bool = False
    """Creating a webhook probes its URL, and answers 400 "invalid or non-reachable URL" (which the example implies)."""

    no_owner_change: bool = False
    """The permission set of non-admins forbids giving away people of others ("You do not have permission to ...")."""

    default_visible_to: int = 3
    """Visibility of people created without visible_to."""

    persons_create_status: Literal[200, 201] = 200
    """Reading: "200 in spec (v1 gave 201; live v2 POST /stages gave 200): accept 200/201"."""

    unset_custom_fields: Literal["null", "absent", "whole_null"] = "null"
    """Reading: "unset custom fields present as null keys or absent: UNCONFIRMED; custom_fields can be null"."""

    list_includes_deleted: bool = False
    """Reading: "whether list results contain is_deleted:true rows: UNCONFIRMED; handle if seen"."""

    deactivated_users_listed: bool = True
    """Reading: "does GET /users list deactivated (active_flag:false)? implied by the flag; UNCONFIRMED"."""

    noop_patch_bumps_update_time: bool = False
    """Reading: "no-op PATCH bumping update_time or firing a webhook: UNCONFIRMED"."""

    empty_phones: Literal["empty", "blank_item"] = "empty"
    """Reading: "v1: phone:[{value:'',primary:true}]; v2 equivalent (empty array vs blank item): UNCONFIRMED"."""

    filter_id_with_updated_since: Literal["combined", "ignores_delta"] = "combined"
    """Reading: "the spec does not say updated_since/until are ignored with filter_id; live UNCONFIRMED"."""

    unknown_params: Literal["reject", "ignore"] = "reject"
    """Reading: "one author saw v2 REJECT an undocumented param; another claims they are silently ignored"."""

    failed_calls_cost: bool = True
    """Reading: "whether failed calls (4xx) cost tokens: UNCONFIRMED". A refused 429 never costs."""

    daily_headers: bool = True
    """Reading: "the two daily headers are undocumented and may be missing sometimes"."""

    retry_after_on_429: bool = True
    """Reading: "429: body undocumented; retry-after reported present"."""

    deleted_get: Literal["404", "is_deleted"] = "404"
    """Reading: "deleted person via GET v2 and list" is an open question."""

    owner_inactive: Literal["accept", "reject"] = "accept"
    """Reading: "setting owner_id to a deactivated user: UNCONFIRMED"."""

    empty_list_clears_emails: bool = True
    """Reading: "empty array clears: reported by a third party, UNCONFIRMED". When false, [] changes nothing."""

    v1_pagination: Literal["nested", "flat"] = "nested"
    """Reading: v1 lists say how to go on in additional_data.pagination (the OpenAPI file's example), or in
    additional_data itself (the same file's schema)."""

    banned_webhook_shown: Literal["inactive", "active"] = "inactive"
    """Reading: the webhooks guide does not say how the list shows a webhook that is banned for the moment."""

    deleted_webhook_listed: bool = False
    """Reading: `remove_time` and `remove_reason` are in the schema of the list, but not whether one that Pipedrive has
    removed stays in it."""

    meta_visible_to_as_string: bool = True
    """Reading: a webhook's `data.visible_to` "was the STRING '3'" in the one captured body."""
