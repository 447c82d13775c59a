from __future__ import annotations

import pytest

from integrations.domain.books import Books, imbalance


@pytest.mark.parametrize(
    ("books", "sentence"),
    [
        (Books(0), None),
        (Books(21, 1, 2, 3, 4, 5, 6), None),
        (Books(22, 1, 2, 3, 4, 5, 6), "22 people were seen and 21 accounted for: 1 have no outcome."),
        (Books(2, unchanged=1500), "2 people were seen and 1,500 accounted for: 1,498 were counted more than once."),
        (Books(0, created=1, failed=-1), "A count is below zero."),
    ],
)
def test_the_books_balance_or_say_what_is_wrong(books: Books, sentence: str | None) -> None:
    assert imbalance(books) == sentence
