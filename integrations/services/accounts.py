"""Accounts: connecting, reconnecting and testing them over the product's real API."""

# ruff: noqa: N818 -- named for what happened
from __future__ import annotations

from collections.abc import Mapping

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from integrations.connectors import registry
from integrations.connectors.base_urls import check_base_url
from integrations.connectors.errors import (
    AuthenticationFailed,
    ConnectorError,
    NotFound,
    PermissionDenied,
    RateLimited,
    UnexpectedResponse,
)
from integrations.connectors.oauth import is_by_oauth
from integrations.connectors.ports import ConnectorSpec, Identity, Unlimited
from integrations.engine.connect import check_account, connected, mark_needs_attention, open_connector
from integrations.engine.directory import refresh_directory
from integrations.models import Account, AccountStatus
from integrations.models.history import noting

from .withdrawal import withdraw

log = structlog.get_logger(__name__)

ADDRESS = "base_url"
"""The field of a refusal that concerns the address; secrets go by their names in the product's spec."""


class AccountRefused(Exception):
    """The account cannot be used as given. `field` is what to put `message` beside; empty: the form as a whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def connect_account(*, product: str, name: str, base_url: str, secrets: Mapping[str, str], by: User | None) -> Account:
    """Test the credentials against the product, then store the account with its identity and its directory.

    Raises AccountRefused, and then nothing is stored. A directory that cannot be read is not a refusal: the account is
    there, and says what is missing in `directory_warnings`.
    """
    spec = registry.connector(product).spec
    account = Account(
        product=product,
        role=spec.role,
        people_label=spec.people_label,
        base_url=base_url,
        credentials=_complete(spec, secrets, {}),
    )
    identity = identify(account, spec)
    _refuse_second(account, identity, spec)
    store_new(account, identity, name, by)
    return account


def store_new(account: Account, identity: Identity, name: str, by: User | None) -> None:
    """Store an account that was tested, and read its directory."""
    _take_over(account, identity)
    account.name = name or f"{registry.connector(account.product).spec.label}: {identity.name}"
    with transaction.atomic(), noting(by=by):
        account.save()
    read_directory(account)


def reconnect_account(*, account: Account, base_url: str, secrets: Mapping[str, str], by: User | None) -> None:
    """Give an account new credentials, after a test. Secrets left empty stay as they are.

    Raises AccountRefused, and then the old credentials stay. Credentials of another company or workspace are refused:
    links and mappings would point at strangers.
    """
    spec = registry.connector(account.product).spec
    candidate = Account.objects.get(pk=account.pk)
    old = candidate.credentials
    candidate.base_url = base_url
    candidate.credentials = _complete(spec, secrets, account.credentials)
    identity = identify(candidate, spec)
    replace_credentials(account, candidate, identity, by, field=_first_secret(spec))
    withdraw(account.product, old)


def replace_credentials(
    account: Account, candidate: Account, identity: Identity, by: User | None, *, field: str
) -> None:
    """Store a tested candidate in the account's place. Raises AccountRefused, about `field`, if it is a stranger."""
    spec = registry.connector(account.product).spec
    if account.external_id and identity.id != account.external_id:
        raise AccountRefused(
            field,
            f"This belongs to “{identity.name}”, but the account is “{account.external_name}”. "
            "Add an account of its own for it.",
        )
    _refuse_second(candidate, identity, spec)
    _take_over(candidate, identity)
    with transaction.atomic(), noting("Reconnected with new credentials.", by):
        candidate.save()
    account.refresh_from_db()
    read_directory(account)


def test_account(*, account: Account) -> Identity:
    """Ask the product whether the stored credentials still work, and note the answer on the account.

    Raises AccountRefused with what to do.
    """
    spec = registry.connector(account.product).spec
    try:
        return check_account(account)
    except ConnectorError as error:
        raise refusal(error, spec, account) from error


