"""Webhooks: having them registered at the products, mended when they were banned or deleted, and removed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from integrations.connectors import registry
from integrations.connectors.errors import AuthenticationFailed, ConnectorError, PermissionDenied
from integrations.connectors.webhooks import NewSubscription, Subscriber, Subscription
from integrations.engine.connect import connected, mark_needs_attention
from integrations.engine.hints import hinted_steps, sends_webhooks
from integrations.models import Account, ChangeHint, Connection, Webhook, WebhookState

from .queue import enqueue

log = structlog.get_logger(__name__)

CHECKED_EVERY = timedelta(minutes=30)
"""As long as Pipedrive's ban lasts. A check costs ten of its tokens."""
FIRST_BACK_OFF, LONGEST_BACK_OFF = timedelta(minutes=1), timedelta(hours=6)
CLAIM = timedelta(minutes=5)
"""How long one worker has for a check before another may make it."""
NAME = "SyncAdmin"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the product and a delivery know. Kept nowhere but there."""

    path: str
    user: str
    password: str

    @classmethod
    def fresh(cls) -> Secrets:
        """New ones."""
        return cls(secrets.token_urlsafe(32), secrets.token_hex(8), secrets.token_urlsafe(32))

    def hashes(self) -> dict[str, str]:
        """What the row keeps of them, by column."""
        return {"secret_hash": _hash(self.path), "login_hash": _hash(f"{self.user}:{self.password}")}


def hooks_of(product: str, path_secret: str) -> str:
    """Where a product is to deliver."""
    return f"{settings.PUBLIC_URL}{reverse('hooks', args=[product, path_secret])}"


def webhook_by_secret(product: str, path_secret: str) -> Webhook | None:
    """Whose webhook an address is; the look-up is by hash, so its time tells nothing of a secret."""
    found = Webhook.objects.filter(secret_hash=_hash(path_secret), account__product=product).first()
    return found if found is not None and hmac.compare_digest(found.secret_hash, _hash(path_secret)) else None


def is_login_of(webhook: Webhook, authorization: str) -> bool:
    """Whether an Authorization header has the webhook's user and password. Takes equally long for every wrong one."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        given = b""
    return hmac.compare_digest(hashlib.sha256(given).hexdigest(), webhook.login_hash)


def is_wanted(account: Account) -> bool:
    """Whether changes in the account are to be told: its people are read by a step of an enabled connection."""
    if not settings.PUBLIC_URL or not sends_webhooks(account):
        return False
    connections = Connection.objects.enabled().of_account(account.pk)
    return any(step.source_account == account for each in connections for step in hinted_steps(each))


def look_after_due() -> None:
    """Have every webhook looked after whose time has come, that is missing, or that nobody wants any more."""
    now = timezone.now()
    for account in Account.objects.healthy().select_related("webhook"):
        webhook: Webhook | None = getattr(account, "webhook", None)
        wanted = is_wanted(account)
        if webhook is not None and not wanted and not webhook.repairs:
            Webhook.objects.filter(pk=webhook.pk).update(check_after=now)
            enqueue("look_after_webhook", account.pk)
        elif (webhook is None and wanted) or (webhook is not None and (webhook.check_after or now) <= now):
            enqueue("look_after_webhook", account.pk)


def look_after_soon(connection: Connection) -> None:
    """Have the webhooks of a connection's accounts looked after at once: something about it has changed."""
    accounts = (connection.crm_account_id, connection.outreach_account_id)
    Webhook.objects.filter(account__in=accounts).update(check_after=timezone.now())
    for account in Account.objects.filter(pk__in=accounts):
        if sends_webhooks(account):
            enqueue("look_after_webhook", account.pk)


def register_again(account: Account) -> None:
    """Have the webhook removed and registered anew, with new secrets."""
    Webhook.objects.filter(account=account).update(secret_hash=_hash(Secrets.fresh().path), check_after=timezone.now())
    enqueue("look_after_webhook", account.pk)


def look_after(account_id: int) -> None:
    """Register, check, mend or remove an account's webhook. Harmless at any time, from any number of workers."""
    account = Account.objects.healthy().filter(pk=account_id).first()
    if account is None or not sends_webhooks(account):
        return
    wanted = is_wanted(account)
    if wanted:
        Webhook.objects.get_or_create(account=account, defaults=Secrets.fresh().hashes())
    now = timezone.now()
    due = Webhook.objects.filter(Q(check_after__lte=now) | Q(check_after=None), account=account)
    if not due.update(check_after=now + CLAIM):
        return
    webhook = Webhook.objects.select_related("account").get(account=account)
    try:
        with connected(account) as connector:
            if isinstance(connector, Subscriber):
                _Keeper(webhook, connector).keep(wanted=wanted)
    except ConnectorError as error:
        if isinstance(error, AuthenticationFailed):
            mark_needs_attention(account, error.message)
        _note_failure(webhook, error)


