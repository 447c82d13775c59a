from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import RedirectView

from integrations.admin.oauth import callback


def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; it touches neither the database nor the queue."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("healthz", healthz),
    # What an app's settings in the product name, so it stays as it is.
    path("oauth/<slug:product>/callback", callback, name="oauth_callback"),
    path("admin/", admin.site.urls),
]
