"""Keeps the tokens of accounts that were connected by signing in fresh: one worker renews them for all."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from integrations.connectors import registry
from integrations.connectors.base_urls import check_base_url
from integrations.connectors.errors import AuthenticationFailed
from integrations.connectors.oauth import ACCESS_TOKEN, REFRESH_TOKEN, OAuthApp, OAuthClient, expiry, is_by_oauth
from integrations.models import Account, AccountStatus

log = structlog.get_logger(__name__)

EARLY = timedelta(minutes=5)
"""Before their end tokens are renewed: longer than a task works with a connector that it has opened."""
LONGEST_ANSWER = 10.0
"""Seconds without a byte of a token answer. Others wait for the lock meanwhile; on SQLite that is all who write."""


def oauth_client(product: str) -> OAuthClient | None:
    """The product's client for this installation's app; None when it has none or the product does not offer it."""
    opener = registry.connector(product).oauth
    app: Mapping[str, str] = settings.OAUTH_APPS.get(product, {})
    if opener is None or not app.get("client_id"):
        return None
    connect, read = settings.SYNC_HTTP_TIMEOUT
    return opener(
        OAuthApp(**app, may_be_private=settings.ALLOW_OTHER_BASE_URLS), timeout=(connect, min(read, LONGEST_ANSWER))
    )


def keep_fresh(account: Account) -> None:
    """Renew the account's tokens if they end soon. Nothing happens to accounts that are connected by key.

    Raises ConnectorError. When it is AuthenticationFailed, the account is marked with what to do.
    """
    if is_by_oauth(account.credentials) and _ends_soon(account.credentials):
        _renew(account, rejected=None)


def renewed_secrets(account: Account, rejected: str) -> Mapping[str, str]:
    """Secrets to use instead of an access token that the product rejected before its time. May be called in any thread.

    Raises ConnectorError like `keep_fresh`.
    """

    def renew() -> Mapping[str, str]:
        try:
            _renew(account, rejected=rejected)
        finally:
            connection.close()
        return account.credentials

    # In a thread of its own: here it would be a connection of the connector's threads, which stay open.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="oauth") as keeper:
        return keeper.submit(renew).result()


def _renew(account: Account, rejected: str | None) -> None:
    try:
        with transaction.atomic():
            # Others that want the same tokens wait here, and then find them. Rows that merely point at the account
            # can be written meanwhile.
            locked = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
            current = locked.credentials
            if not is_by_oauth(current):
                raise AuthenticationFailed("The account was disconnected meanwhile. Connect it again.")
            is_used_up = current.get(ACCESS_TOKEN) == rejected if rejected else _ends_soon(current)
            if is_used_up:
                _ask(locked)
    except AuthenticationFailed as error:
        _mark(account, error.message)
        raise
    account.credentials, account.base_url = locked.credentials, locked.base_url


def _ask(locked: Account) -> None:
    client = oauth_client(locked.product)
    spec = registry.connector(locked.product).spec
    if client is None:
        raise AuthenticationFailed(
            f"The account was connected by signing in to {spec.label}, and this installation no longer has a client "
            "id for that. Set it again, or reconnect the account with a key."
        )
    tokens = client.refresh(locked.credentials[REFRESH_TOKEN])
    locked.credentials = tokens.as_credentials()
    if tokens.api_url and tokens.api_url != locked.base_url:
        # A company may change its address. One that is not the product's gets no token.
        trouble = check_base_url(tokens.api_url, spec, settings.ALLOW_OTHER_BASE_URLS)
        if trouble is None:
            locked.base_url = tokens.api_url
        else:
            log.warning("oauth.strange_address", account=locked.pk, trouble=trouble)
    locked.save(update_fields=["credentials", "base_url"])
    log.info("oauth.renewed", account=locked.pk)


def _ends_soon(credentials: Mapping[str, str]) -> bool:
    return expiry(credentials) - timezone.now() < EARLY


def _mark(account: Account, detail: str) -> None:
    account.note_status(AccountStatus.NEEDS_ATTENTION, detail)
    account.save(update_fields=Account.STATUS_COLUMNS)
