from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.services.api_tokens import create_token

MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Makes an API token for a user and prints it, once. It may do what the user's role allows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the user whom the token acts as")
        parser.add_argument("name", help="what will use it, such as “nightly report”")
        parser.add_argument("--days", type=int, help=f"how long it is good for, 1 to {MOST_DAYS}; default: for ever")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        if not user.is_active:
            raise CommandError(f"{user.username} may not sign in, so a token of theirs would be refused.")
        days = options["days"]
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days is {days}; accepted is 1 to {MOST_DAYS}.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        try:
            _, text = create_token(user=user, name=options["name"], expires_at=expires_at)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(text)
