"""Past decisions with the models that they were made among, whatever has become of those."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import decision, record

from pointsman.engine.explain import Explainer
from pointsman.errors import ConfigInvalid, LedgerUnavailable, Problem, Reason, RequestError
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Candidate, Estimate
from pointsman.testing import FakeLedger, make_catalogue, make_model, make_rules

ESTIMATE = Estimate(1, 2, 3, 4)
OLD = make_catalogue([make_model("mini", provider="old"), make_model("sonnet"), make_model("opus", tier="frontier")])


async def read(document: str) -> Catalogue:
    if document == "unreadable":
        raise ConfigInvalid([Problem("tiers", "is missing")])
    return OLD


async def explainer(config: str | None = "v1's", version: str = "v1") -> Explainer:
    ledger = FakeLedger()
    snapshot = replace(record("d-1").snapshot, config_version=version)
    told = replace(decision(), ranking=(Candidate("mini", ESTIMATE), Candidate("sonnet", ESTIMATE)))
    await ledger.append(replace(record("d-1"), snapshot=snapshot, decision=told))
    if config is not None:
        await ledger.add_config("v1", config)
    return Explainer(lambda: make_rules(), ledger, read)


async def test_the_active_configuration_is_at_hand() -> None:
    explained = await (await explainer(version="test")).explain("d-1")
    assert (explained.models["mini"].provider, explained.partial) == ("openai", False)


async def test_another_one_is_read_from_the_ledger() -> None:
    explained = await (await explainer()).explain("d-1")
    assert (explained.models["mini"].provider, explained.partial) == ("old", False)
    assert explained.record.decision_id == "d-1"


@pytest.mark.parametrize("config", [None, "unreadable"])
async def test_without_it_the_record_says_what_it_knows(config: str | None) -> None:
    explained = await (await explainer(config)).explain("d-1")
    known = {id: (model.provider, model.upstream, model.tier) for id, model in explained.models.items()}
    assert known == {
        "mini": ("openai", "upstream-mini", "small"),
        "sonnet": ("openai", "upstream-sonnet", ""),
        "opus": ("", "", ""),
    }
    assert explained.partial


async def test_an_unknown_id() -> None:
    with pytest.raises(RequestError, match="no decision 'd-2' is recorded") as unknown:
        await (await explainer()).explain("d-2")
    assert (unknown.value.reason, unknown.value.metadata) == (Reason.UNKNOWN_DECISION, {"decision": "d-2"})


@pytest.mark.parametrize("decision_id", ["d-1", "d-2"])
async def test_of_another_tenant_nobody_learns_whether_there_is_one(decision_id: str) -> None:
    explained = await (await explainer(version="test")).explain("d-1", record("d-1").request.tenant)
    assert explained.record.decision_id == "d-1"
    with pytest.raises(RequestError, match=f"decision '{decision_id}' is none of tenant 'other'") as refused:
        await (await explainer()).explain(decision_id, "other")
    assert refused.value.reason is Reason.PERMISSION_DENIED


class Broken(FakeLedger):
    async def find(self, decision_id: str) -> None:
        raise LedgerUnavailable("the disk is gone")


async def test_a_ledger_that_cannot_be_read() -> None:
    with pytest.raises(RequestError) as refused:
        await Explainer(lambda: make_rules(), Broken(), read).explain("d-1")
    assert refused.value.reason is Reason.LEDGER_UNAVAILABLE
    assert "disk" not in refused.value.message


async def test_what_was_never_decided_names_no_model() -> None:
    ledger = FakeLedger()
    await ledger.append(replace(record("d-1"), decision=None))
    explained = await Explainer(lambda: make_rules(), ledger, read).explain("d-1")
    assert (dict(explained.models), explained.partial) == ({}, False)
