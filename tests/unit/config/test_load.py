from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.config.documents import DOCUMENT, KEYS, ProblemsOf

from pointsman.chain.entry import OnError
from pointsman.config.load import load
from pointsman.config.policies import Policies
from pointsman.engine.probing import Probe
from pointsman.engine.rules import Compliance
from pointsman.errors import ConfigInvalid
from pointsman.model.catalogue import Adaptation, Price, Select
from pointsman.model.request import Mode
from pointsman.stores.breaker import BreakerSettings


def test_prices_are_exact_nano_usd(policies: Policies) -> None:
    models = load(DOCUMENT, KEYS, installed=policies).catalogue.models
    assert models["mini"].price == Price(750_000_000, 4_500_000_000, cached_input=37_500_000)


@pytest.mark.parametrize(
    ("written", "nano"),
    [("0.1", 100_000_000), ("1e-3", 1_000_000), ("0.000000001", 1), ("3", 3_000_000_000), ("'2.50'", 2_500_000_000),
     ("0", 0), ("0.07", 70_000_000), ("1_000", 10**12)],
)  # fmt: skip
def test_prices_count_as_they_are_written(policies: Policies, written: str, nano: int) -> None:
    text = DOCUMENT.replace("output: 4.50", f"output: {written}")
    assert load(text, KEYS, installed=policies).catalogue.models["mini"].price.output == nano


def test_routes_are_models_in_the_order_written(policies: Policies) -> None:
    tasks = load(DOCUMENT, KEYS, installed=policies).catalogue.tasks
    assert tasks["simple"].route == {Mode.ECO: ("mini",), Mode.BALANCED: ("mini",), Mode.SPORT: ("oss",)}
    assert tasks["code"].route == {Mode.ECO: ("oss",), Mode.BALANCED: ("mini", "oss"), Mode.SPORT: ("mini", "oss")}
    assert tasks["code"].select is Select.PRIORITY


def test_one_target_serves_every_mode(policies: Policies) -> None:
    text = DOCUMENT.replace("{eco: oss, balanced: [fast, mid]}", "fast")
    route = load(text, KEYS, installed=policies).catalogue.tasks["code"].route
    assert route == dict.fromkeys(Mode, ("mini",))


def test_tiers_of_a_list_are_not_adapted(policies: Policies) -> None:
    assert load(DOCUMENT, KEYS, installed=policies).catalogue.adaptations == {}


def test_tiers_of_a_mapping_have_caps_by_their_place(policies: Policies) -> None:
    tiers = (
        "{small: , mid: {temperature_cap: 0.3}, big: {max_output_tokens: null}, huge: {system_prompt: Hm.}, vast: {}}"
    )
    catalogue = load(DOCUMENT.replace("[small, mid]", tiers), KEYS, installed=policies).catalogue
    assert catalogue.tiers == ("small", "mid", "big", "huge", "vast")
    assert catalogue.adaptations == {
        "small": Adaptation(256),
        "mid": Adaptation(1024, 0.3),
        "big": Adaptation(None),
        "huge": Adaptation(16384, None, "Hm."),
        "vast": Adaptation(16384),
    }


def test_models_have_prompts_and_floors(policies: Policies) -> None:
    text = DOCUMENT.replace(
        "    aliases: [fast]", "    system_prompt: Hm.\n    min_output_tokens: 4096\n    aliases: [fast]"
    )
    model = load(text, KEYS, installed=policies).catalogue.models["mini"]
    assert (model.system_prompt, model.min_output_tokens) == ("Hm.", 4096)


@pytest.mark.parametrize(("row", "warned"), [("", True), ('\n    waiver: "a person reads them"', False)])
def test_a_high_blast_radius_needs_a_waiver(policies: Policies, row: str, warned: bool) -> None:
    text = DOCUMENT.replace("select: priority", f"select: priority\n    doc: for reviews\n    blast_radius: high{row}")
    config = load(text, KEYS, installed=policies)
    assert [warning.path for warning in config.warnings] == ["tasks.code.blast_radius"] * warned
    assert config.catalogue.tasks["code"].doc == "for reviews"


