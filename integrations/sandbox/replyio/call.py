"""One authenticated call on its way to a handler, and what handlers answer with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from integrations.sandbox.core import Deliver, Json, Request, Response
from integrations.sandbox.replyio.auth import Caller
from integrations.sandbox.replyio.errors import ProblemError, business
from integrations.sandbox.replyio.options import ReplyOptions
from integrations.sandbox.replyio.state import State

_T = TypeVar("_T")
_FAILURE_NUMBERS = {
    "notFound": 1, "contactNotFound": 1, "forbidden": 2, "invalidInput": 3, "contactLimitExceeded": 4,
    "contactAlreadyInSequence": 5, "notInSequence": 6, "sequenceArchived": 7, "notProcessed": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler works with. `ids` are the integers of the path, in order."""

    request: Request
    state: State
    options: ReplyOptions
    caller: Caller
    deliver: Deliver
    ids: tuple[int, ...] = ()

    def page(self, resource: str, *, most: int = 1000) -> tuple[int, int]:
        """`top` (25 when absent) and `skip`. Raises ProblemError `<resource>.invalidPagination`."""
        top, skip = self._number("top", 25), self._number("skip", 0)
        if top is None or skip is None or not 1 <= top <= most or skip < 0:
            code = f"{resource}.invalidPagination"
            raise business(400, code, f"Parameter 'top' must be between 1 and {most} and 'skip' at least 0.")
        return top, skip

    def failure(self, slug: str, details: str | None = None) -> dict[str, Json]:
        """One entry of a failures dictionary, its error a slug or a number (see `ReplyOptions.failure_codes`)."""
        error = _FAILURE_NUMBERS.get(slug, 0) if self.options.failure_codes == "number" else slug
        return {"error": error, "errorDetails": details}

    def _number(self, name: str, default: int) -> int | None:
        text = self.request.first(name)
        if text is None:
            return default
        try:
            return int(text)
        except ValueError:
            return None


def paged(items: Iterable[_T], top: int, skip: int, show: Callable[[_T], Json]) -> Response:
    """A page `{items, hasMore}` of records that are shown one by one."""
    window = list(islice(items, skip, skip + top + 1))
    return Response.of_json({"items": [show(each) for each in window[:top]], "hasMore": len(window) > top})


def wrote(data: Json, status: int = 200) -> Response:
    """The JSON answer of a call that changed something."""
    answer = Response.of_json(data, status)
    answer.wrote = True
    return answer


def nothing() -> Response:
    """204, the answer of a call that changed something and has nothing to show."""
    return Response(204, wrote=True)


def not_found(resource: str, detail: str) -> ProblemError:
    """404 `<resource>.notFound`."""
    return business(404, f"{resource}.notFound", detail)
