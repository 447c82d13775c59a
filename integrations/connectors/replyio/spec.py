"""Reply's constants."""

from __future__ import annotations

from integrations.connectors.ports import ConnectorSpec, CredentialField, RateWindow
from integrations.domain.enums import Role

from .scan import TOP

IMPORT_BATCH = 1000
PATCH_LIMIT = 20
"""Up to so many changes go one by one, which touches nothing but what changed."""
OWNER_BATCH = 1000
ENROL_BATCH = 1000
"""Reply takes 10,000, but then a lost answer leaves as many in doubt."""

SPEC = ConnectorSpec(
    product="replyio",
    label="Reply.io",
    people_label="People in Reply",
    role=Role.OUTREACH,
    default_base_url="https://api.reply.io",
    own_hosts=("api.reply.io",),
    credential_fields=(
        CredentialField(
            "api_key",
            "API key",
            "In Reply: Settings, then API key. It needs the scopes contacts:read, contacts:write, contacts:operate, "
            "sequences:read and sequences:operate. Contacts are read and written with the rights of its user, so take "
            "the key of the team's owner.",
        ),
        CredentialField(
            "acting_user_id",
            "Acting user id",
            "Only for the keys of a team or an organization: the id of the user to act for.",
            secret=False,
            required=False,
        ),
    ),
    default_fields=("email", "firstName", "lastName", "phone", "title", "company"),
    windows=(RateWindow("minute", 100, 60.0), RateWindow("hour", 3000, 3600.0)),
    page_size=TOP,
    create_batch=IMPORT_BATCH,
    update_batch=IMPORT_BATCH,
    single_updates=PATCH_LIMIT,
    write_tokens=1,
    owner_batch=OWNER_BATCH,
    enrol_batch=ENROL_BATCH,
    reads_changes=False,
    owner_travels_with_writes=False,
    creates_are_repeatable=True,
)
