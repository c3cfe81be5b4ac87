"""Every figure that a report has is defined in docs/reports.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import Struct

from pointsman.ledger import figures
from pointsman.model.answer import Usage

PAGE = (Path(__file__).parents[3] / "docs" / "reports.md").read_text()
NAMES = set(re.findall(r"\w+", PAGE))
STRUCTS = [
    one for one in vars(figures).values() if isinstance(one, type) and issubclass(one, Struct) and one is not Struct
]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_it_is_defined(struct: type[Struct]) -> None:
    assert set(struct.__struct_fields__) - {*Usage.__struct_fields__, "since", "until"} <= NAMES
