"""What can go wrong with a call. The class says how far the reaction goes; the message is for people."""

# ruff: noqa: N818 -- named for what happened; the base class says that they are errors
from __future__ import annotations


class ConnectorError(Exception):
    """Base of all. `message` says what happened and what to do; `status` and `code` are the product's, if it answered.

    `sample` is a redacted piece of the answer, for people who look into it.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str = "", sample: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.sample = sample


class TemporaryError(ConnectorError):
    """Trying again later may help."""

    def __init__(
        self, message: str, *, retry_after: float = 0.0, status: int | None = None, code: str = "", sample: str = ""
    ) -> None:
        super().__init__(message, status=status, code=code, sample=sample)
        self.retry_after = retry_after
        """Seconds to wait at the least; 0 when nobody said."""


class RateLimited(TemporaryError):
    """The product's limit, or our own budget, is used up for `retry_after` seconds."""


class Unavailable(TemporaryError):
    """5xx, time-out, refused or reset connection, or a proxy's page. For a write: it certainly did not take place."""


class OutcomeUnknown(TemporaryError):
    """A write was sent and its answer was lost. It must be looked up before it is sent again."""


class PermanentError(ConnectorError):
    """Trying again will not help until somebody changes something."""


class AuthenticationFailed(PermanentError):
    """The key is wrong or was revoked: stops the run and marks the account. `field` names another credential field
    than the key when that one is to blame."""

    def __init__(
        self, message: str, *, field: str = "", status: int | None = None, code: str = "", sample: str = ""
    ) -> None:
        super().__init__(message, status=status, code=code, sample=sample)
        self.field = field


class PermissionDenied(PermanentError):
    """The account's user may not do this: this person, or this part of the directory."""


class NotFound(PermanentError):
    """The record is not there, or not visible to the account's user."""


class Rejected(PermanentError):
    """The product refused this person's values. `field` names the culprit when the product does."""

    def __init__(
        self, message: str, *, field: str = "", status: int | None = None, code: str = "", sample: str = ""
    ) -> None:
        super().__init__(message, status=status, code=code, sample=sample)
        self.field = field


class UnexpectedResponse(PermanentError):
    """The answer does not have the documented shape: stops the run, since going on would be guessing."""
