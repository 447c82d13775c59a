"""Query parameters, checked before anything is looked up."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from .errors import Invalid, in_parameter
from .pagination import NewestFirst

OF_PAGES = {NewestFirst.cursor_query_param, NewestFirst.page_size_query_param}


def read_query(request: Request, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The parameters' values, without those that are absent. Raises Invalid, naming each parameter."""
    given = {name: value for name, value in request.query_params.items() if name not in OF_PAGES}
    checked = serializer(data=given)
    if not checked.is_valid():
        raise Invalid(*(in_parameter(name, str(text)) for name, texts in checked.errors.items() for text in texts))
    values: dict[str, Any] = checked.validated_data
    return values
