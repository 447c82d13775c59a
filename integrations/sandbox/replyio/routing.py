"""Which handler answers which method and path, and the refusals when none does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.bodies import MOST_ID
from integrations.sandbox.replyio.call import Call
from integrations.sandbox.replyio.errors import ProblemError, invalid

Handler = Callable[[Call], Response]
_PARAMETER = re.compile(r"\{(\w+)\}")
_GUID = "{guid}"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `{guid}` in the path is any text, every other `{name}` a positive integer.

    `scope` is empty when every key may.
    """

    method: str
    path: str
    scope: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class _Path:
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    by_method: dict[str, Route]


class Router:
    """Finds routes. Paths with fewer numbers in them win."""

    def __init__(self, routes: Iterable[Route]) -> None:
        paths: dict[str, _Path] = {}
        for route in routes:
            if route.path not in paths:
                numeric = route.path.replace(_GUID, "[^/]+")
                names = tuple(_PARAMETER.findall(numeric))
                pattern = re.compile(_PARAMETER.sub("([^/]+)", numeric))
                paths[route.path] = _Path(pattern, names, {})
            paths[route.path].by_method[route.method] = route
        self._paths = sorted(paths.values(), key=lambda path: len(path.names))

    def find(self, method: str, path: str) -> tuple[Route, tuple[int, ...]]:
        """The route and the integers of its path.

        Raises ProblemError: 404 for an unknown path, 405 with `Allow` for a wrong method, 400 for an id that is none.
        """
        for each in self._paths:
            match = each.pattern.fullmatch(path)
            if match is None:
                continue
            route = each.by_method.get(method)
            if route is None:
                allow = {"Allow": ", ".join(sorted(each.by_method))}
                raise ProblemError(405, f"{method} is not allowed on {path}.", headers=allow)
            return route, _integers(each.names, match.groups())
        raise ProblemError(404, f"There is nothing at {path}.")


def _integers(names: tuple[str, ...], values: tuple[str, ...]) -> tuple[int, ...]:
    wrong = [name for name, value in zip(names, values, strict=True) if not _is_id(value)]
    if wrong:
        raise invalid([(name, f"The field {name} must be between 1 and {MOST_ID}.") for name in wrong], of_body=False)
    return tuple(int(value) for value in values)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= MOST_ID
