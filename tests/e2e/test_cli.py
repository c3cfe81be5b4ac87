from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import EXAMPLE, Running, pointsman, serve

from pointsman.cli.children import ChildFailed, child

MISTAKEN = """\
providers:
  openai: {wire: openai, api_key: "sk-pasted-by-mistake"}
models:
  mini: {provider: opnai, upstream: gpt-5.4-mini, tier: small, context: 400_000, price: {input: 0.75, output: 4.50}}
tiers: [small]
tasks:
  simple:
    route: smal
    max_output_tokns: 256
default: simple
chain:
  - {use: astrology}
"""
FIVE = [
    ("providers.openai.api_key", 2),
    ("models.mini.provider", 4),
    ("tasks.simple.route", 8),
    ("tasks.simple.max_output_tokns", 9),
    ("chain[0].use", 12),
]


def test_how_providers_are_doing(running: Running) -> None:
    found = running.json("health")["health"]
    wholes = {row["provider"]: row["state"] for row in found if not row["model"]}
    assert wholes.keys() == {"openai", "anthropic", "openrouter", "groq", "google", "mistral"}
    assert [row["model"] for row in found if row["provider"] == "mistral"] == ["", "mistral-large", "mistral-small"]
    shown = running.ask("health", "groq", "mistral")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "mistral-small" in shown.stdout
    assert "openrouter" not in shown.stdout
    unknown = running.ask("health", "mistrall")
    assert unknown.returncode == 1
    assert "UNKNOWN_PROVIDER" in unknown.stderr
    assert "did you mean 'mistral'?" in unknown.stderr


def test_five_mistakes_are_five_problems(tmp_path: Path) -> None:
    path = tmp_path / "mistaken.yaml"
    path.write_text(MISTAKEN)
    ran = pointsman("check-config", str(path))
    assert ran.returncode == 2
    assert [line.split(": ")[:3] for line in ran.stderr.splitlines()] == [
        [f"{path}:{line}", "error", where] for where, line in FIVE
    ]
    assert "sk-pasted" not in ran.stdout + ran.stderr


def test_five_mistakes_as_json(tmp_path: Path) -> None:
    path = tmp_path / "mistaken.yaml"
    path.write_text(MISTAKEN)
    ran = pointsman("check-config", str(path), "--json")
    assert ran.returncode == 2
    problems = json.loads(ran.stdout)["problems"]
    assert [(problem["path"], problem["line"]) for problem in problems] == FIVE
    assert all(problem["fatal"] and problem["message"] for problem in problems)


def test_serve_refuses_what_check_config_refuses(tmp_path: Path) -> None:
    path = tmp_path / "mistaken.yaml"
    path.write_text(MISTAKEN)
    ran = pointsman("serve", "--config", str(path), "--simulated")
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 5


def test_route_tells_model_candidates_and_policies(running: Running) -> None:
    ran = running.ask("route", "What is 17 * 23?", "--task", "simple")
    assert ran.returncode == 0
    assert "oss-20b at groq (small) for simple/balanced, decided by tags" in ran.stdout
    assert "choose_targets" in ran.stdout
    decision = running.json("route", "hi", "--task", "code", "--mode", "sport")["decision"]
    assert (decision["model"], decision["task"], decision["mode"]) == ("gpt", "code", "sport")
    assert {verdict["policy"] for verdict in decision["trace"]} >= {"tags", "route"}


def test_complete_streams_the_answer_and_sums_it_up(running: Running) -> None:
    ran = running.ask("complete", "-", stdin="What is 17 * 23?")
    assert ran.returncode == 0
    assert ran.stdout == "17 * 23 = 391.\n"
    assert "decided by classifier" in ran.stderr
    assert "cost " in ran.stderr


def test_complete_as_json(running: Running) -> None:
    told = running.json("complete", "What is 2 + 2?", "--label", "project=apollo", "--mode", "eco")
    assert told["text"] == "2 + 2 = 4."
    assert told["usage"]["attempts"][0]["outcome"] == "served"
    assert told["finish"]["reason"] == "stop"
    assert told["decision"]["mode"] == "eco"


def test_complete_with_tools_and_with_a_schema(running: Running, tmp_path: Path) -> None:
    tool, schema = tmp_path / "tool.json", tmp_path / "schema.json"
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool.write_text(json.dumps({"name": "get_weather", "description": "weather", "parameters": parameters}))
    schema.write_text(json.dumps(parameters))
    called = running.json("complete", "What is the weather in Paris?", "--tool", str(tool))
    assert called["tool_calls"] == [{"name": "get_weather", "arguments": '{"city": "Paris"}'}]
    shaped = running.json("complete", "The fair is held in Lisbon.", "--schema", str(schema))
    assert set(json.loads(shaped["text"])) == {"city"}


