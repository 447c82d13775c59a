"""Keeps secrets and personal data out of what is said about a call."""

from __future__ import annotations

import re
from collections.abc import Iterable

SAMPLE_LENGTH = 300
_SHORTEST_SECRET = 6
_ADDRESS = re.compile(r"[^\s\"'<>@,:;()\\]+@[^\s\"'<>@,:;()\\]+")


class Redactor:
    """Knows some secrets, and never says them. Words of a header such as `Bearer <key>` count one by one.

    Values shorter than six characters (a user id, say) are no secrets.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        words = {word for secret in secrets for word in (secret, *secret.split()) if len(word) >= _SHORTEST_SECRET}
        # The longest first, so that a secret that holds another one is taken out whole.
        self._words = sorted(words - {"Bearer"}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text with every secret replaced."""
        for word in self._words:
            text = text.replace(word, "[secret]")
        return text

    def sample(self, text: str) -> str:
        """A piece of an answer that may be shown: no secrets, no e-mail addresses, 300 characters."""
        # Cut last: cutting through a secret would leave half of it.
        return _ADDRESS.sub("[address]", self(text[: 20 * SAMPLE_LENGTH]))[:SAMPLE_LENGTH]
