"""What can be chosen about the imitated products, in one group per product (see their own `options.py`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from integrations.sandbox.pipedrive.options import PipedriveOptions
from integrations.sandbox.replyio.options import ReplyOptions


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Everything that can be chosen. `log_limit` is how many calls the log remembers; its counters stay exact."""

    pipedrive: PipedriveOptions = field(default_factory=PipedriveOptions)
    replyio: ReplyOptions = field(default_factory=ReplyOptions)
    log_limit: int = 200_000

    def with_values(self, values: Mapping[str, object]) -> SandboxOptions:
        """A copy with dotted names (`pipedrive.plan`) set; text is read as the option's own type.

        Raises ValueError, naming the option, on an unknown name or a value that it does not take.
        """
        changed = self
        for name, value in values.items():
            group, _, option = name.rpartition(".")
            if group == "":
                changed = _set(changed, option, value, name)
            elif group == "pipedrive":
                changed = replace(changed, pipedrive=_set(changed.pipedrive, option, value, name))
            elif group in ("reply", "replyio"):
                changed = replace(changed, replyio=_set(changed.replyio, option, value, name))
            else:
                raise ValueError(f"There is no option {name}.")
        return changed

    def without_limits(self) -> SandboxOptions:
        """A copy in which neither product limits calls."""
        return self.with_values({"pipedrive.limits": False, "replyio.limits": False})

    def as_dict(self) -> dict[str, Any]:
        """All options as JSON."""
        return asdict(self)


_Options = TypeVar("_Options", PipedriveOptions, ReplyOptions, SandboxOptions)
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _set(options: _Options, option: str, value: object, name: str) -> _Options:
    types = get_type_hints(type(options))
    if option not in {one.name for one in fields(options)} or option in ("pipedrive", "replyio"):
        raise ValueError(f"There is no option {name}.")
    kind = types[option]
    allowed = get_args(kind) if get_origin(kind) is Literal else ()
    try:
        read = _read(value, type(allowed[0]) if allowed else kind)
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{name} does not take {value!r}.") from error
    if allowed and read not in allowed:
        raise ValueError(f"{name} is one of {', '.join(map(str, allowed))}, not {value!r}.")
    changes: dict[str, Any] = {option: read}
    return replace(options, **changes)


def _read(value: object, kind: type) -> object:
    if kind is bool:
        return value if isinstance(value, bool) else _TRUTH[str(value).lower()]
    if kind is str:
        return str(value)
    return kind(json.loads(value) if isinstance(value, str) else value)
