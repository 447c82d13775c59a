from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.services.explain import explain
from integrations.services.explanation import Explanation, Line, PastEntry, StepStory


class Command(BaseCommand):
    help = "Says what every sync step would do with a person and why, from what was last read. Writes to nobody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("who", help="an e-mail address of the person, or the person's id in a product")

    def handle(self, *args: Any, **options: Any) -> None:
        answer = explain(options["who"])
        for line in _accounts(answer):
            self.stdout.write(line)
        if not answer.people:
            raise CommandError(f"Nobody by {options['who']!r} was there when the accounts were last read.")
        for story in answer.steps:
            for line in _step(story):
                self.stdout.write(line)
        if not answer.steps:
            self.stdout.write("\nNo sync step takes people from there.")
        self.stdout.write("\nWhat the last runs did" + ("" if answer.past else ": nothing that left an entry"))
        for entry in answer.past:
            self.stdout.write(f"  {_past(entry)}")


def _accounts(answer: Explanation) -> Iterator[str]:
    for account in answer.accounts:
        read = f"last read {_moment(account.read_at)}" if account.read_at else "never read yet"
        yield f"{account.account} ({read})"
        for one in account.people:
            gone = f", not seen since {_moment(one.missing_since)}" if one.missing_since else ""
            addresses = ", ".join(one.emails) or "no e-mail address"
            yield f"  {one.name or '(no name)'} <{addresses}>, id {one.id}, owner {one.owner}{gone}: {one.found_by}"
        if not account.people:
            yield "  nobody"
    if answer.left_out:
        yield f"  {answer.left_out} more have this address; ask by id."


def _step(story: StepStory) -> Iterator[str]:
    yield f"\n{story.connection}: {story.step}, {story.person.name or story.person.id}"
    yield f"  {story.verdict.words}" + (f": {story.reason}" if story.reason else "")
    if story.detail:
        yield f"    {story.detail}"
    for hindrance in story.hindrances:
        yield f"  ! {hindrance}"
    yield f"  Filters: {'passes' if story.filter.passed else 'does not pass'} ({story.filter.words})"
    for rule in story.filter.rules:
        yield f"    {'yes' if rule.passed else 'no '} {rule.words} (here: {rule.actual or 'empty'})"
    for label, line in (("Match", story.match), ("Owner", story.owner), ("Sequence", story.sequence)):
        if line is not None:
            yield f"  {label}: {_line(line)}"
    for field in story.changed_fields:
        remark = f"; {field.remark}" if field.remark else ""
        yield f"  {field.label}: {field.before or '(empty)'} → {field.after or '(empty)'} ({field.cause}{remark})"
    for field in story.kept_fields:
        yield f"  {field.label}: stays {field.before or '(empty)'} ({field.cause}; {field.remark})"
    for note in story.notes:
        yield f"  Note: {note}"


def _line(line: Line) -> str:
    return f"{line.words} ({line.cause})" if line.cause else line.words


def _past(entry: PastEntry) -> str:
    parts = [entry.reason, entry.detail, ", ".join(entry.changed)]
    parts += [f"owner {entry.owner}" if entry.owner else "", entry.enrolment]
    told = "; ".join(part for part in parts if part)
    return f"{_moment(entry.at)} {entry.run}, {entry.step}: {entry.outcome}" + (f" ({told})" if told else "")


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
