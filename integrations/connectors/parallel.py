"""A few single calls at a time, for products that write one person per call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def as_they_finish(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """The results of `work`, `workers` at a time, in the order in which they come.

    When one raises, no further item is begun; the results of those under way are still given, then it is raised.
    A caller who stops taking results ends it likewise, and loses those of the items under way.
    """
    if not items:
        return
    with ThreadPoolExecutor(min(workers, len(items)), thread_name_prefix="connector") as pool:

        def begin(item: Item) -> Future[Result]:
            # What the caller's log lines carry, the threads' shall carry too.
            return pool.submit(copy_context().run, work, item)

        waiting = iter(items)
        running: set[Future[Result]] = {begin(item) for item in islice(waiting, workers)}
        failure: BaseException | None = None
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            failure = failure or next((error for each in finished if (error := each.exception())), None)
            if failure is None:
                running |= {begin(item) for item in islice(waiting, len(finished))}
            for each in finished:
                if each.exception() is None:
                    yield each.result()
        if failure is not None:
            raise failure
