"""Connecting by signing in: off to the product with a state that is good once, and back with a code."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations.connectors import registry
from integrations.connectors.errors import UnexpectedResponse
from integrations.connectors.ports import ConnectorSpec
from integrations.domain.enums import Role
from integrations.models import Account
from integrations.services.accounts import AccountRefused
from integrations.services.oauth import (
    connect_by_oauth,
    note_uninstalled,
    oauth_client,
    offers_oauth,
    reconnect_by_oauth,
)

from .account_forms import welcome

STATE_LASTS = 600.0
"""Seconds from the button to the return."""
MOST_AT_ONCE = 5
"""Sign-ins that one session can have under way, in several tabs."""
_SESSION_KEY = "oauth_states"
_DENIALS = ("user_denied", "access_denied")

Pending: TypeAlias = dict[str, Any]


def offer(spec: ConnectorSpec, **query: object) -> dict[str, str] | None:
    """What a page says of signing in: a button's address, none where no app is set; None where nobody can sign in.

    `query` says what is to become of the tokens: see `start`.
    """
    if not offers_oauth(spec.product):
        return None
    address = f"{reverse('admin:oauth_start', args=[spec.product])}?{urlencode(query)}"
    return {
        "label": spec.label,
        "address": address if oauth_client(spec.product) else "",
        "variables": f"{spec.product.upper()}_CLIENT_ID and {spec.product.upper()}_CLIENT_SECRET",
    }


def start(request: HttpRequest, product: str) -> HttpResponse:
    """Send the user to the product's sign-in.

    `?account=<id>` gives that account the tokens; otherwise a new one is made, which leads to its page with
    `?then=record`, else to the next stage of the guided path, whose choices come along.
    """
    client = oauth_client(product) if product in registry.products() else None
    if client is None:
        raise Http404
    account_id = request.GET.get("account", "")
    pending: Pending = {
        "product": product,
        "user": request.user.pk,
        "at": time.time(),
        "account": int(account_id) if account_id.isdecimal() else None,
        "then": request.GET.get("then", ""),
        "chosen": {role: request.GET[role] for role in Role if request.GET.get(role, "").isdecimal()},
    }
    _check_permission(request, pending)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        # Another site's link would begin something that nobody here asked for.
        messages.warning(request, "Begin the sign-in on this page.")
        return HttpResponseRedirect(_back(pending))
    state = secrets.token_urlsafe(32)
    # A reader of the session table cannot use a hash.
    others = [each for each in request.session.get(_SESSION_KEY, []) if _is_young(each)]
    request.session[_SESSION_KEY] = [*others[1 - MOST_AT_ONCE :], {**pending, "hash": _hash(state)}]
    return HttpResponseRedirect(client.authorize_url(redirect_uri=_redirect_uri(request, product), state=state))


@csrf_exempt  # neither verb takes a form: the one is guarded by its state, the other by the app's credentials
@never_cache
@require_http_methods(["GET", "DELETE"])
def callback(request: HttpRequest, product: str) -> HttpResponse:
    """Where the product sends people back (GET), and notices that somebody removed the app (DELETE)."""
    if product not in registry.products() or not offers_oauth(product):
        raise Http404
    return _uninstalled(request, product) if request.method == "DELETE" else _return(request, product)


def _return(request: HttpRequest, product: str) -> HttpResponse:
    label = registry.connector(product).spec.label
    pending = _take(request, product)
    if pending is None:
        messages.error(
            request,
            f"This sign-in to {label} was not begun in this session, took longer than ten minutes, or was used "
            "already. Nothing was connected; begin it again.",
        )
        return HttpResponseRedirect(reverse("admin:connect"))
    _check_permission(request, pending)
    error, code = request.GET.get("error", ""), request.GET.get("code", "")
    if error or not code:
        denied = f"You did not let this installation in at {label}, so nothing was connected."
        failed = f"{label} ended the sign-in without letting us in ({error[:100] or 'no reason given'})."
        messages.error(request, denied if error in _DENIALS else f"{failed} Nothing was connected.")
        return HttpResponseRedirect(_back(pending))
    try:
        account = _connect(request, pending, code)
    except AccountRefused as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(_back(pending))
    welcome(request, account)
    if pending["account"] or pending["then"] == "record":
        return HttpResponseRedirect(reverse("admin:integrations_account_change", args=[account.pk]))
    return HttpResponseRedirect(_guided({**pending["chosen"], account.role: account.pk}))


def _connect(request: HttpRequest, pending: Pending, code: str) -> Account:
    redirect_uri = _redirect_uri(request, pending["product"])
    by: Any = request.user
    if pending["account"] is None:
        return connect_by_oauth(product=pending["product"], code=code, redirect_uri=redirect_uri, by=by)
    account = Account.objects.filter(pk=pending["account"], product=pending["product"]).first()
    if account is None:
        raise AccountRefused("", "The account was deleted meanwhile.")
    reconnect_by_oauth(account=account, code=code, redirect_uri=redirect_uri, by=by)
    return account


def _take(request: HttpRequest, product: str) -> Pending | None:
    """The sign-in that the state belongs to, which is used up by this; None when it is not this user's, or too old."""
    given = _hash(request.GET.get("state", ""))
    found: Pending | None = None
    others: list[Pending] = []
    for each in request.session.get(_SESSION_KEY, []):
        if hmac.compare_digest(each["hash"], given):
            found = each
        else:
            others.append(each)
    if found is None:
        return None
    request.session[_SESSION_KEY] = others
    # Now, since what follows takes seconds in which the state could be sent again.
    request.session.save()
    is_theirs = found["user"] == request.user.pk and found["product"] == product
    return found if is_theirs and _is_young(found) else None


def _uninstalled(request: HttpRequest, product: str) -> HttpResponse:
    client = oauth_client(product)
    if client is None:
        raise Http404
    try:
        left = client.uninstalled(authorization=request.headers.get("Authorization", ""), body=request.body)
    except UnexpectedResponse as error:
        return HttpResponse(f"{error.message}\n", status=400, content_type="text/plain")
    if left is None:
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="app"'})
    note_uninstalled(product=product, company_id=left.company_id, user_id=left.user_id)
    return HttpResponse(status=204)


def _check_permission(request: HttpRequest, pending: Pending) -> None:
    needed = ["integrations.change_account"] if pending["account"] else ["integrations.add_account"]
    if not pending["account"] and pending["then"] != "record":
        needed.append("integrations.add_connection")
    user: Any = request.user
    if not (user.is_active and user.is_staff and user.has_perms(needed)):
        raise PermissionDenied


def _back(pending: Pending) -> str:
    """The page with the button."""
    if pending["account"]:
        return reverse("admin:integrations_account_reconnect", args=[pending["account"]])
    if pending["then"] == "record":
        return f"{reverse('admin:integrations_account_add')}?{urlencode({'product': pending['product']})}"
    return _guided(pending["chosen"])


def _guided(chosen: dict[str, Any]) -> str:
    return f"{reverse('admin:connect')}?{urlencode(chosen)}"


def _redirect_uri(request: HttpRequest, product: str) -> str:
    return request.build_absolute_uri(reverse("oauth_callback", args=[product]))


def _is_young(pending: Pending) -> bool:
    return 0 <= time.time() - float(pending["at"]) <= STATE_LASTS


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
