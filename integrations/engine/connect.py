"""From an account row to a connector, and back: what contact with the product says of the account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from integrations.connectors import registry
from integrations.connectors.errors import AuthenticationFailed, PermissionDenied
from integrations.connectors.ports import Connector, ConnectorSpec, Credentials, Identity, Limiter
from integrations.models import Account, AccountStatus

from .limiter import AccountLimiter


def spec_of(account: Account) -> ConnectorSpec:
    """The constants of the account's product."""
    return registry.connector(account.product).spec


def open_connector(account: Account, limiter: Limiter) -> Connector:
    """A connector for the account. The caller closes it, and the limiter."""
    registered = registry.connector(account.product)
    credentials = Credentials(account.base_url or registered.spec.default_base_url, account.credentials)
    return registered.open(credentials, limiter, timeout=settings.SYNC_HTTP_TIMEOUT)


@contextmanager
def connected(account: Account) -> Iterator[Connector]:
    """A connector for one errand, on the account's shared budget; the budget's database connection is given back."""
    limiter = AccountLimiter(account, spec_of(account).windows)
    connector = open_connector(account, limiter)
    try:
        yield connector
    finally:
        connector.close()
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
    account.status, account.status_detail, account.checked_at = AccountStatus.HEALTHY, "", timezone.now()
    account.save()
    return identity


def mark_needs_attention(account: Account, detail: str) -> None:
    """Note that nothing works with these credentials until somebody reconnects the account."""
    account.status, account.status_detail = AccountStatus.NEEDS_ATTENTION, detail
    account.checked_at = timezone.now()
    account.save(update_fields=["status", "status_detail", "checked_at"])
