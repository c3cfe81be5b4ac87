from __future__ import annotations

import pytest
from multidict import CIMultiDict

from pointsman.doors.violations import Violations
from pointsman.errors import InvalidRequest
from pointsman.http.anthropic_headers import check_headers


def check(**headers: str) -> None:
    found = Violations()
    check_headers({name.replace("_", "-"): value for name, value in headers.items()}, found)
    found.raise_if_any()


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_both_versions_are_spoken(version: str) -> None:
    check(anthropic_version=version)


def test_betas_that_only_change_what_a_body_says() -> None:
    check(
        anthropic_version="2023-06-01",
        anthropic_beta="claude-code-20250219,interleaved-thinking-2025-05-14, effort-2025-11-24,",
    )


def test_betas_in_several_lines() -> None:
    found = Violations()
    lines = [("anthropic-version", "2026-10-21"), ("anthropic-beta", "effort-2025-11-24"), ("Anthropic-Beta", "x-2030")]
    check_headers(CIMultiDict(lines), found)
    with pytest.raises(InvalidRequest, match="x-2030"):
        found.raise_if_any()


@pytest.mark.parametrize(
    ("headers", "field", "told"),
    [
        ({}, "anthropic-version", "is required"),
        ({"anthropic_version": "2022-01-01"}, "anthropic-version", "'2022-01-01' is no version"),
        ({"anthropic_beta": "effort-2025-11-24,x-2030"}, "anthropic-beta", "does not know 'x-2030'"),
        ({"anthropic_workspace_id": "w"}, "anthropic-workspace-id", "leave it out"),
        ({"anthropic_user_profile_id": "u"}, "anthropic-user-profile-id", "leave it out"),
    ],
)
def test_what_is_refused(headers: dict[str, str], field: str, told: str) -> None:
    version = {} if field == "anthropic-version" else {"anthropic_version": "2026-10-21"}
    with pytest.raises(InvalidRequest) as caught:
        check(**version, **headers)
    assert caught.value.violations[0][0] == field
    assert told in caught.value.violations[0][1]
