"""The one place that puts work on the task queue: by dotted name, on commit, with nothing but ids."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django_q.tasks import async_task


def enqueue(task: str, *ids: int) -> None:
    """Queue `integrations.tasks.<task>` once the present transaction is committed."""
    transaction.on_commit(lambda: async_task(f"integrations.tasks.{task}", *ids, task_name=f"{task} {ids}"))


def enqueue_chunks(chunk_ids: Iterable[int]) -> None:
    """Queue each chunk."""
    for chunk_id in chunk_ids:
        enqueue("run_chunk", chunk_id)
