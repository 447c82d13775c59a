"""Which products there are. A new one is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .oauth import OAuthOpener
from .pipedrive.adapter import open_account as open_pipedrive
from .pipedrive.oauth import open_oauth as open_pipedrive_oauth
from .pipedrive.spec import SPEC as PIPEDRIVE
from .pipedrive.webhooks import read_notice as read_pipedrive_notice
from .ports import ConnectorSpec, Opener
from .replyio.adapter import open_account as open_replyio
from .replyio.spec import SPEC as REPLYIO
from .webhooks import NoticeReader


@dataclass(frozen=True, slots=True)
class Registered:
    """A product's constants, how an account of it is opened, and what only some products have.

    `oauth`: people can sign in. `read_notice`: its webhooks tell of changed people, and its connector is a
    `webhooks.Subscriber`.
    """

    spec: ConnectorSpec
    open: Opener
    oauth: OAuthOpener | None = None
    read_notice: NoticeReader | None = None


class UnknownProduct(LookupError):  # noqa: N818 -- says what is the matter
    """There is no connector for a product of this name."""


_REGISTERED = (
    Registered(PIPEDRIVE, open_pipedrive, open_pipedrive_oauth, read_pipedrive_notice),
    Registered(REPLYIO, open_replyio),
)
_BY_NAME: Mapping[str, Registered] = {each.spec.product: each for each in _REGISTERED}


def products() -> tuple[str, ...]:
    """The names of all products, in the order in which they are offered."""
    return tuple(_BY_NAME)


def connector(product: str) -> Registered:
    """The product of this name. Raises UnknownProduct, naming those that there are."""
    try:
        return _BY_NAME[product]
    except KeyError:
        raise UnknownProduct(f"There is no product {product!r}; there are {', '.join(_BY_NAME)}.") from None
