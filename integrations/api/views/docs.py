"""The page that shows the API's document, in the browser."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularSwaggerSplitView


# Swagger UI draws its arrows and marks from images within its style sheet; scripts and styles are files, as elsewhere.
@method_decorator(csp_update({"img-src": ["data:"]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from our own files."""

    url_name = "api:schema"
    template_name = "integrations/api_docs.html"
    permission_classes: Any = []
    authentication_classes: Any = []
