from __future__ import annotations

import pytest

from integrations.connectors.ports import DEFAULT_MEANINGS
from integrations.connectors.registry import UnknownProduct, connector, products


def test_both_products_are_offered_in_order() -> None:
    assert products() == ("pipedrive", "replyio")


def test_an_unknown_product_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(UnknownProduct, match=r"no product 'hubspot'; there are pipedrive, replyio"):
        connector("hubspot")


@pytest.mark.parametrize("product", products())
def test_a_product_is_found_by_the_name_in_its_spec(product: str) -> None:
    registered = connector(product)
    assert registered.spec.product == product
    assert len(registered.spec.default_fields) == len(DEFAULT_MEANINGS)
    assert all(field.name for field in registered.spec.credential_fields)


@pytest.mark.parametrize("product", products())
def test_windows_of_a_product_have_names_of_their_own(product: str) -> None:
    names = [window.name for window in connector(product).spec.windows]
    assert len(set(names)) == len(names)