def test_failover_is_shown(running: Running) -> None:
    ran = running.ask("complete", "hello", "--exclude-provider", "groq", "--notices")
    assert ran.returncode == 0
    assert "[attempt failed: mistral-small at mistral" in ran.stderr
    assert "failover" in ran.stderr


def test_a_refusal_shows_code_reason_and_details(running: Running) -> None:
    ran = running.ask("complete", "hello", "--max-cost", "0.0000001")
    assert ran.returncode == 1
    assert "FAILED_PRECONDITION MAX_COST_UNSATISFIABLE: " in ran.stderr
    assert "limits: gpt: could cost" in ran.stderr
    assert "cheapest_nano_usd = " in ran.stderr


def test_a_refusal_as_json(running: Running) -> None:
    ran = running.ask("route", "hello", "--task", "reasonin", "--json")
    assert ran.returncode == 1
    error = json.loads(ran.stdout)["error"]
    assert (error["code"], error["reason"]) == ("INVALID_ARGUMENT", "UNKNOWN_TASK")
    assert "did you mean 'reasoning'" in error["violations"][0][1]


def test_a_provider_that_must_not_be_replaced(running: Running) -> None:
    ran = running.ask("complete", "hello", "--provider", "mistral", "--strict")
    assert ran.returncode == 1
    assert "UNAVAILABLE ALL_PROVIDERS_DOWN" in ran.stderr
    assert "try again after" in ran.stderr


def test_nobody_there() -> None:
    ran = pointsman("route", "hello", "--address", "127.0.0.1:1")
    assert ran.returncode == 1
    assert "is `pointsman serve` running there?" in ran.stderr


def test_explain_finds_a_request_by_the_beginning_of_its_id(running: Running) -> None:
    asked = running.json("complete", "hello", "--tag", "nightly-report")["decision"]["decision_id"]
    ran = pointsman("explain", asked[:26], "--ledger", str(running.ledger))
    assert ran.returncode == 0
    assert f"Decision {asked}" in ran.stdout
    assert "Task reasoning by tags (from tag nightly-report, confidence 1)" in ran.stdout
    told = json.loads(pointsman("explain", asked, "--ledger", str(running.ledger), "--json").stdout)
    assert told["record"]["decision_id"] == asked
    assert told["record"]["attempts"][0]["outcome"] == "served"


def test_explain_knows_what_it_does_not_have(running: Running) -> None:
    ran = pointsman("explain", "ffff", "--ledger", str(running.ledger))
    assert ran.returncode == 1
    assert "no decision that begins with 'ffff'" in ran.stderr


def test_report_compares_with_one_model(running: Running) -> None:
    running.ask("complete", "hello")
    chosen = ("--ledger", str(running.ledger), "--config", str(EXAMPLE), "--since", "1h")
    ran = pointsman("report", *chosen, "--against", "gpt")
    assert ran.returncode == 0
    assert "Everything at gpt: $" in ran.stdout
    assert "routing saved $" in ran.stdout
    assert "Everything at opus: $" in pointsman("report", "--ledger", str(running.ledger)).stdout
    told = json.loads(pointsman("report", *chosen, "--json").stdout)
    assert told["comparison"]["model"] == "opus"
    assert sum(group["requests"] for group in told["tasks"]) == told["requests"] > 0


def test_a_second_server_on_the_same_port_says_so(running: Running, tmp_path: Path) -> None:
    ran = pointsman(*serve("http://127.0.0.1:1", tmp_path / "other.db", grpc=running.address))
    assert ran.returncode == 1
    assert ran.stderr.strip().startswith(f"pointsman serve: cannot listen on {running.address}: the port is taken")


def test_a_ledger_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    ran = pointsman(*serve("http://127.0.0.1:1", tmp_path / "none" / "ledger.db"))
    assert ran.returncode == 1
    assert "cannot be opened" in ran.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_well(number: signal.Signals, tmp_path: Path) -> None:
    with child(serve("http://127.0.0.1:1", tmp_path / "ledger.db"), tmp_path) as server:
        server.wait_for(r"ready: grpc ([^,\s]+)")
        assert server.stop(number) == 0


def test_ready_as_json(tmp_path: Path) -> None:
    with child([*serve("http://127.0.0.1:1", tmp_path / "ledger.db"), "--json"], tmp_path) as server:
        assert server.wait_for(r'"grpc": "127\.0\.0\.1:(\d+)"') != "0"


def test_a_child_that_ends_too_early_is_quoted(tmp_path: Path) -> None:
    with (
        child(["serve", "--config", str(tmp_path / "none.yaml")], tmp_path) as server,
        pytest.raises(ChildFailed, match=r"ended with status 2:\n.*cannot be read"),
    ):
        server.wait_for(r"ready: (.*)")


def test_importing_the_policy_api_imports_no_server() -> None:
    heavy = ("grpc", "aiohttp", "pydantic", "yaml")
    code = f"import sys, pointsman; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout == "[]\n"
