from __future__ import annotations

import pytest

from tests.connectors.contract import ConnectorContract
from tests.connectors.harness import Harness
from tests.connectors.replyio.harness import ReplyHarness


class TestReply(ConnectorContract):
    @pytest.fixture
    def harness(self) -> Harness:
        return ReplyHarness()


class TestReplyReadTheOtherWay(ConnectorContract):
    """Whatever the documents leave open, decided the other way."""

    @pytest.fixture
    def harness(self) -> Harness:
        return ReplyHarness(
            unauthorized_body="empty",
            import_applies_owner=True,
            import_overwrite_blanks_omitted=True,
            import_bad_email="fails_item",
            import_no_edit_permission=False,
            email_patch_collision="allow",
            owner_not_in_team_status=404,
            invisible_contact="not_found",
            bulk_already_in="already_in_sequence",
            blacklisted_enrolment="added_then_inactive",
            one_sequence_per_owner=True,
            failure_codes="number",
            list_order="recent_first",
            company_size_case="camel",
            stamps_filled=True,
            missing_values="empty",
            post_existing_email="overwrite_and_blank",
        )