def test_weights_are_by_model(policies: Policies) -> None:
    text = DOCUMENT.replace("select: priority", "select: weighted\n    weights: {fast: 3, oss: 0.5}")
    task = load(text, KEYS, installed=policies).catalogue.tasks["code"]
    assert (task.select, task.weights) == (Select.WEIGHTED, {"mini": 3.0, "oss": 0.5})


def test_entries_are_the_chain(policies: Policies) -> None:
    text = DOCUMENT.replace("{id: tags, use: tags}", "{use: tags, timeout: 200ms, on_error: fail, shadow: true}")
    tags, fits, route = load(text, KEYS, installed=policies).entries
    assert (tags.id, tags.timeout, tags.on_error, tags.shadow) == ("tags", 0.2, OnError.FAIL, True)
    assert (fits.id, fits.use) == ("fits", "feasibility")
    assert "context_share=0.5" in repr(fits.options)
    assert route.options is None


@pytest.mark.parametrize(
    ("written", "compliance"),
    [("false", Compliance()), ("true", Compliance(everyone=True)),
     ("{tenants: [acme, umbrella]}", Compliance(tenants=frozenset({"acme", "umbrella"})))],
)  # fmt: skip
def test_compliance(policies: Policies, written: str, compliance: Compliance) -> None:
    assert load(f"{DOCUMENT}compliance: {written}\n", KEYS, installed=policies).compliance == compliance


def test_without_a_chain_the_standard_policies_decide(policies: Policies) -> None:
    text = DOCUMENT[: DOCUMENT.index("chain:")]
    entries = load(text, KEYS, installed=policies).entries
    assert [entry.id for entry in entries] == [
        "override",
        "tags",
        "limits",
        "feasibility",
        "budgets",
        "health",
        "routing",
    ]


def test_settings_have_defaults(policies: Policies) -> None:
    config = load(DOCUMENT, KEYS, installed=policies)
    assert (config.server.grpc, config.server.http) == ("127.0.0.1:50051", "127.0.0.1:8080")
    assert (config.server.drain, config.server.default_deadline, config.server.max_deadline) == (30, 300, 600)
    assert (config.ledger.path, config.ledger.prompts, config.failover.max_attempts) == ("pointsman.db", "none", 4)
    assert (config.strict_tags, config.catalogue.default_mode, config.warnings) == (False, Mode.BALANCED, ())


def test_the_defaults_of_health_are_the_breakers_own(policies: Policies) -> None:
    assert BreakerSettings(**load(DOCUMENT, KEYS, installed=policies).health.model_dump()) == BreakerSettings()


@pytest.mark.parametrize("simulated", [None, "http://127.0.0.1:8900"])
def test_a_probe(policies: Policies, simulated: str | None) -> None:
    text = DOCUMENT.replace("openai: {", "openai: {probe: {every: 10s}, ", 1)
    providers = load(text, KEYS, installed=policies, simulated=simulated).providers
    assert {name: account.probe for name, account in providers.items() if account.probe} == {"openai": Probe(10.0, 5.0)}


@pytest.mark.parametrize("off", ["off", "'off'", "false"])
def test_the_http_door_can_be_off(policies: Policies, off: str) -> None:
    assert load(f"{DOCUMENT}server: {{http: {off}}}", KEYS, installed=policies).server.http is None


def test_the_version_is_of_the_content(policies: Policies) -> None:
    def version(text: str) -> str:
        return load(text, KEYS, installed=policies).version

    assert version(DOCUMENT) == version("# a comment\n" + DOCUMENT.replace("[small, mid]", "[ small,   mid ]"))
    assert version(DOCUMENT) != version(DOCUMENT.replace("4.50", "4.51"))
    assert len(version(DOCUMENT)) == 12


def test_the_version_changes_with_the_order_of_models_because_it_breaks_ties(policies: Policies) -> None:
    lines = DOCUMENT.splitlines(keepends=True)
    swapped = "".join([*lines[:4], lines[12], *lines[4:12], *lines[13:]])
    assert load(DOCUMENT, KEYS, installed=policies).version != load(swapped, KEYS, installed=policies).version


