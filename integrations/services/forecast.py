"""What carrying out a plan will cost, before it is done: calls, tokens, and the time that the products' limits take."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, F, Q

from integrations.connectors.ports import ConnectorSpec
from integrations.domain.costs import Need, Prices, Writes, about, cost_of, time_of
from integrations.engine.connect import spec_of
from integrations.engine.limiter import windows_of
from integrations.models import Account, Action, Part, Run, RunStage, SyncStep


@dataclass(frozen=True, slots=True)
class AccountForecast:
    """What one account will be asked for. `seconds` is what its limits, as they are spent now, make of it."""

    account_id: int
    account: str
    product: str
    calls: int
    tokens: int
    counts_tokens: bool
    seconds: float

    @property
    def words(self) -> str:
        """The price in the product's own unit."""
        number, unit = (self.tokens, "token") if self.counts_tokens else (self.calls, "call")
        return f"{number:,} {self.product} {unit}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan will cost. Steps are carried out one after the other, so their times add up."""

    accounts: tuple[AccountForecast, ...]
    seconds: float

    @property
    def words(self) -> str:
        """One clause for people; empty when there is nothing to write."""
        if not self.accounts:
            return ""
        return f"{' and '.join(each.words for each in self.accounts)}, {about(self.seconds)}"


def forecast(run: Run) -> Forecast:
    """The cost of what is planned in a run and not done yet: all of it for a preview."""
    needs: dict[Account, Need] = defaultdict(Need)
    steps = SyncStep.objects.with_accounts().in_bulk(
        list(run.stages.exclude(step=None).values_list("step_id", flat=True))
    )
    for stage in run.stages.filter(step__in=steps):
        account = steps[stage.step_id].target_account
        need = cost_of(_planned(stage, account), prices_of(spec_of(account)))
        needs[account] = Need(needs[account].calls + need.calls, needs[account].tokens + need.tokens)
    accounts = tuple(_of_account(account, need) for account, need in needs.items() if need.calls)
    return Forecast(accounts, sum(each.seconds for each in accounts))


def _of_account(account: Account, need: Need) -> AccountForecast:
    spec = spec_of(account)
    windows = windows_of(account, spec.windows)
    counts_tokens = any(tokens for _, tokens in windows)
    seconds = time_of(need, windows, time.time())
    return AccountForecast(account.pk, account.name, spec.label, need.calls, need.tokens, counts_tokens, seconds)


def prices_of(spec: ConnectorSpec) -> Prices:
    """How the product wants to be written to."""
    return Prices(
        create_batch=spec.create_batch,
        update_batch=spec.update_batch,
        owner_batch=spec.owner_batch,
        enrol_batch=spec.enrol_batch,
        single_updates=spec.single_updates,
        tokens=spec.write_tokens,
    )


def _planned(stage: RunStage, account: Account) -> Writes:
    entries = stage.entries.order_by()
    to_write, is_new = Q(write_part=Part.PLANNED), Q(action=Action.CREATE)
    of_others = ~Q(target_person__owner_external_id=account.user_external_id)
    counts = entries.aggregate(
        creates=Count("pk", filter=to_write & is_new),
        updates=Count("pk", filter=to_write & Q(action=Action.UPDATE)),
        updates_of_others=Count("pk", filter=to_write & Q(action=Action.UPDATE) & of_others),
    )
    # A new person belongs to the key's user from the start.
    owners = (
        entries.filter(owner_part=Part.PLANNED)
        .exclude(is_new & Q(owner_after=account.user_external_id))
        .values_list("owner_after")
        .annotate(Count("pk"))
    )
    enrolments = (
        entries.filter(enrol_part=Part.PLANNED)
        .values("sequence_external_id", "step_external_id", "ignore_step_delay")
        .annotate(new=Count("pk", filter=is_new), all=Count("pk"))
        .annotate(others=F("all") - F("new"))
        .values_list("new", "others")
    )
    return Writes(
        **counts,
        owners=[people for _, people in owners],
        newcomers=[new for new, _ in enrolments],
        others=[others for _, others in enrolments],
    )
