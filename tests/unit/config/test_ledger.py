from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.config.documents import DOCUMENT, KEYS, ProblemsOf

from pointsman.config.load import load
from pointsman.config.policies import Policies
from pointsman.config.rules import load_supposed
from pointsman.config.settings import Config
from pointsman.errors import LedgerUnavailable
from pointsman.ledger.place import Postgres, place_of

URL = "postgresql://pointsman:canary-4711@db.example:5432/ledger"
IN_POSTGRES = 'ledger: {url: "${DATABASE_URL}"}\n'


def loaded(policies: Policies, ledger: str, **environ: str) -> Config:
    return load(DOCUMENT + ledger, {**KEYS, **environ}, installed=policies)


def test_a_file_unless_there_is_a_url(policies: Policies) -> None:
    assert loaded(policies, "ledger: {path: other.db}\n").ledger_place == Path("other.db")
    assert loaded(policies, IN_POSTGRES, DATABASE_URL=URL).ledger_place == Postgres(URL)


def test_the_url_is_out_of_sight(policies: Policies) -> None:
    config = loaded(policies, IN_POSTGRES, DATABASE_URL=URL)
    assert "canary" not in repr(config) + str(config.ledger_place) + config.document
    assert str(config.ledger_place) == "postgresql://db.example:5432/ledger"


def test_only_who_opens_the_ledger_misses_the_url(policies: Policies) -> None:
    config = loaded(policies, IN_POSTGRES)
    (warning,) = [problem for problem in config.warnings if problem.path == "ledger.url"]
    assert "environment variable DATABASE_URL is not set or empty" in warning.message
    with pytest.raises(LedgerUnavailable, match=r"ledger.url: \$\{DATABASE_URL\} is not set"):
        _ = config.ledger_place


def test_what_no_postgresql_url_is(policies: Policies, problems_of: ProblemsOf) -> None:
    (told,) = problems_of(DOCUMENT + 'ledger: {url: "${GROQ_API_KEY}"}\n')
    assert "does not begin with postgresql://" in told.message
    assert KEYS["GROQ_API_KEY"] not in told.message


@pytest.mark.parametrize(
    ("ledger", "told"),
    [
        ('{url: "postgresql://x:canary@y/z"}', "must be a reference such as"),
        ('{path: "postgresql://x:canary@y/z"}', "is a file, not a URL; give that as `url`"),
        ('{url: "${DATABASE_URL}", path: a.db}', "path is for SQLite and url for PostgreSQL"),
        ('{url: "${DATABASE_URL}", synchronous: full}', "synchronous is for SQLite and url for PostgreSQL"),
        ("{keep: {records: 31d}}", "at least 32 days: budgets are rebuilt"),
        ("{keep: {records: 40d, text: 41d}}", "text cannot be kept longer than records"),
        ("{keep: {records: 200000d}}", "must be between 0 and 36,500 days"),
        ("{spool: {max_bytes: 100}}", "1048576"),
        ("{spool: {after: 0s}}", "0"),
    ],
)
def test_mistakes(problems_of: ProblemsOf, ledger: str, told: str) -> None:
    (problem,) = [each for each in problems_of(f"{DOCUMENT}ledger: {ledger}\n") if each.fatal]
    assert told in problem.message
    assert "canary" not in problem.message
    assert problem.path.startswith("ledger")


def test_how_long(policies: Policies) -> None:
    keep = loaded(policies, "ledger: {prompts: text, keep: {text: 30d, records: 400d}}\n").ledger.keep
    assert (keep.text, keep.records) == (30 * 86400.0, 400 * 86400.0)


@pytest.mark.parametrize(
    ("url", "shown", "secrets"),
    [
        (URL, "postgresql://db.example:5432/ledger", {"canary-4711"}),
        (
            "postgres://u:p%40ss%2Fword@h/db?password=other",
            "postgresql://h/db",
            {"p%40ss%2Fword", "p@ss/word", "other"},
        ),
        ("postgresql://u:un@escaped/here@h1:1,h2:2/db", "postgresql://h1:1,h2:2/db", {"un@escaped/here"}),
        ("postgresql://[::1]/db", "postgresql://[::1]/db", set()),
        ("postgresql:///db?host=/run", "postgresql:///db", set()),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str, secrets: set[str]) -> None:
    place = place_of(url)
    assert isinstance(place, Postgres)
    assert (str(place), repr(place)) == (shown, shown)
    assert {*place.secrets()} == {url, *secrets}
    masked = place.masked(ValueError(f"cannot use {url}\n: {' '.join(sorted(secrets))}"))
    assert not [secret for secret in secrets if secret in masked]


def test_what_is_only_decided_again_needs_no_database() -> None:
    example = Path(__file__).parents[3] / "examples" / "pointsman.yaml"
    text = example.read_text().replace("ledger: {path: pointsman.db,", 'ledger: {url: "${DATABASE_URL}",')
    assert load_supposed(text, ()).ledger.url == "${DATABASE_URL}"
