from __future__ import annotations

import pytest

from tests.connectors.contract import ConnectorContract
from tests.connectors.harness import Harness
from tests.connectors.pipedrive.harness import PipedriveHarness


class TestPipedrive(ConnectorContract):
    @pytest.fixture
    def harness(self) -> Harness:
        return PipedriveHarness()


class TestPipedriveReadTheOtherWay(ConnectorContract):
    """Whatever the documents leave open, decided the other way."""

    @pytest.fixture
    def harness(self) -> Harness:
        return PipedriveHarness(
            persons_create_status=201,
            unset_custom_fields="whole_null",
            list_includes_deleted=True,
            deactivated_users_listed=True,
            noop_patch_bumps_update_time=True,
            empty_phones="blank_item",
            filter_id_with_updated_since="ignores_delta",
            unknown_params="ignore",
            daily_headers=False,
            retry_after_on_429=False,
            deleted_get="is_deleted",
            owner_inactive="reject",
            contact_sync=False,
        )
