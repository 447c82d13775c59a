"""Pipedrive's constants."""

from __future__ import annotations

from integrations.connectors.ports import ConnectorSpec, CredentialField, RateWindow
from integrations.domain.enums import Role

PAGE_SIZE = 500
"""The most that v2 gives. A page costs the same whatever its size."""

IDS_PER_CALL = 100

WRITE_TOKENS = 5

BURST = "burst"
SEARCH = "search"
DAILY = "daily"

SPEC = ConnectorSpec(
    product="pipedrive",
    label="Pipedrive",
    people_label="People in Pipedrive",
    role=Role.CRM,
    default_base_url="https://api.pipedrive.com",
    own_hosts=("api.pipedrive.com", "*.pipedrive.com"),
    credential_fields=(
        CredentialField(
            "api_token",
            "API token",
            "In Pipedrive: Personal preferences, then API. People are read and written with the rights of its user, "
            "so take the token of an administrator.",
        ),
    ),
    default_fields=("emails", "first_name", "last_name", "phones", "job_title", ""),
    # The smallest plan's, until an answer tells more.
    # Reference: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
    windows=(
        RateWindow(BURST, 20, 2.0),
        RateWindow(SEARCH, 10, 2.0, scope="search"),
        RateWindow(DAILY, 30_000, 86_400.0, counts_tokens=True),
    ),
    page_size=PAGE_SIZE,
    create_batch=1,
    update_batch=1,
    single_updates=0,
    write_tokens=WRITE_TOKENS,
    owner_batch=1,
    enrol_batch=0,
    reads_changes=True,
    owner_travels_with_writes=True,
    creates_are_repeatable=False,
)