def read_directory(account: Account) -> bool:
    """Read what the forms offer. Returns whether it worked; otherwise the account's warnings say why not."""
    try:
        with connected(account) as connector:
            refresh_directory(account, connector)
    except ConnectorError as error:
        log.warning("directory.not_read", account=account.pk, error=type(error).__name__)
        if isinstance(error, AuthenticationFailed):
            mark_needs_attention(account, error.message)
        account.directory_warnings = [f"The lists that the forms offer could not be read: {error.message}"]
        account.save(update_fields=["directory_warnings"])
        return False
    return True


def read_directory_of(account_id: int) -> None:
    """`read_directory` by id; an account that was deleted meanwhile is no matter."""
    account = Account.objects.filter(pk=account_id).first()
    if account is not None:
        read_directory(account)


def refusal(error: ConnectorError, spec: ConnectorSpec, account: Account) -> AccountRefused:
    """The words for a failed test: a wrong key, no permission, a wrong host and a product that is down all differ."""
    if is_by_oauth(account.credentials) and isinstance(error, AuthenticationFailed | PermissionDenied):
        return AccountRefused("", f"{spec.label} does not let this sign-in in: {error.message}")
    key, base_url = _first_secret(spec), account.base_url
    label = next((field.label for field in spec.credential_fields if field.secret), "key")
    if isinstance(error, AuthenticationFailed) and error.field:
        return AccountRefused(error.field, error.message)
    if isinstance(error, AuthenticationFailed):
        return AccountRefused(key, f"{spec.label} does not accept this {label}. Copy it again, in full.")
    if isinstance(error, PermissionDenied):
        return AccountRefused(key, f"{spec.label} knows this {label}, but does not let it in: {error.message}")
    if isinstance(error, NotFound | UnexpectedResponse):
        where = base_url or spec.default_base_url
        return AccountRefused(ADDRESS, f"What answers at {where} is not {spec.label}'s API. Check the address.")
    if isinstance(error, RateLimited):
        wait = f" in {round(error.retry_after)} seconds" if error.retry_after else " later"
        return AccountRefused("", f"{spec.label}'s limit on calls is used up. Try again{wait}.")
    if error.status is None and base_url:
        return AccountRefused(ADDRESS, f"Nobody answers at {base_url}: {error.message}")
    return AccountRefused(
        "", f"{spec.label} does not answer properly at the moment: {error.message} Nothing is wrong with the {label}."
    )


def _complete(spec: ConnectorSpec, given: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    secrets = {}
    for field in spec.credential_fields:
        value = given.get(field.name, "").strip() or stored.get(field.name, "")
        if field.required and not value:
            raise AccountRefused(field.name, f"{spec.label} needs the {field.label}.")
        if value:
            secrets[field.name] = value
    return secrets


def identify(account: Account, spec: ConnectorSpec) -> Identity:
    """Whom credentials stand for that are not stored yet. Raises AccountRefused."""
    if account.base_url:
        trouble = check_base_url(account.base_url, spec, settings.ALLOW_OTHER_BASE_URLS)
        if trouble:
            raise AccountRefused(ADDRESS, trouble)
    # The shared budget is kept by account, and this one is not stored yet.
    connector = open_connector(account, Unlimited(), renews=False)
    try:
        return connector.identity()
    except ConnectorError as error:
        raise refusal(error, spec, account) from error
    finally:
        connector.close()


def _refuse_second(account: Account, identity: Identity, spec: ConnectorSpec) -> None:
    """One row per company and user: two would count one budget twice."""
    same = Account.objects.filter(
        product=account.product, external_id=identity.id, user_external_id=identity.user_id
    ).exclude(pk=account.pk)
    other = same.first()
    if other is not None:
        raise AccountRefused(
            _first_secret(spec),
            f"{identity.user_name} at “{identity.name}” is connected already, as the account “{other.name}”.",
        )


def _take_over(account: Account, identity: Identity) -> None:
    account.external_id, account.external_name = identity.id, identity.name
    account.user_external_id, account.user_name = identity.user_id, identity.user_name
    account.note_status(AccountStatus.HEALTHY)
    if not account.base_url and identity.base_url != registry.connector(account.product).spec.default_base_url:
        account.base_url = identity.base_url


def _first_secret(spec: ConnectorSpec) -> str:
    return next((field.name for field in spec.credential_fields if field.secret), "")
