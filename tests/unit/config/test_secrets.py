from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from tests.unit.config.documents import DOCUMENT, KEYS, ProblemsOf

from pointsman import SecretMissing, SecretReference, read_secret
from pointsman.config.load import load
from pointsman.config.policies import Policies
from pointsman.errors import ConfigInvalid

SECRET = "sk-proj-0123456789"


def test_secrets_are_resolved_and_out_of_sight(policies: Policies) -> None:
    text = DOCUMENT.replace(
        '{wire: openai, api_key: "${OPENAI', '{wire: openai, headers: {X-Token: "${TOKEN}"}, api_key: "${OPENAI'
    )
    config = load(text, {**KEYS, "OPENAI_API_KEY": SECRET, "TOKEN": f"{SECRET}-token"}, installed=policies)
    settings = config.providers["openai"].settings
    assert settings.api_key == SECRET
    assert settings.headers == {"X-Token": f"{SECRET}-token"}
    assert SECRET not in repr(config)
    assert SECRET not in str(config.providers)


def test_a_secret_may_be_in_a_file(policies: Policies, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")
    text = DOCUMENT.replace("${OPENAI_API_KEY}", f"${{file:{path}}}")
    config = load(text, KEYS, installed=policies)
    assert config.providers["openai"].settings.api_key == SECRET


def test_a_provider_of_ones_own_needs_no_key(policies: Policies) -> None:
    text = DOCUMENT.replace(', api_key: "${GROQ_API_KEY}"', "")
    assert load(text, KEYS, installed=policies).providers["groq"].settings.api_key == ""


@pytest.mark.parametrize(
    "replaced",
    [
        f'api_key: "{SECRET}"',
        f'api_key: ["{SECRET}"]',
        f'api_key: "${{{SECRET}}}"',
        f'headers: {{Authorization: "Bearer {SECRET}"}}',
        f'headers: {{X-Plain: "{SECRET}\\n"}}',
        f'headers: "{SECRET}"',
        f'wire2: "{SECRET}"',
        f'base_url: "https://{SECRET}@example.com/v1"',
        f'base_url: "https://example.com/v1?key={SECRET}"',
        f'base_url: "{SECRET}"',
        f'max_connections: "{SECRET}"',
        f'max_tokens_field: "{SECRET}"',
        f'seed_field: "{SECRET}"',
        f'omit: ["{SECRET}"]',
        f'stream_usage: "{SECRET}"',
    ],
)
def test_a_secret_written_down_is_refused_and_never_repeated(policies: Policies, replaced: str) -> None:
    text = DOCUMENT.replace('api_key: "${OPENAI_API_KEY}"', replaced)
    with pytest.raises(ConfigInvalid) as raised:
        load(text, KEYS, installed=policies)
    assert raised.value.problems[0].path.startswith("providers.openai")
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert SECRET not in repr(raised.value.problems)


@pytest.mark.parametrize("row", [SECRET, f"[{SECRET}]"])
def test_a_secret_instead_of_a_provider_is_not_repeated(problems_of: ProblemsOf, row: str) -> None:
    text = DOCUMENT.replace('{wire: openai, api_key: "${OPENAI_API_KEY}"}', row)
    problems = problems_of(text)
    assert problems[0].path == "providers.openai"
    assert SECRET not in repr(problems)


def test_a_key_that_is_not_a_reference_is_explained(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(DOCUMENT.replace("${OPENAI_API_KEY}", SECRET))
    assert (problem.path, problem.line) == ("providers.openai.api_key", 2)
    assert "must be a reference such as ${OPENAI_API_KEY}" in problem.message


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": " "}])
def test_a_provider_without_its_key_is_disabled_with_a_warning(policies: Policies, environ: dict[str, str]) -> None:
    config = load(DOCUMENT, {"GROQ_API_KEY": "x", **environ}, installed=policies)
    assert set(config.providers) == {"groq"}
    assert {name: model.enabled for name, model in config.catalogue.models.items()} == {"mini": False, "oss": True}
    assert [(warning.path, warning.line, warning.fatal) for warning in config.warnings] == [
        ("providers.openai.api_key", 2, False),
        ("tasks.simple.route.eco", 17, False),
        ("tasks.simple.route.balanced", 17, False),
    ]
    assert "environment variable OPENAI_API_KEY is not set" in config.warnings[0].message


def test_a_header_whose_secret_is_missing_is_named(policies: Policies) -> None:
    text = DOCUMENT.replace("{wire: openai, api", '{wire: openai, headers: {X-Team: "${TEAM}"}, api', 1)
    (warning, *_) = load(text, KEYS, installed=policies).warnings
    assert (warning.path, warning.fatal) == ("providers.openai.headers.X-Team", False)


def test_a_secret_file_that_is_missing_disables_its_provider(policies: Policies, tmp_path: Path) -> None:
    text = DOCUMENT.replace("${OPENAI_API_KEY}", f"${{file:{tmp_path}/none}}")
    config = load(text, KEYS, installed=policies)
    assert "openai" not in config.providers
    assert "cannot be read" in config.warnings[0].message


def test_without_any_key_the_start_is_refused(problems_of: ProblemsOf) -> None:
    problems = problems_of(DOCUMENT, environ={})
    assert [(problem.path, problem.fatal) for problem in problems] == [
        ("providers", True),
        ("providers.openai.api_key", False),
        ("providers.groq.api_key", False),
    ]
    assert "--simulated" in problems[0].message


def test_a_key_that_no_header_can_carry_is_refused_unseen(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(DOCUMENT, environ={**KEYS, "OPENAI_API_KEY": f"{SECRET}\nX: y"})
    assert (problem.path, problem.fatal) == ("providers.openai.api_key", True)
    assert SECRET not in problem.message


def test_simulated_providers_need_no_key(policies: Policies) -> None:
    text = DOCUMENT.replace("groq: {wire: openai", "groq: {wire: gemini")
    config = load(text, {}, installed=policies, simulated="http://127.0.0.1:8900/")
    assert {name: account.settings.base_url for name, account in config.providers.items()} == {
        "openai": "http://127.0.0.1:8900/openai/v1",
        "groq": "http://127.0.0.1:8900/groq/v1beta",
    }
    assert {account.settings.api_key for account in config.providers.values()} == {"simulated"}
    assert config.warnings == ()
    assert all(model.enabled for model in config.catalogue.models.values())


def test_a_simulated_server_sends_no_secret(policies: Policies) -> None:
    config = load(DOCUMENT, {**KEYS, "OPENAI_API_KEY": SECRET}, installed=policies, simulated="http://sim")
    assert config.providers["openai"].settings.api_key == "simulated"


def test_policies_read_secrets_as_the_configuration_does(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")
    assert read_secret("${KEY}", {"KEY": f" {SECRET} "}) == read_secret(f"${{file:{path}}}", {}) == SECRET
    for missing in ("${KEY}", f"${{file:{path}.not}}"):
        with pytest.raises(SecretMissing, match=re.escape(missing.strip("${}").removeprefix("file:"))):
            read_secret(missing, {})


def test_a_policy_option_takes_a_reference_and_never_the_key() -> None:
    option = TypeAdapter[str](SecretReference)
    assert option.validate_python("${KEY}") == "${KEY}"
    with pytest.raises(ValidationError) as raised:
        option.validate_python(SECRET)
    assert SECRET not in str(raised.value.errors(include_input=False))
