from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.config.documents import DOCUMENT, KEYS, ProblemsOf

from pointsman.config.load import load
from pointsman.config.policies import Policies
from pointsman.config.rules import load_supposed
from pointsman.errors import ConfigInvalid
from pointsman.stores.redis_options import RedisOptions, WhenDown, parse_address

PAGE = Path(__file__).parents[3] / "docs/scaling.md"
PASSWORD = "canary-password-3"
KEPT = f"{DOCUMENT}state: {{store: redis, url: "


def test_memory_is_the_default(policies: Policies) -> None:
    assert load(DOCUMENT, KEYS, installed=policies).state is None
    assert load(f"{DOCUMENT}state: {{store: memory}}\n", KEYS, installed=policies).state is None


def test_redis_by_reference(policies: Policies) -> None:
    text = f'{KEPT}"${{REDIS_URL}}", prefix: staging, timeout: 20ms, when_down: last_known, share: 6}}\n'
    url = f"rediss://router:{PASSWORD}@redis.example:6380/2"
    config = load(text, {**KEYS, "REDIS_URL": url}, installed=policies)
    address = parse_address(url)
    assert config.state == RedisOptions(address, "staging", 0.02, WhenDown.LAST_KNOWN, 6)
    assert (address.host, address.port, address.database, address.tls) == ("redis.example", 6380, 2, True)
    assert (address.username, address.password, address.name) == ("router", PASSWORD, "redis.example:6380")
    assert PASSWORD not in repr(config)


def test_urls() -> None:
    plain, unix = parse_address("redis://127.0.0.1"), parse_address("unix:///run/redis/redis.sock?db=3")
    assert (plain.host, plain.port, plain.database, plain.tls) == ("127.0.0.1", 6379, 0, False)
    assert (unix.path, unix.database, unix.name) == ("/run/redis/redis.sock", 3, "/run/redis/redis.sock")
    assert parse_address("redis://:a%2Fb@[::1]:7000/0").password == "a/b"


@pytest.mark.parametrize(
    ("state", "path", "message"),
    [
        ("{store: redis}", "state.url", "is missing: say where Redis is"),
        (f'{{store: redis, url: "redis://:{PASSWORD}@host/0"}}', "state.url", "must hold no password"),
        ('{store: redis, url: "http://host"}', "state.url", "must begin with redis://, rediss:// (TLS) or unix://"),
        ('{store: redis, url: "redis:///0"}', "state.url", "names no host"),
        ('{store: redis, url: "unix://"}', "state.url", "names no socket"),
        ('{store: redis, url: "redis://host/first"}', "state.url", "must end with the number of a database"),
        ('{store: redis, url: "redis://host:port"}', "state.url", "is no URL"),
        ('{store: redis, url: "${NOWHERE}"}', "state.url", "environment variable NOWHERE is not set or empty"),
        ('{store: redis, url: "${ODD}"}', "state.url", "what ${ODD} holds must begin with redis://"),
        ('{store: redis, url: "rediss://host", ca_file: /nowhere.pem}', "state.ca_file", "there is no file"),
        ('{url: "redis://host"}', "state", "url would do nothing in memory"),
        ('{store: redis, url: "redis://host", timeout: 2s}', "state.timeout", "must be at most 1"),
        ('{store: redis, url: "redis://host", share: 0}', "state.share", "must be at least 1"),
    ],
)
def test_what_is_refused(problems_of: ProblemsOf, state: str, path: str, message: str) -> None:
    odd = f"https://{PASSWORD}@elsewhere"
    (problem,) = problems_of(f"{DOCUMENT}state: {state}\n", environ={**KEYS, "ODD": odd})
    assert (problem.path, problem.fatal) == (path, True)
    assert message in problem.message
    assert PASSWORD not in str(problem)
    assert problem.line == DOCUMENT.count("\n") + 1


def test_to_decide_without_running_no_redis_is_needed(policies: Policies) -> None:
    text = f'{KEPT}"${{REDIS_URL}}"}}\n'
    config = load(text, KEYS, installed=policies, require_provider=False)
    assert [(warning.path, warning.fatal) for warning in config.warnings] == [("state.url", False)]
    assert load_supposed(text).state is None
    with pytest.raises(ConfigInvalid):
        load(text, KEYS, installed=policies)


def test_the_page_shows_one_that_loads(policies: Policies) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    state = load(DOCUMENT + example, {**KEYS, "REDIS_URL": "redis://redis:6379/0"}, installed=policies).state
    assert state is not None
    assert (state.when_down, state.share) == (WhenDown.LAST_KNOWN, 6)
