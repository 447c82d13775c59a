from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from integrations.admin.oauth import callback
from integrations.hooks import receive
from syncadmin.watching import healthz, metrics, readyz

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    # What an app's settings in the product name, so it stays as it is.
    path("oauth/<slug:product>/callback", callback, name="oauth_callback"),
    path("hooks/<slug:product>/<str:secret>/", receive, name="hooks"),
    path("api/v1/", include("integrations.api.urls")),
    path("admin/", admin.site.urls),
]
