"""Where products deliver their webhooks. Answers at once: a delivery is a hint, and all else happens later."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.connectors import registry
from integrations.connectors.errors import UnexpectedResponse
from integrations.services.hints import note
from integrations.services.webhooks import is_login_of, webhook_by_secret

MOST_BYTES = 256 * 1024


@csrf_exempt  # takes no form: guarded by the secret in its address and by basic authentication
@never_cache
@require_POST
def receive(request: HttpRequest, product: str, secret: str) -> HttpResponse:
    """Keep whom a delivery is about.

    204 when it was taken, also when it is about nobody; 404 for an address that is nobody's, 401 for a wrong user or
    password, 413 for a body of more than MOST_BYTES, 400 for one that is no delivery.
    """
    webhook = webhook_by_secret(product, secret) if product in registry.products() else None
    read = registry.connector(product).read_notice if webhook is not None else None
    if webhook is None or read is None:
        return _answer(404, "There is no webhook here.")
    if not is_login_of(webhook, request.headers.get("Authorization", "")):
        answer = _answer(401, "The user or the password is wrong.")
        answer["WWW-Authenticate"] = 'Basic realm="webhook"'
        return answer
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return _answer(413, f"A delivery has {MOST_BYTES} bytes at the most.")
    try:
        notice = read(request.body)
    except UnexpectedResponse as error:
        return _answer(400, error.message)
    note(webhook, notice)
    return HttpResponse(status=204)


def _answer(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
