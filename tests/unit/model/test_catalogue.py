from __future__ import annotations

from pointsman.testing import make_catalogue


def test_models_are_found_by_id_and_alias() -> None:
    catalogue = make_catalogue()
    found = [catalogue.find(name) for name in ("sonnet", "claude", "gpt")]
    assert [model.id if model else None for model in found] == ["sonnet", "sonnet", None]
    assert catalogue.providers() == {"anthropic", "google", "openai"}
