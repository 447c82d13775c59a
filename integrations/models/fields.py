"""Model fields of our own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[dict[str, str], dict[str, str]]
else:  # only the stubs are generic
    _TextField = models.TextField


class EncryptedJSONField(_TextField):
    """A small JSON object of secrets, encrypted at rest.

    The first key of `settings.CREDENTIAL_KEYS` encrypts, all of them decrypt, so keys can be rotated. A value that no
    key decrypts reads as an empty object: the account then asks to be connected again, and nothing else breaks.
    """

    def get_prep_value(self, value: Any) -> str:
        """Encrypt."""
        return _cipher().encrypt(json.dumps(value or {}).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> dict[str, str]:
        """Decrypt."""
        if not value:
            return {}
        try:
            secrets: dict[str, str] = json.loads(_cipher().decrypt(value.encode()))
        except InvalidToken:
            return {}
        return secrets

    def to_python(self, value: Any) -> Any:
        """Objects pass as they are; there is no text form to parse."""
        return value or {}

    def value_to_string(self, obj: models.Model) -> str:
        """Serialised fixtures never hold secrets."""
        return ""


def can_decrypt(stored: str) -> bool:
    """Whether any of the keys decrypts a stored value. An empty one holds nothing to decrypt."""
    return not stored or _decrypts(_cipher(), stored)


def is_up_to_date(stored: str) -> bool:
    """Whether a stored value is encrypted with the first key, which encrypts new ones."""
    return not stored or _decrypts(Fernet(settings.CREDENTIAL_KEYS[0]), stored)


def _decrypts(cipher: Fernet | MultiFernet, stored: str) -> bool:
    try:
        cipher.decrypt(stored.encode())
    except InvalidToken:
        return False
    return True


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
