"""How the peers are started: at their defaults, from .venv-peers, with nothing of the caller's environment, offline.

Each asks the simulator for the same answer that Pointsman gets, and tries no other address: what a peer would fetch at
its start it is told not to, by its own documented settings.
"""

from __future__ import annotations

import secrets
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks.processes import LoggingServer

HOME = Path(__file__).parent.parent / ".venv-peers"
# The `nano` of the example; equal requests get equal answers from the simulator whatever the model.
UPSTREAM_MODEL = "gpt-5.4-nano"
_PORTKEY = HOME / "node_modules" / "@portkey-ai" / "gateway"


@dataclass(frozen=True, slots=True)
class Goal:
    """At most so many times the peer's CPU for a unary call; `aim` is what is hoped for."""

    budget: float
    aim: float | None = None


class Peer(Protocol):
    """A gateway of somebody else's, over one simulator."""

    name: str
    model: str
    goal: Goal

    def version(self) -> str:
        """What is installed; empty where it is not."""
        ...

    def server(self, upstream: str, folder: Path, core: int) -> LoggingServer:
        """Not started yet; what it writes stays in `folder`."""
        ...

    def headers(self, upstream: str) -> Mapping[str, str]:
        """What each call has to carry."""
        ...


class LiteLLM:
    """Implements `Peer` by LiteLLM's proxy: one worker, no database, a master key since it does not start without."""

    name, model, goal = "litellm", "nano", Goal(1 / 15, 1 / 25)

    def __init__(self) -> None:
        self._key = f"sk-{secrets.token_hex(16)}"

    def version(self) -> str:
        found = distributions(name="litellm", path=[str(path) for path in HOME.glob("lib/*/site-packages")])
        return next((one.version for one in found), "")

    def server(self, upstream: str, folder: Path, core: int) -> LoggingServer:
        model = {"model": f"openai/{UPSTREAM_MODEL}", "api_base": f"{upstream}/openai/v1", "api_key": "simulated"}
        config = folder / "litellm.yaml"
        # JSON is YAML.
        config.write_bytes(msgspec.json.encode({"model_list": [{"model_name": self.model, "litellm_params": model}]}))
        program = str(HOME / "bin" / "litellm")
        command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", "0", "--num_workers", "1"]
        local = ("MODEL_COST_MAP", "ANTHROPIC_BETA_HEADERS", "BLOG_POSTS", "POLICY_TEMPLATES", "AUTOROUTER_PRESETS")
        environment = {
            **_environment(folder),
            **{f"LITELLM_LOCAL_{what}": "True" for what in local},
            "LITELLM_MASTER_KEY": self._key,
        }
        return LoggingServer(command, core, environment, r"running on http://127\.0\.0\.1:(\d+)", folder / "log")

    def headers(self, upstream: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self._key}"}


class Portkey:
    """Implements `Peer` by Portkey's gateway. It cannot be told to listen on one address only."""

    name, model, goal = "portkey", UPSTREAM_MODEL, Goal(1 / 4)

    def version(self) -> str:
        package = _PORTKEY / "package.json"
        return str(msgspec.json.decode(package.read_bytes())["version"]) if package.exists() else ""

    def server(self, upstream: str, folder: Path, core: int) -> LoggingServer:
        script = str(_PORTKEY / "build" / "start-server.js")
        command = [shutil.which("node") or "node", script, f"--port={_free_port()}", "--headless"]
        return LoggingServer(command, core, _environment(folder), r"http://localhost:(\d+)", folder / "log")

    def headers(self, upstream: str) -> Mapping[str, str]:
        return {
            "authorization": "Bearer simulated",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"{upstream}/openai/v1",
        }


def installed() -> list[Peer]:
    """The peers that are there. Raises SystemExit without LiteLLM, which the project's budget is about."""
    litellm, portkey = LiteLLM(), Portkey()
    if not litellm.version():
        raise SystemExit("LiteLLM is not in .venv-peers: `make bench-peers` installs it")
    return [litellm, portkey] if portkey.version() else [litellm]


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": f"{HOME / 'bin'}:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
