"""Checks calls of Pipedrive, and answers to them, against its published OpenAPI files.

The files beside this one hold the operations that the project calls. Requests are held to them strictly: undocumented
parameters and body properties fail. Answers are held to the declared types; where recorded live answers differ from the
files (nulls, a few further properties), the differences are named below, and nothing else is let through.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

_HERE = Path(__file__).parent
_PREFIX = re.compile(r"^(?:/pipedrive)?/(?:api/(v1|v2)|(v1))(/.*)$")

# The vendor's SDK changelog (32.0.0) made these nullable "to match real behaviour"; next_cursor was recorded as null.
_NULL_WHEN_LIVE = frozenset((
    "last_name", "org_id", "picture_id", "postal_address", "notes", "birthday", "job_title", "custom_fields",
    "next_cursor", "organization", "label", "org_name", "cc_email", "last_delivery_time", "next_activity_id",
    "last_activity_id", "last_incoming_mail_time", "last_outgoing_mail_time",
))  # fmt: skip

# Recorded, or promised by a parameter's description, but missing from the schemas.
_MORE_WHEN_LIVE = frozenset((
    "labels", "primary_email", "is_admin", "additional_data", "address", "merge_what_id", "is_writable", "description",
    "can_change_people_owner", "next_start", "pagination",
))  # fmt: skip


_ERROR_MEMBERS = frozenset(("error_info", "data", "code", "errorCode"))


def validate_request(method: str, path: str, query: Iterable[tuple[str, str]] = (), body: Any = None) -> None:
    """Raise AssertionError, saying why, when this is not a documented call. `path` may begin with `/pipedrive`."""
    operation = operation_of(method, path)
    parameters = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
    sent = dict(query)
    for name, value in sent.items():
        assert name in parameters, f"{method} {path} has no documented parameter {name}"
        _check_parameter(name, value, parameters[name]["schema"])
    missing = {name for name, one in parameters.items() if one.get("required")} - set(sent)
    assert not missing, f"{method} {path} needs {', '.join(sorted(missing))}"
    schema = _body_schema(operation)
    if schema is not None:
        _check(body, _close(_flatten(schema), frozenset()), f"the body of {method} {path}")
    else:
        assert not body, f"{method} {path} has no body"


def validate_response(method: str, path: str, status: int, body: Any) -> None:
    """Raise AssertionError, saying why, when an answer is not as documented. `body` is parsed JSON.

    The files declare few errors: for the others, only the envelope is checked.
    """
    operation = operation_of(method, path)
    responses = operation["responses"]
    declared = responses.get(str(status)) or (responses.get("200") if status in (200, 201) else None)
    if declared is None:
        assert status >= 400, f"{method} {path} does not answer {status}"
        assert isinstance(body, dict), f"{status} of {method} {path} is no object"
        assert body.get("success") is (status == 410), f"{status} of {method} {path} says success"
        return
    if status in (200, 201):
        assert body.get("success") is True, f"{status} of {method} {path} does not say success"
    schema = declared.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        further = _ERROR_MEMBERS if status >= 400 else _includable(operation)
        closed = _close(_tolerate(_flatten(schema)), _MORE_WHEN_LIVE | further)
        _check(body, closed, f"{status} of {method} {path}")


def operation_of(method: str, path: str) -> dict[str, Any]:
    """The OpenAPI operation of a call. Raises AssertionError when there is none."""
    match = _PREFIX.match(path)
    assert match is not None, f"{path} is below none of /v1, /api/v1 and /api/v2"
    version, rest = match[1] or match[2], match[3]
    candidates = sorted(operations(version), key=lambda one: one[1].count("{"))
    for candidate_method, template, operation in candidates:
        pattern = re.sub(r"\\{(\w+)\\}", lambda part: r"\d+" if part[1] == "id" else "[^/]+", re.escape(template))
        if candidate_method == method.upper() and re.fullmatch(pattern, rest):
            return operation
    raise AssertionError(f"Pipedrive {version} has no {method} {rest}, or the trimmed file lacks it")


@cache
def operations(version: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation of a version: method, path template, operation."""
    document = json.loads((_HERE / f"pipedrive-{version}.json").read_text())
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _check_parameter(name: str, value: str, schema: Mapping[str, Any]) -> None:
    kind = schema.get("type")
    if kind in ("integer", "number"):
        assert re.fullmatch(r"-?\d+", value), f"{name} is {value!r}, not a number"
    if kind == "boolean":
        assert value in ("true", "false"), f"{name} is {value!r}, not true or false"
    if "enum" in schema:
        allowed = {str(one) for one in schema["enum"]}
        # Lists are declared as an enum of their items.
        assert set(value.split(",")) <= allowed, f"{name} is {value!r}, not of {sorted(allowed)}"


def _includable(operation: Mapping[str, Any]) -> frozenset[str]:
    """What `include_fields` adds to answers, which the schemas leave out."""
    parameter = next((one for one in operation["parameters"] if one["name"] == "include_fields"), None)
    return (
        frozenset(name for one in parameter["schema"]["enum"] for name in one.split(",")) if parameter else frozenset()
    )


def _body_schema(operation: Mapping[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = (
        operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    )
    return schema


def _check(body: Any, schema: dict[str, Any], what: str) -> None:
    errors = sorted(OAS30Validator(schema).iter_errors(body), key=lambda error: list(error.absolute_path))
    told = "; ".join(
        f"{'/'.join(map(str, error.absolute_path)) or 'the whole'}: {error.message}" for error in errors[:5]
    )
    assert not errors, f"{what}: {told}"


def _flatten(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with every allOf made one object, so that it can be closed."""
    flat: dict[str, Any] = {name: copy.copy(value) for name, value in schema.items() if name != "allOf"}
    for part in schema.get("allOf", ()):
        for name, value in _flatten(part).items():
            if name in ("properties", "required") and name in flat:
                flat[name] = {**flat[name], **value} if name == "properties" else [*flat[name], *value]
            else:
                flat[name] = value
    if "properties" in flat:
        flat["properties"] = {name: _flatten(value) for name, value in flat["properties"].items()}
    if isinstance(flat.get("items"), dict):
        flat["items"] = _flatten(flat["items"])
    return flat


def _tolerate(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with null allowed where live answers have it."""
    made = dict(schema)
    if "properties" in made:
        made["properties"] = {
            name: {**_tolerate(value), "nullable": True} if name in _NULL_WHEN_LIVE else _tolerate(value)
            for name, value in made["properties"].items()
        }
    if isinstance(made.get("items"), dict):
        made["items"] = _tolerate(made["items"])
    return made


def _close(schema: dict[str, Any], more: frozenset[str]) -> dict[str, Any]:
    """The schema with undeclared properties refused, except custom fields' keys and those in `more`."""
    made = dict(schema)
    if "properties" in made:
        made["properties"] = {name: _close(value, more) for name, value in made["properties"].items()}
        if not made.get("additionalProperties"):
            codes: dict[str, Any] = {"^[0-9a-f]{40}(_[a-z_]+)?$": {}}
            made["patternProperties"] = codes | ({f"^({'|'.join(sorted(more))})$": {}} if more else {})
            made["additionalProperties"] = False
    if isinstance(made.get("items"), dict):
        made["items"] = _close(made["items"], more)
    return made
