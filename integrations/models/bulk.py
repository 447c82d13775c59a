"""Storing many rows in one statement.

The rows travel as one JSON document, which the database turns into rows itself. Django's `bulk_create` and
`bulk_update` prepare and quote each value of each row in Python, which took more time than all else that a run does.
"""

# ruff: noqa: S608 -- put together are names of tables and columns; the values travel as a parameter

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, TypeAlias, TypeVar, cast

from django.db import connection, models, transaction

M = TypeVar("M", bound=models.Model)
_Field: TypeAlias = "models.Field[Any, Any]"

BATCH = 1_000
"""Rows in one document: one to two megabytes."""


def insert(model: type[M], rows: Iterable[M]) -> None:
    """Store new rows. They are not told their primary keys."""
    fields = _without_key(model)
    _each_batch(rows, fields, f"INSERT INTO {_names(model, fields)} {_selected(model, fields)}")


def insert_absent(model: type[M], rows: Iterable[M]) -> None:
    """Store new rows, leaving out those that a constraint of the table forbids."""
    fields = _without_key(model)
    _each_batch(rows, fields, f"INSERT INTO {_names(model, fields)} {_selected(model, fields)} ON CONFLICT DO NOTHING")


def upsert(model: type[M], rows: Iterable[M], *, by: Sequence[str], columns: Sequence[str]) -> None:
    """Store rows; of those that exist already, by the unique fields `by`, store the columns."""
    fields = _without_key(model)
    unique = ", ".join(_columns(_fields(model, by)))
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in _columns(_fields(model, columns)))
    conflict = f"ON CONFLICT ({unique}) DO UPDATE SET {changes}"
    _each_batch(rows, fields, f"INSERT INTO {_names(model, fields)} {_selected(model, fields)} {conflict}")


def overwrite(model: type[M], rows: Iterable[M], columns: Sequence[str]) -> None:
    """Store the columns of rows that exist."""
    fields, key = _fields(model, columns), model._meta.pk
    table, source = _table(model), _source(model)
    changes = ", ".join(f"{_columns([field])[0]} = {_given(field)}" for field in fields)
    where = f"{table}.{_columns([key])[0]} = {_given(key)}"
    _each_batch(rows, [key, *fields], f"UPDATE {table} SET {changes} FROM {source} WHERE {where}")


def _each_batch(rows: Iterable[M], fields: Sequence[_Field], statement: str) -> None:
    waiting = iter(rows)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        while batch := list(islice(waiting, BATCH)):
            cursor.execute(statement, [_document(batch, fields)])


def _document(rows: Sequence[models.Model], fields: Sequence[_Field]) -> str:
    moment = connection.ops.adapt_datetimefield_value
    document = []
    for row in rows:
        values = {}
        for field in fields:
            value = field.pre_save(row, row._state.adding)
            if isinstance(field, models.DateTimeField) and value is not None:
                value = str(moment(value))
            values[field.column] = value
        document.append(values)
    return json.dumps(document)


def _source(model: type[models.Model]) -> str:
    """The document as rows, under the name of `given`."""
    if connection.vendor == "postgresql":
        return f"json_populate_recordset(NULL::{_table(model)}, %s::json) AS given"
    return "json_each(%s) AS given"


def _given(field: _Field) -> str:
    """The field's value in a row of the document."""
    if connection.vendor == "postgresql":
        return f"given.{_columns([field])[0]}"
    return f"given.value ->> '$.{field.column}'"


def _selected(model: type[models.Model], fields: Sequence[_Field]) -> str:
    # Without a condition SQLite takes the ON of a conflict for that of a join.
    return f"SELECT {', '.join(map(_given, fields))} FROM {_source(model)} WHERE true"


def _names(model: type[models.Model], fields: Sequence[_Field]) -> str:
    return f"{_table(model)} ({', '.join(_columns(fields))})"


def _columns(fields: Sequence[_Field]) -> list[str]:
    return [connection.ops.quote_name(str(field.column)) for field in fields]


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _fields(model: type[models.Model], names: Sequence[str]) -> list[_Field]:
    return [cast(_Field, model._meta.get_field(name)) for name in names]


def _without_key(model: type[models.Model]) -> list[_Field]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]
