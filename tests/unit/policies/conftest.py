from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.unit.config.documents import entry_point

from pointsman.chain.plugin import GROUP
from pointsman.config.policies import Policies

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.fixture
def policies() -> Policies:
    """The standard policies as pyproject.toml declares them, whatever was declared when this was installed."""
    declared = tomllib.loads(PYPROJECT.read_text())["project"]["entry-points"][GROUP]
    return {name: (entry_point(name, value, "pointsman"),) for name, value in declared.items()}
