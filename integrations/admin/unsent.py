"""What somebody sent after their session had ended: kept in the new session until they have logged in again.

Only of pages that ask for it, since a page may take secrets, and only what a person can have typed.
"""

from __future__ import annotations

from django.http import HttpRequest, QueryDict

_KEY = "unsent"
_LONGEST = 200_000
"""Characters; a step with hundreds of rows has a tenth of that."""

KEPT = "Your session had ended, so what you sent was not saved. Log in: you will find it as you typed it."
SHOWN = "This is what you typed before your session ended. Nothing has been saved yet: look it through and save."


def keep(request: HttpRequest) -> bool:
    """Keep what was posted, in place of what was kept before. False when it is too much to keep."""
    typed = request.POST.copy()
    typed.pop("csrfmiddlewaretoken", None)
    text = typed.urlencode()
    if len(text) > _LONGEST:
        return False
    request.session[_KEY] = {"path": request.path, "typed": text}
    return True


def take(request: HttpRequest) -> QueryDict | None:
    """What was kept of this page, once; None when there is nothing."""
    kept = request.session.get(_KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[_KEY]
    return QueryDict(kept["typed"])
