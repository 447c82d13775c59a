from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.services.key_rotation import rotate_keys


class Command(BaseCommand):
    help = "Encrypts every stored secret with the first key of CREDENTIAL_KEYS. May be repeated, also while syncing."

    def handle(self, *args: Any, **options: Any) -> None:
        done = rotate_keys()
        self.stdout.write(f"{done.renewed} of {done.seen} secrets encrypted anew with the first key.")
        if done.lost:
            raise CommandError(
                f"No key decrypts the secrets of {len(done.lost)}: {', '.join(done.lost)}. They are as they were. "
                "Put the key that is missing behind the others and repeat this, or reconnect them."
            )
        self.stdout.write("All secrets use the first key: the keys behind it can be taken out of CREDENTIAL_KEYS.")
