from __future__ import annotations

import pytest

from integrations.sandbox.options import SandboxOptions


def test_options_are_set_by_dotted_names_from_text_or_values() -> None:
    options = SandboxOptions().with_values({
        "pipedrive.plan": "lite", "pipedrive.seats": "3", "pipedrive.limits": "off", "pipedrive.search_lag": 2,
        "replyio.edition": "private", "reply.calls_per_minute": 10, "log_limit": "5",
    })  # fmt: skip

    assert (options.pipedrive.plan, options.pipedrive.seats, options.pipedrive.limits) == ("lite", 3, False)
    assert options.pipedrive.search_lag == 2.0
    assert (options.replyio.edition, options.replyio.calls_per_minute, options.log_limit) == ("private", 10, 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pipedrive.colour", "red"),
        ("salesforce.plan", "lite"),
        ("plan", "lite"),
        ("pipedrive", "lite"),
        ("pipedrive.plan", "enterprise"),
        ("pipedrive.limits", "perhaps"),
        ("pipedrive.seats", "many"),
        ("replyio.edition", "secret"),
    ],
)
def test_what_is_no_option_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name.rpartition(".")[2]):
        SandboxOptions().with_values({name: value})


def test_limits_can_be_taken_off_both_products() -> None:
    options = SandboxOptions().without_limits()

    assert not options.pipedrive.limits
    assert not options.replyio.limits
