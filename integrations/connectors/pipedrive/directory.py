"""What an account offers to the forms. A part that the key may not see is left out with a warning."""

from __future__ import annotations

from collections.abc import Callable

from integrations.connectors.errors import PermissionDenied
from integrations.connectors.ports import Directory
from integrations.domain.catalogue import Field, Member, SavedFilter

from . import translate
from .client import PipedriveClient


def read_directory(client: PipedriveClient, read_fields: Callable[[], tuple[Field, ...]]) -> Directory:
    """Users, fields and filters of people; no sequences, since Pipedrive has none. Raises ConnectorError."""
    warnings: list[str] = []
    members, complete = _members(client, warnings)
    return Directory(
        members=members,
        fields=_fields(read_fields, warnings),
        saved_filters=_saved_filters(client, warnings),
        sequences=(),
        warnings=tuple(warnings),
        members_are_complete=complete,
    )


def _members(client: PipedriveClient, warnings: list[str]) -> tuple[tuple[Member, ...], bool]:
    try:
        return tuple(translate.member(user) for user in client.users()), True
    except PermissionDenied as error:
        warnings.append(f"The users could not be read, so only the key's own user is offered. {error.message}")
        return (translate.member(client.me()),), False


def _fields(read_fields: Callable[[], tuple[Field, ...]], warnings: list[str]) -> tuple[Field, ...]:
    try:
        return read_fields()
    except PermissionDenied as error:
        warnings.append(f"The fields could not be read, so only the usual ones are offered. {error.message}")
        return translate.ALWAYS_THERE


def _saved_filters(client: PipedriveClient, warnings: list[str]) -> tuple[SavedFilter, ...]:
    try:
        return translate.saved_filters(client.filters())
    except PermissionDenied as error:
        warnings.append(f"The saved filters could not be read, so none is offered. {error.message}")
        return ()
