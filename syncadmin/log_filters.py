"""What must not get into a log, whoever writes the line."""

from __future__ import annotations

import logging
import re

_HOOK = re.compile(r"(/hooks/[^/\s]+/)[^/\s\"']+")


class HideHookSecrets(logging.Filter):
    """Blots out the last part of webhook addresses, which is a secret: Django logs the path of a refused request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes."""
        record.msg = _hide(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_hide(each) for each in record.args)
        if getattr(getattr(record, "request", None), "path", "").startswith("/hooks/"):
            del record.__dict__["request"]  # its repr has the address
        return True


def _hide(value: object) -> object:
    return _HOOK.sub(r"\1***", value) if isinstance(value, str) else value