def remove(account: Account) -> str:
    """Remove an account's webhook at once, before the account is deleted; answers what to do by hand, if anything."""
    webhook = Webhook.objects.filter(account=account).first()
    if webhook is None:
        return ""
    try:
        with connected(account) as connector:
            if isinstance(connector, Subscriber):
                _Keeper(webhook, connector).keep(wanted=False)
    except ConnectorError as error:
        log.warning("webhook.not_removed", account=account.pk, error=type(error).__name__)
        label = registry.connector(account.product).spec.label
        return f"Its webhook could not be removed: {error.message} Delete the one named {NAME} in {label}."
    return ""


class _Keeper:
    """Brings the product's webhooks in line with what is wanted."""

    def __init__(self, webhook: Webhook, connector: Subscriber) -> None:
        self._webhook = webhook
        self._connector = connector
        self._label = registry.connector(webhook.account.product).spec.label

    def keep(self, *, wanted: bool) -> None:
        """Raises ConnectorError."""
        there = self._connector.subscriptions()
        ours = [each for each in there if self._is_ours(each)]
        good = [each for each in ours if wanted and not self._trouble(each)]
        kept = good[0] if good else None
        trouble = next((self._trouble(each) for each in ours), "")
        for each in [*ours, *self._strays(there)]:
            if each is not kept:
                self._connector.unsubscribe(each.id)
        if not wanted:
            ChangeHint.objects.filter(account=self._webhook.account_id).delete()
            self._webhook.delete()
        elif kept is not None:
            self._is_well(kept)
        else:
            self._register(trouble)

    def _is_ours(self, there: Subscription) -> bool:
        return there.id == self._webhook.remote_id or _hash(_last_part(there.address)) == self._webhook.secret_hash

    def _strays(self, there: Sequence[Subscription]) -> list[Subscription]:
        """Those that were ours once: below our address, and with a secret that nobody here knows any more."""
        if not settings.PUBLIC_URL:
            return []
        below = hooks_of(self._webhook.account.product, "x").removesuffix("x/")
        ours = [each for each in there if each.address.startswith(below) and not self._is_ours(each)]
        known = set(
            Webhook.objects.filter(secret_hash__in=[_hash(_last_part(each.address)) for each in ours]).values_list(
                "secret_hash", flat=True
            )
        )
        return [each for each in ours if _hash(_last_part(each.address)) not in known]

    def _trouble(self, there: Subscription) -> str:
        if there.address != hooks_of(self._webhook.account.product, _last_part(there.address)):
            return "This installation's public address has changed."
        if _hash(_last_part(there.address)) != self._webhook.secret_hash:
            return "Its secret is no longer in use."
        return there.trouble

    def _is_well(self, kept: Subscription) -> None:
        now = timezone.now()
        Webhook.objects.filter(pk=self._webhook.pk).update(
            state=WebhookState.ON,
            remote_id=kept.id,
            registered_at=self._webhook.registered_at or now,
            checked_at=now,
            check_after=now + CHECKED_EVERY,
            repairs=0,
            # What was mended stays on the page; a trouble that is over does not.
            detail=self._webhook.detail if self._webhook.state == WebhookState.ON else "",
        )

    def _register(self, trouble: str) -> None:
        """With new secrets, which are in force before the product is told: it may try the address at once."""
        webhook, fresh = self._webhook, Secrets.fresh()
        was_registered = bool(webhook.remote_id)
        Webhook.objects.filter(pk=webhook.pk).update(remote_id="", **fresh.hashes())
        wanted = NewSubscription(NAME, hooks_of(webhook.account.product, fresh.path), fresh.user, fresh.password)
        made = self._connector.subscribe(wanted)
        now = timezone.now()
        repairs = webhook.repairs + 1 if was_registered else webhook.repairs
        why = trouble or f"It was deleted in {self._label}."
        log.info("webhook.registered", account=webhook.account_id, again=was_registered)
        Webhook.objects.filter(pk=webhook.pk).update(
            state=WebhookState.ON,
            remote_id=made.id,
            registered_at=now,
            checked_at=now,
            check_after=now + (_back_off(repairs) if was_registered else CHECKED_EVERY),
            repairs=repairs,
            detail=f"{why} It was registered again." if was_registered else "",
        )


def _note_failure(webhook: Webhook, error: ConnectorError) -> None:
    now = timezone.now()
    repairs = webhook.repairs + 1
    log.warning("webhook.trouble", account=webhook.account_id, error=type(error).__name__)
    hint = " Webhooks need an administrator's key." if isinstance(error, PermissionDenied) else ""
    Webhook.objects.filter(pk=webhook.pk).update(
        state=WebhookState.TROUBLE,
        detail=_without_addresses(f"{error.message}{hint}"),
        checked_at=now,
        check_after=now + _back_off(repairs),
        repairs=repairs,
    )


def _back_off(repairs: int) -> timedelta:
    return min(FIRST_BACK_OFF * (1 << min(repairs, 12)), LONGEST_BACK_OFF)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _last_part(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


def _without_addresses(message: str) -> str:
    """A product may quote what it was sent, the secret address too."""
    return " ".join("(the address)" if "/hooks/" in word else word for word in message.split(" "))
