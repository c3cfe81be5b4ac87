"""Every fault the simulator can have, by name, and how a name is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pointsman.errors import ConfigInvalid, Problem
from pointsman.sim import fault_replies as replies
from pointsman.sim import fault_streams as streams
from pointsman.sim.script import Exchange, Script

Play = Callable[[Exchange], Script]

FAULTS: Mapping[str, Play] = MappingProxyType(
    {
        "http-500": replies.http_500,
        "http-503": replies.http_503,
        "http-401": replies.http_401,
        "http-400": replies.http_400,
        "http-422": replies.http_422,
        "http-status": replies.http_status,
        "http-429": replies.http_429,
        "http-429-date": replies.http_429_date,
        "content-filter": replies.content_filter,
        "context-length": replies.context_length,
        "html-200": replies.html_200,
        "empty-length": replies.empty_length,
        "no-usage": replies.no_usage,
        "tool-calls-parallel": replies.tool_calls_parallel,
        "slow": replies.slow,
        "hang-accept": streams.hang_accept,
        "headers-then-silence": streams.headers_then_silence,
        "close-after-headers": streams.close_after_headers,
        "pings-forever": streams.pings_forever,
        "role-forever": streams.role_forever,
        "stall-after-20": streams.stall_after_20,
        "reset-mid-stream": streams.reset_mid_stream,
        "eof-mid-stream": streams.eof_mid_stream,
        "error-event-first": streams.error_event_first,
        "error-event-mid": streams.error_event_mid,
        "malformed-line": streams.malformed_line,
        "malformed-line-first": streams.malformed_line_first,
        "short-body": streams.short_body,
        "huge-line": streams.huge_line,
        "runs-on": streams.runs_on,
        "drip": streams.drip,
        "split-every-byte": streams.split_every_byte,
    }
)


OF_ALL_ROUTES = frozenset(
    {
        "http-500",
        "http-503",
        "http-401",
        "http-status",
        "http-429",
        "http-429-date",
        "hang-accept",
        "headers-then-silence",
        "slow",
    }
)
"""Faults that a provider has whatever it is asked for, its list of models included."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as chosen: its name, its numbers and what it does."""

    name: str
    arguments: tuple[float, ...]
    play: Play

    @property
    def spec(self) -> str:
        """As it is written."""
        return f"{self.name}={','.join(f'{number:g}' for number in self.arguments)}" if self.arguments else self.name


def summary(name: str) -> str:
    """What a fault does, in one line."""
    return (FAULTS[name].__doc__ or "").splitlines()[0]


def parse(spec: str) -> Fault | None:
    """A fault written as `name` or `name=number`; None where it is neither.

    >>> parse("drip=10").arguments
    (10.0,)
    """
    name, _, written = spec.partition("=")
    play = FAULTS.get(name)
    try:
        arguments = tuple(float(number) for number in written.split(",")) if written else ()
    except ValueError:
        return None
    if play is None or any(not 0 <= number < float("inf") for number in arguments):
        return None
    return Fault(name, arguments, play)


def in_model(model: str) -> tuple[str, str | None]:
    """The model and the fault that its name asks for: `fault-NAME` alone or `MODEL:fault-NAME`.

    >>> in_model("gpt-5.4:fault-slow=2")
    ('gpt-5.4', 'slow=2')
    """
    if model.startswith("fault-"):
        return model, model.removeprefix("fault-")
    base, mark, spec = model.rpartition(":fault-")
    return (base, spec) if mark else (model, None)


def checked(faults: Mapping[str, str]) -> dict[str, Fault]:
    """Faults by `provider` or `provider/model`. Raises ConfigInvalid with every one that does not exist."""
    parsed = {where: parse(spec) for where, spec in faults.items()}
    remedy = f"known: {', '.join(FAULTS)}; a number may follow, as slow=2"
    problems = [
        Problem(f"faults.{where}", f"there is no fault {faults[where]!r}; {remedy}")
        for where, fault in parsed.items()
        if fault is None
    ]
    if problems:
        raise ConfigInvalid(problems)
    return {where: fault for where, fault in parsed.items() if fault is not None}
