"""From an account row to a connector, and back: what contact with the product says of the account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings

from integrations.connectors import registry
from integrations.connectors.errors import AuthenticationFailed, PermissionDenied
from integrations.connectors.oauth import ACCESS_TOKEN, is_by_oauth
from integrations.connectors.ports import NOTHING_KNOWN, Connector, ConnectorSpec, Credentials, Identity, Known, Limiter
from integrations.models import Account, AccountField, AccountStatus

from .limiter import AccountLimiter
from .oauth import keep_fresh, renewed_secrets


def spec_of(account: Account) -> ConnectorSpec:
    """The constants of the account's product."""
    return registry.connector(account.product).spec


def open_connector(account: Account, limiter: Limiter, *, renews: bool = True) -> Connector:
    """A connector for the account, whose tokens are renewed if need be. The caller closes it, and the limiter.

    Without `renews` the credentials are used as they are, which is how ones that are not stored yet are tested.
    Raises ConnectorError when they cannot be renewed.
    """
    if renews:
        keep_fresh(account)
    registered = registry.connector(account.product)
    secrets = account.credentials
    renew = None
    if renews and is_by_oauth(secrets):
        renew = partial(renewed_secrets, account, secrets.get(ACCESS_TOKEN, ""))
    base_url = account.base_url or registered.spec.default_base_url
    credentials = Credentials(base_url, secrets, renew, may_be_private=settings.ALLOW_OTHER_BASE_URLS)
    known = _known(account) if renews else NOTHING_KNOWN
    return registered.open(credentials, limiter, timeout=settings.SYNC_HTTP_TIMEOUT, known=known)


def _known(account: Account) -> Known:
    """What the account's directory holds; it is read anew once a day, and when somebody asks for it."""
    fields = {row.key: row.as_value() for row in AccountField.objects.present().filter(account=account)}
    return Known(fields, account.user_external_id)


@contextmanager
def connected(account: Account) -> Iterator[Connector]:
    """A connector for one errand, on the account's shared budget; the budget's database connection is given back."""
    limiter = AccountLimiter(account, spec_of(account).windows)
    try:
        connector = open_connector(account, limiter)
        try:
            yield connector
        finally:
            connector.close()
    finally:
        limiter.close()


def check_account(account: Account) -> Identity:
    """Ask the product whom the credentials stand for, and note the answer on the account.

    Raises ConnectorError. A refusal marks the account; a product that is down does not, since that says nothing of it.
    """
    with connected(account) as connector:
        try:
            identity = connector.identity()
        except (AuthenticationFailed, PermissionDenied) as error:
            mark_needs_attention(account, error.message)
            raise
    account.external_id, account.external_name = identity.id, identity.name
    account.user_external_id, account.user_name = identity.user_id, identity.user_name
    account.note_status(AccountStatus.HEALTHY)
    # Only what was learned: another worker may have renewed the credentials meanwhile.
    account.save(
        update_fields=[
            "external_id", "external_name", "user_external_id", "user_name", *Account.STATUS_COLUMNS
        ]
    )  # fmt: skip
    return identity


def mark_needs_attention(account: Account, detail: str) -> None:
    """Note that nothing works with these credentials until somebody reconnects the account."""
    account.note_status(AccountStatus.NEEDS_ATTENTION, detail)
    account.save(update_fields=Account.STATUS_COLUMNS)
