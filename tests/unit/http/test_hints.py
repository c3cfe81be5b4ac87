"""Hints as headers give them: what is read, and what is refused with the header's name."""

from __future__ import annotations

import pytest

from pointsman.doors.violations import Violations
from pointsman.errors import InvalidRequest
from pointsman.http.hints import HINTS, Hint, hints_of_headers, with_metadata
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


@pytest.mark.parametrize("name", ["Provider", "Task", "Tenant", "Session-Id"])
def test_a_name_that_is_empty_is_no_hint(name: str) -> None:
    error = refused({f"X-Pointsman-{name}": " ", "X-Pointsman-Strict": "true"})
    assert error.violations == ((f"x-pointsman-{name.lower()}", "must not be empty; leave it out"),)


def test_a_name_that_is_empty_in_metadata() -> None:
    found = Violations()
    with_metadata(hints_of_headers({}, ANYBODY), {"pointsman_provider": ""}, "metadata", found)
    with pytest.raises(InvalidRequest, match=r"metadata\.pointsman_provider"):
        found.raise_if_any()
