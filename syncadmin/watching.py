"""What machines ask: is the process there, is the installation ready, and how is it doing."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from integrations.services.metrics import exposition
from integrations.services.readiness import readiness

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_VIA")


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; it touches neither the database nor the queue."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything works, else 503. Anybody may ask, so it names what is not well and says no more."""
    found = readiness()
    return JsonResponse({"ready": found.is_ready, "checks": found.checks}, status=200 if found.is_ready else 503)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, with METRICS_TOKEN as a bearer token; without one, for this machine only."""
    if not _may_read_metrics(request):
        answer = HttpResponse("Send METRICS_TOKEN as a bearer token.\n", content_type="text/plain", status=401)
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    # What a proxy on this machine passes on comes from this machine too, for others.
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and not any(name in request.META for name in FORWARDED)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
