"""Numbers, times and states as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

from integrations.models import Run, RunState

register = template.Library()

_LIGHTS = {
    RunState.SUCCEEDED: "ok",
    RunState.SUCCEEDED_WITH_ERRORS: "warn",
    RunState.HELD: "warn",
    RunState.FAILED: "bad",
    RunState.CANCELLED: "idle",
}


@register.filter
def thousands(number: int | None) -> str:
    """12,345; nothing counts as none."""
    return f"{number or 0:,}"


@register.filter
def ago(moment: datetime | None) -> str:
    """“just now”, “5 minutes ago”, then the date."""
    if moment is None:
        return ""
    age = timezone.now() - moment
    if age < timedelta(minutes=1):
        return "just now"
    if age < timedelta(days=7):
        return f"{timesince(moment, depth=1)} ago".replace("\u00a0", " ")
    return date_format(timezone.localtime(moment), "j M Y, H:i")


@register.filter
def ahead(moment: datetime | None) -> str:
    """“within a minute”, “in 2 hours”."""
    if moment is None:
        return ""
    left = moment - timezone.now()
    if left < timedelta(minutes=1):
        return "within a minute"
    return "in " + timesince(timezone.now(), moment, depth=2).replace("\u00a0", " ")


@register.filter
def clock(moment: datetime | None) -> SafeString:
    """“26 Nov, 14:05 UTC” in the installation's zone; page.js makes it the reader's own."""
    if moment is None:
        return mark_safe("")
    local = timezone.localtime(moment)
    words = f"{date_format(local, 'j M, H:i')} {local.tzname()}"
    return format_html('<time datetime="{}" data-local>{}</time>', moment.isoformat(timespec="seconds"), words)


@register.filter
def duration(seconds: float | None) -> str:
    """“42 s”, “3 min 5 s”, “2 h 10 min”."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


@register.filter
def light(run: Run) -> str:
    """The colour of a run's dot."""
    return _LIGHTS.get(RunState(run.state), "busy")