def test_a_file_is_read_and_kept_as_written(policies: Policies, tmp_path: Path) -> None:
    path = tmp_path / "pointsman.yaml"
    path.write_text(DOCUMENT)
    assert load(path, KEYS, installed=policies).document == DOCUMENT


def test_a_file_that_is_not_there_is_named(policies: Policies, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml", KEYS, installed=policies)


def test_a_file_in_another_encoding_is_refused(policies: Policies, tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("default: é".encode("latin-1"))
    with pytest.raises(ConfigInvalid, match="not UTF-8"):
        load(path, KEYS, installed=policies)


def test_a_configuration_is_frozen(policies: Policies) -> None:
    config = load(DOCUMENT, KEYS, installed=policies)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.version = "other"  # type: ignore[misc]  # that is what is tested


POLICY = """
import pointsman
from pydantic import BaseModel, Field, field_validator

POINTSMAN_API = {api}

class Options(BaseModel):
    words: list[str] = Field([], min_length=1)

    @field_validator("words")
    @classmethod
    def check(cls, value):
        {check}
        return value

plugin = pointsman.register(object, config={config})
"""


def policy(api: str = "1", check: str = "pass", config: str = "Options") -> str:
    return POLICY.format(api=api, check=check, config=config)


Install = Callable[[str, str], Policies]
ENTRY = "  - {use: mine, with: {words: [a, b]}}\n"


def test_a_policy_of_another_package_gets_its_options(install: Install) -> None:
    config = load(DOCUMENT + ENTRY, KEYS, installed=install("mine", policy()))
    assert "words=['a', 'b']" in repr(config.entries[-1].options)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (policy(api="2"), "written for plugin API 2"),
        ("raise RuntimeError('broken')", "importing it raised RuntimeError: broken"),
        ("plugin = 1", "names a int"),
        (policy(config="dict"), "is not a pydantic model"),
        (policy(config="'Options'"), "is not a pydantic model"),
    ],
)
def test_a_policy_that_must_not_be_loaded_is_named(
    install: Install, problems_of: ProblemsOf, source: str, words: str
) -> None:
    installed = install("mine", source)
    (problem,) = problems_of(DOCUMENT + ENTRY, installed=installed)
    assert (problem.path, problem.line) == ("chain[3].use", DOCUMENT.count("\n") + 1)
    assert "plugin 'mine' is refused" in problem.message
    assert words in problem.message

    config = load(DOCUMENT + ENTRY.replace("}}", "}, optional: true}"), KEYS, installed=installed)
    assert [entry.use for entry in config.entries] == ["tags", "feasibility", "routing"]
    assert [(warning.path, warning.fatal) for warning in config.warnings] == [("chain[3].use", False)]


def test_unknown_options_are_refused_even_where_the_policy_would_ignore_them(
    install: Install, problems_of: ProblemsOf
) -> None:
    (problem,) = problems_of(DOCUMENT + ENTRY.replace("words", "word"), installed=install("mine", policy()))
    assert (problem.path, problem.message) == ("chain[3].with.word", "unknown key 'word'; did you mean 'words'?")


@pytest.mark.parametrize("words", ["[]", "[1]"])
def test_options_that_are_wrong_are_problems(install: Install, problems_of: ProblemsOf, words: str) -> None:
    problems = problems_of(DOCUMENT + ENTRY.replace("[a, b]", words), installed=install("mine", policy()))
    assert len(problems) == 1
    assert problems[0].path.startswith("chain[3].with.words")


def test_a_policy_that_fails_to_check_its_options_is_named(install: Install, problems_of: ProblemsOf) -> None:
    installed = install("mine", policy(check="raise KeyError('x')"))
    (problem,) = problems_of(DOCUMENT + ENTRY, installed=installed)
    assert (problem.path, problem.message) == ("chain[3].with", "policy 'mine' failed to check its options: KeyError")


def test_a_chain_of_which_nothing_is_left_is_refused(problems_of: ProblemsOf) -> None:
    text = DOCUMENT[: DOCUMENT.index("chain:")] + "chain: [{use: mine, optional: true}]"
    assert [problem.path for problem in problems_of(text) if problem.fatal] == ["chain"]
