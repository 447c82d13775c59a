"""What django-q2 runs. Ids in, nothing out; every task may be delivered twice."""

from __future__ import annotations

from integrations.models import Account
from integrations.services import accounts, alert_messages, alerts, hints, retention, runs, schedules, webhooks


def begin_run(run_id: int) -> None:
    """Open a queued run and put its first chunks on the queue."""
    runs.begin(run_id)


def run_chunk(chunk_id: int) -> None:
    """Work on a chunk and put on the queue what is ready after it."""
    runs.work(chunk_id)


def minutely() -> None:
    """Take up what nobody works on although somebody should, and start what is due."""
    schedules.minutely()


def heartbeat() -> None:
    """Prove that tasks are carried out, and sweep: whoever is alive looks after what the dead have left.

    It comes every few seconds, so that a small run need not wait for the next minute.
    """
    runs.sweep()
    hints.start_hinted_runs()


def refresh_directory(account_id: int) -> None:
    """Read an account's directory anew."""
    accounts.read_directory(Account.objects.get(pk=account_id))


def look_after_webhook(account_id: int) -> None:
    """Register, check, mend or remove an account's webhook."""
    webhooks.look_after(account_id)


def look_for_alerts() -> None:
    """Open and close alerts, and send what is to be told about them."""
    alerts.look()
    alert_messages.send_due()


def hourly() -> None:
    """Forget what is old enough."""
    retention.forget()
