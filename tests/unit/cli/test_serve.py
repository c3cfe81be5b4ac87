from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pointsman.cli import serve
from pointsman.ledger.place import Postgres

EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    serve.add_arguments(parser)
    return parser.parse_args(arguments)


def test_simulated_alone_means_the_simulators_own_address() -> None:
    assert parsed("--simulated").simulated == "http://127.0.0.1:8900"
    assert parsed("--simulated", "http://127.0.0.1:1").simulated == "http://127.0.0.1:1"
    assert parsed().simulated is None


def test_the_command_line_wins_over_the_file() -> None:
    given = ("--grpc", "127.0.0.1:0", "--http", "off", "--api", "127.0.0.1:9", "--ledger", "x.db")
    config = serve.configuration(parsed("--config", str(EXAMPLE), "--simulated", *given))
    assert (config.server.grpc, config.server.http, config.ledger.path) == ("127.0.0.1:0", None, "x.db")
    assert config.server.api == "127.0.0.1:9"


def test_a_database_may_be_given_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:canary@h/db")
    config = serve.configuration(parsed("--config", str(EXAMPLE), "--simulated", "--ledger", "${DATABASE_URL}"))
    assert config.ledger_place == Postgres("postgresql://u:canary@h/db")
    assert "canary" not in repr(config)


def test_a_database_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(argparse.ArgumentError, match="environment variable DATABASE_URL is not set"):
        parsed("--ledger", "${DATABASE_URL}")


def test_what_is_not_given_stays_as_written() -> None:
    config = serve.configuration(parsed("--config", str(EXAMPLE), "--simulated"))
    assert (config.server.grpc, config.server.http) == ("127.0.0.1:50051", "127.0.0.1:8080")


@pytest.mark.parametrize("address", ["50051", "host:port", "127.0.0.1:99999"])
def test_an_address_is_checked_at_once(address: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="must be HOST:PORT"):
        parsed("--grpc", address)
