"""Accounts that are connected by signing in to the product: connecting, reconnecting, and what uninstalling leaves."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from integrations.connectors import registry
from integrations.connectors.base_urls import check_base_url
from integrations.connectors.errors import AuthenticationFailed, ConnectorError
from integrations.connectors.oauth import OAuthTokens, is_by_oauth
from integrations.engine.oauth import oauth_client
from integrations.models import Account, AccountStatus

from .accounts import AccountRefused, identify, replace_credentials, store_new

log = structlog.get_logger(__name__)

__all__ = ["connect_by_oauth", "note_uninstalled", "oauth_client", "offers_oauth", "reconnect_by_oauth"]


def offers_oauth(product: str) -> bool:
    """Whether one can sign in to the product at all, be this installation set up for it or not."""
    return registry.connector(product).oauth is not None


def connect_by_oauth(*, product: str, code: str, redirect_uri: str, by: User | None) -> Account:
    """Take the product's code for tokens, test them, and store the account, as `connect_account` does with a key.

    A user who has signed in before gets their account back with the new tokens, since the product may have ended the
    old ones. Raises AccountRefused, and then nothing is stored.
    """
    tokens = _exchange(product, code, redirect_uri)
    spec = registry.connector(product).spec
    account = Account(product=product, role=spec.role, people_label=spec.people_label)
    _put(tokens, account)
    identity = identify(account, spec)
    same = Account.objects.filter(product=product, external_id=identity.id, user_external_id=identity.user_id).first()
    if same is None:
        store_new(account, identity, "", by)
        return account
    if same.credentials and not is_by_oauth(same.credentials):
        raise AccountRefused(
            "",
            f"{identity.user_name} at “{identity.name}” is connected already by key, as the account “{same.name}”. "
            "Reconnect that one if it is to change.",
        )
    _replace(same, tokens, by)
    return same


def reconnect_by_oauth(*, account: Account, code: str, redirect_uri: str, by: User | None) -> None:
    """Give an account new tokens, or tokens instead of its key, as `reconnect_account` does with a key.

    Raises AccountRefused, and then the old credentials stay.
    """
    _replace(account, _exchange(account.product, code, redirect_uri), by)


def note_uninstalled(*, product: str, company_id: str, user_id: str) -> int:
    """Disconnect the accounts of a user who removed the app in the product. Returns how many there were."""
    label = registry.connector(product).spec.label
    with transaction.atomic():
        accounts = Account.objects.select_for_update(no_key=True).filter(
            product=product, external_id=company_id, user_external_id=user_id
        )
        gone = [account for account in accounts if is_by_oauth(account.credentials)]
        for account in gone:
            account.credentials = {}
            account.note_status(
                AccountStatus.NEEDS_ATTENTION,
                f"Disconnected: {account.user_name} removed this app in {label}. Connect the account again.",
            )
            account.save(update_fields=["credentials", *Account.STATUS_COLUMNS])
    log.info("oauth.uninstalled", product=product, accounts=[account.pk for account in gone])
    return len(gone)


def _exchange(product: str, code: str, redirect_uri: str) -> OAuthTokens:
    spec = registry.connector(product).spec
    client = oauth_client(product)
    if client is None:
        raise AccountRefused("", f"This installation has no client id for signing in to {spec.label}.")
    try:
        tokens = client.exchange(code=code, redirect_uri=redirect_uri)
    except AuthenticationFailed as error:
        if error.code != "invalid_grant":
            raise AccountRefused("", error.message) from error
        raise AccountRefused(
            "", f"{spec.label} no longer accepts this sign-in: it is good for minutes, and once. Sign in again."
        ) from error
    except ConnectorError as error:
        raise AccountRefused("", f"{error.message} Nothing was connected; sign in again.") from error
    trouble = check_base_url(tokens.api_url, spec, settings.ALLOW_OTHER_BASE_URLS) if tokens.api_url else None
    if trouble:
        # Nothing was sent there yet, and nothing will be.
        raise AccountRefused("", f"{spec.label} named an address that is not accepted: {trouble}")
    return tokens


def _put(tokens: OAuthTokens, account: Account) -> None:
    account.credentials = tokens.as_credentials()
    account.base_url = tokens.api_url


def _replace(account: Account, tokens: OAuthTokens, by: User | None) -> None:
    candidate = Account.objects.get(pk=account.pk)
    _put(tokens, candidate)
    identity = identify(candidate, registry.connector(account.product).spec)
    replace_credentials(account, candidate, identity, by, field="")
