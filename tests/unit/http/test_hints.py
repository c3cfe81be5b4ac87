"""Hints as headers give them: what is read, and what is refused with the header's name."""

from __future__ import annotations

import pytest

from pointsman.errors import InvalidRequest
from pointsman.http.hints import HINTS, Hint, hints_of_headers
from pointsman.model.caller import ANYBODY


def refused(headers: dict[str, str]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        hints_of_headers(headers, ANYBODY)
    return caught.value


@pytest.mark.parametrize("hint", HINTS, ids=lambda hint: hint.name)
def test_a_header_that_is_not_utf8(hint: Hint) -> None:
    # As aiohttp holds bytes that are not.
    assert refused({hint.header: "\udcff"}).violations == ((hint.header.lower(), "is not UTF-8"),)


@pytest.mark.parametrize(
    "cost", ["1e999999", "-1e999999", "1e-999999", "NaN", "sNaN", "Infinity", "-1", "0.0000000001"]
)
def test_a_cost_that_is_none(cost: str) -> None:
    error = refused({"X-Pointsman-Max-Cost-Usd": cost})
    assert [field for field, _ in error.violations] == ["x-pointsman-max-cost-usd"]
