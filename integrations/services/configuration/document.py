"""Reading YAML that anybody may have written: plain values only, of bounded size, each with its line and path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

import yaml

from .problems import ConfigurationRefused, Problem

LARGEST_FILE = 1024 * 1024
DEEPEST = 12
"""Levels. The format itself has seven."""
LONGEST_TEXT = 255
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def read_document(data: bytes) -> Entry:
    """The file's top. Raises ConfigurationRefused when it is no single, plain YAML document."""
    if len(data) > LARGEST_FILE:
        raise _refused(0, f"The file has {len(data):,} bytes; at most {LARGEST_FILE:,} are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(data[: error.start].count(b"\n") + 1, "The file is not UTF-8 text.") from None
    try:
        _refuse_tricks(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(mark.line + 1 if mark else 0, f"This is not YAML: {error.problem}.") from None
    except yaml.YAMLError:
        raise _refused(0, "This is not YAML: it holds characters that YAML does not allow.") from None
    if node is None:
        raise _refused(0, "The file is empty.")
    return Entry(node, "", [])


def _refuse_tricks(text: str) -> None:
    """Look at the events, which come one by one, before anything is built of them."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused(line, "Anchors and aliases (& and *) are not read; write the value out.")
        if getattr(event, "tag", None) is not None:
            raise _refused(line, "Tags (!) are not read; write a plain value.")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refused(line, "The file holds several documents; write one.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _refused(line, f"The file is nested more than {DEEPEST} levels deep.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refused(line: int, message: str) -> ConfigurationRefused:
    return ConfigurationRefused([Problem(line, "", message)])


class Entry:
    """A value of the file with its place. What is wrong is noted in `problems`, which all entries of a file share;
    readers then answer None, so that one reading finds all mistakes."""

    def __init__(self, node: yaml.Node, path: str, problems: list[Problem]) -> None:
        self.node = node
        self.path = path
        self.problems = problems

    def refuse(self, message: str) -> None:
        """Note that this value is wrong."""
        self.problems.append(Problem(self.node.start_mark.line + 1, self.path, message))

    @property
    def is_null(self) -> bool:
        """Whether it says null, or nothing."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == "tag:yaml.org,2002:null"

    def entries(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Entry] | None:
        """The entries by key; None when it holds no keys. Unknown, doubled and missing keys are noted."""
        needed = list(required)
        known = [*needed, *optional]
        if not isinstance(self.node, yaml.MappingNode):
            self.refuse(f"Expected are keys such as {', '.join(known[:3])}.")
            return None
        found: dict[str, Entry] = {}
        for key_node, value_node in self.node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            entry = Entry(key_node, self.path, self.problems)
            if not isinstance(key, str) or key not in known:
                near = get_close_matches(str(key), known, 1)
                meant = f"Did you mean “{near[0]}”?" if near else f"Known are {', '.join(known)}."
                entry.refuse(f"There is no key “{_short(key)}” here. {meant}")
            elif key in found:
                entry.refuse(f"The key “{key}” is here twice.")
            else:
                found[key] = Entry(value_node, f"{self.path}.{key}".lstrip("."), self.problems)
        for key in needed:
            if key not in found:
                self.refuse(f"The key “{key}” is missing.")
        return found

    def items(self) -> list[Entry] | None:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.refuse("Expected is a list: lines that begin with a dash.")
            return None
        return [Entry(node, f"{self.path}[{n}]", self.problems) for n, node in enumerate(self.node.value, start=1)]

    def text(self, longest: int = LONGEST_TEXT, *, is_stored: bool = True) -> str | None:
        """A text as it is written, also where YAML would take it for a number or a yes.

        Names that are only looked up may hold whatever a product lets people type.
        """
        if not isinstance(self.node, yaml.ScalarNode) or self.is_null:
            self.refuse("Expected is a text.")
            return None
        value: str = self.node.value
        if len(value) > longest:
            self.refuse(f"The text has {len(value)} characters; at most {longest} are accepted.")
            return None
        if is_stored and _UNPRINTABLE.search(value):
            self.refuse("The text holds characters that cannot be shown.")
            return None
        return value

    def boolean(self) -> bool | None:
        """true or false."""
        value = self.node.value if isinstance(self.node, yaml.ScalarNode) else None
        if value in ("true", "false") and self.node.tag.endswith(":bool"):
            return bool(value == "true")
        self.refuse(f"“{_short(value)}” is neither true nor false.")
        return None

    def integer(self) -> int | None:
        """A whole number."""
        value = self.node.value if isinstance(self.node, yaml.ScalarNode) else None
        if self.node.tag.endswith(":int") and re.fullmatch(r"-?[0-9]{1,9}", str(value)):
            return int(str(value))
        self.refuse(f"“{_short(value)}” is not a whole number.")
        return None

    def choice(self, accepted: Iterable[str]) -> str | None:
        """One of the words."""
        words = list(accepted)
        value = self.node.value if isinstance(self.node, yaml.ScalarNode) else None
        if value in words:
            return str(value)
        self.refuse(f"“{_short(value)}” is not accepted; one of {', '.join(word or '“”' for word in words)} is.")
        return None


def _short(value: object) -> str:
    text = "…" if value is None or isinstance(value, list) else str(value)
    return text if len(text) <= 40 else text[:40] + "…"
