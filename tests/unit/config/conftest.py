from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.unit.config.documents import KEYS, ProblemsOf, entry_point

from pointsman.config.load import load
from pointsman.config.policies import Policies
from pointsman.errors import ConfigInvalid, Problem


@pytest.fixture
def policies() -> Policies:
    """The standard policies, as if they were the only ones installed."""
    names = ("override", "tags", "limits", "feasibility", "budgets", "health", "pinning", "routing")
    return {name: (entry_point(name, f"pointsman_policies.{name}:plugin", "pointsman"),) for name in names}


@pytest.fixture
def install(policies: Policies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Policies]:
    """The standard policies and one more, of this source."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name: str, source: str) -> Policies:
        module = f"config_test_{name}_{tmp_path.name.replace('-', '_')}"
        (tmp_path / f"{module}.py").write_text(source)
        return {**policies, name: (entry_point(name, f"{module}:plugin"),)}

    return install


@pytest.fixture
def problems_of(policies: Policies) -> ProblemsOf:
    """The problems of a text; [] for a good one."""

    def problems_of(
        text: str, *, environ: Mapping[str, str] = KEYS, installed: Policies = policies, simulated: str | None = None
    ) -> list[Problem]:
        try:
            load(text, environ, installed=installed, simulated=simulated)
        except ConfigInvalid as invalid:
            return list(invalid.problems)
        return []

    return problems_of
