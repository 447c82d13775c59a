"""Giving access back: a product is told when the tokens that it gave are of no more use here."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from integrations.connectors import registry
from integrations.connectors.errors import ConnectorError
from integrations.connectors.oauth import REFRESH_TOKEN, is_by_oauth
from integrations.engine.oauth import oauth_client

log = structlog.get_logger(__name__)


def withdraw(product: str, credentials: Mapping[str, str]) -> str:
    """End the tokens at the product. Nothing happens to credentials that did not come of signing in.

    Returns what to do by hand when the product could not be told, empty when all is well. To be called when the tokens
    have been removed here, and in no transaction, since it is a call.
    """
    if not is_by_oauth(credentials):
        return ""
    label = registry.connector(product).spec.label
    by_hand = f"Remove this app in {label} yourself."
    client = oauth_client(product)
    if client is None:
        return f"{label} was not told, since this installation no longer has a client id for it. {by_hand}"
    try:
        client.revoke(credentials[REFRESH_TOKEN])
    except ConnectorError as error:
        log.warning("oauth.not_revoked", product=product, error=type(error).__name__)
        return f"{label} could not be told that the access is over: {error.message} {by_hand}"
    log.info("oauth.revoked", product=product)
    return ""
