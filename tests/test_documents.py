"""The documents agree with each other and with the code."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

BASE = Path(settings.BASE_DIR)
DOCUMENTS = sorted([*BASE.glob("*.md"), *(BASE / "docs").rglob("*.md")])
EXAMPLE = (BASE / ".env.example").read_text()
VARIABLES = set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))
ELSEWHERE = {"DJANGO_SETTINGS_MODULE", "POSTGRES_PASSWORD", "HTTPS_PROXY", "SKIP_LOCKED", "TEST_POSTGRES_URL"}
"""Names in capitals that look like our variables and are somebody else's."""

ids = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(BASE)))


def anchors(document: Path) -> set[str]:
    """The names under which a page's headings are linked, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", without_code(document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


@ids
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(document.read_text())):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.is_relative_to(BASE), target
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


@ids
def test_every_command_that_is_named_is_there(document: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", document.read_text()))
    assert named <= set(get_commands())
    targets = set(re.findall(r"^([a-z]+):", (BASE / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", document.read_text())) <= targets


@ids
def test_every_variable_that_is_named_is_there(document: Path) -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)\b", document.read_text()))
    makefile = set(re.findall(r"\b([A-Z_]+)\b", (BASE / "Makefile").read_text()))
    assert named - VARIABLES - ELSEWHERE - makefile == set()


def test_every_variable_has_words_above_it_that_say_what_it_is_for() -> None:
    for block in re.split(r"\n(?=#)", EXAMPLE):
        words, variables = re.findall(r"^# (?!---)(.+)$", block, re.MULTILINE), re.findall(r"^[A-Z_]+=", block, re.M)
        assert words or not variables, block
    lines = EXAMPLE.splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"[A-Z_]+=", line):
            assert before.strip(), f"{line} stands alone"


def test_every_document_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [BASE / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        linked = re.findall(r"\]\(([^)#\s]+)[^)]*\)", without_code(page.read_text()))
        paths = {(page.parent / target).resolve() for target in linked if "://" not in target}
        paths |= {child for path in list(paths) if path.is_dir() for child in path.glob("*.md")}
        waiting += [path for path in paths if path.suffix == ".md" and path not in seen]
    assert {path for path in DOCUMENTS if (BASE / "docs") in path.parents} <= seen


def test_the_licence_is_there_and_the_one_that_is_declared() -> None:
    assert (BASE / "LICENSE").read_text().startswith("MIT License")
    assert 'license = "MIT"' in (BASE / "pyproject.toml").read_text()
