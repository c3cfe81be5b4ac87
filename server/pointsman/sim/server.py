"""The simulator as a web application, and how it is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import anyio
import msgspec
from aiohttp import web

from pointsman.errors import ConfigInvalid
from pointsman.sim.answers import Brief, Composer
from pointsman.sim.calls import Call, CallRecord, Calls
from pointsman.sim.faults import FAULTS, OF_ALL_ROUTES, Fault, checked, in_model, parse
from pointsman.sim.player import Player
from pointsman.sim.prefixes import PrefixCache, digests
from pointsman.sim.reply import Reply, Usage
from pointsman.sim.request import ChatRequest, Message, Refusal
from pointsman.sim.script import Exchange, Pace, Script, answer, refuse
from pointsman.sim.settings import ModelSettings, SimSettings
from pointsman.sim.tokens import prompt_tokens
from pointsman.sim.wire import Wire
from pointsman.sim.wires import OPENAI, WIRES

_MOST_BODY = 128 * 1024 * 1024
_CREATED = 1_767_225_600
_ANYTHING = ChatRequest(model="", messages=[Message("user", "")])
_MODELS = ("sim-small", "sim-large", "sim-reasoning")


def create_app(settings: SimSettings, on_call: Callable[[CallRecord], None] | None = None) -> web.Application:
    """The application; `on_call` hears of every call that ended. Raises ConfigInvalid for a fault that does not exist.

    A client's disconnect is only noticed at once where it runs with `handler_cancellation=True`, as `serve` does.
    """
    simulator = Simulator(settings, on_call)
    app = web.Application(client_max_size=_MOST_BODY)
    for wire in WIRES:
        for path in wire.routes:
            app.router.add_post(path, partial(simulator.complete, wire))
    app.router.add_get("/{provider}/v1/models", simulator.models)
    app.router.add_get("/{provider}/v1beta/models", simulator.models)
    app.router.add_get("/sim/log", simulator.log)
    app.router.add_delete("/sim/log", simulator.clear_log)
    app.router.add_get("/sim/active", simulator.active)
    app.router.add_get("/sim/faults", simulator.faults)
    app.router.add_put("/sim/faults", simulator.set_faults)
    app.router.add_route("*", "/{rest:.*}", simulator.unknown)
    app.on_shutdown.append(simulator.close)
    return app


async def serve(
    settings: SimSettings,
    ready: Callable[[str], None] | None = None,
    on_call: Callable[[CallRecord], None] | None = None,
) -> None:
    """Serve until cancelled; `ready` is told the URL once connections are accepted.

    Cancelled, it accepts no more, lets calls in flight go on for `settings.drain` seconds, and ends.
    """
    runner = web.AppRunner(
        create_app(settings, on_call),
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=settings.drain,
        keepalive_timeout=300,
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port, backlog=4096).start()
        if ready is not None:
            host, port = runner.addresses[0][:2]
            ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await asyncio.Event().wait()
    finally:
        with anyio.CancelScope(shield=True):
            await runner.cleanup()


class Simulator:
    """The handlers and what they share."""

    def __init__(self, settings: SimSettings, on_call: Callable[[CallRecord], None] | None) -> None:
        self._settings = settings
        self._faults = checked(settings.faults)
        self._calls = Calls(settings.log_limit, on_call)
        self._composer = Composer()
        self._prefixes = PrefixCache()
        self._closing = asyncio.Event()

    async def complete(self, wire: Wire, request: web.Request) -> web.StreamResponse:
        """POST to one of a wire's paths"""
        route = request.match_info
        refusal = wire.authenticate(request.headers)
        call = self._calls.begin(route["provider"], refusal is None)
        player = Player(request, call, wire.id_header, self._closing)
        try:
            try:
                body = await request.read()
            except web.HTTPRequestEntityTooLarge:
                return await player.play(refuse(wire, Refusal(413, f"The body is larger than {_MOST_BODY} bytes.")))
            return await player.play(self._script(wire, call, refusal or wire.parse(body, route)))
        finally:
            self._calls.end(call, player.ending)

    async def models(self, request: web.Request) -> web.StreamResponse:
        """GET the list of models; not in the log. A provider's faults that are of all routes are this one's, too."""
        # One list for every wire: a key in any wire's header will do.
        refusals = [wire.authenticate(request.headers) for wire in WIRES]
        if None not in refusals and (refusal := refusals[0]):
            return _refused(refusal)
        provider = request.match_info["provider"]
        fault = self._faults.get(provider)
        if fault and fault.name in OF_ALL_ROUTES:
            call = Call("req_sim_models", provider, authorized=True)
            exchange = self._exchange(OPENAI, call, _ANYTHING, "")
            player = Player(request, call, OPENAI.id_header, self._closing)
            return await player.play(fault.play(replace(exchange, arguments=fault.arguments)))
        own = (name.removeprefix(f"{provider}/") for name in self._settings.models)
        names = dict.fromkeys([*(n for n in own if "/" not in n), *_MODELS, *(f"fault-{name}" for name in FAULTS)])
        listed = [{"id": name, "object": "model", "created": _CREATED, "owned_by": provider} for name in names]
        return _json({"object": "list", "data": listed})

    async def log(self, request: web.Request) -> web.Response:
        """GET /sim/log: the last calls that ended, oldest first."""
        return _json(self._calls.ended())

    async def clear_log(self, request: web.Request) -> web.Response:
        """DELETE /sim/log"""
        self._calls.clear()
        return web.Response(status=204)

    async def active(self, request: web.Request) -> web.Response:
        """GET /sim/active: the calls in flight."""
        calls = self._calls.active()
        return _json({"count": len(calls), "calls": calls})

    async def faults(self, request: web.Request) -> web.Response:
        """GET /sim/faults: the faults of providers and of models at providers."""
        return _json(_written(self._faults))

    async def set_faults(self, request: web.Request) -> web.Response:
        """PUT /sim/faults: replace them all, for calls from now on."""
        try:
            self._faults = checked(msgspec.json.decode(await request.read(), type=dict[str, str]))
        except ConfigInvalid as error:
            return _refused(Refusal(400, str(error)))
        except msgspec.DecodeError:
            told = 'Send one JSON object such as {"groq": "http-500", "openai/gpt-5.4": "slow=2"}.'
            return _refused(Refusal(400, told))
        return _json(_written(self._faults))

    async def unknown(self, request: web.Request) -> web.Response:
        """Any other path."""
        return _refused(Refusal(404, f"Unknown request URL: {request.method} {request.path}.", code="unknown_url"))

    async def close(self, app: web.Application) -> None:
        """End all silences, so that a stop need not wait for them."""
        self._closing.set()

    def _script(self, wire: Wire, call: Call, request: ChatRequest | Refusal) -> Script:
        if isinstance(request, Refusal):
            return refuse(wire, request)
        call.model, call.stream = request.model, bool(request.stream)
        base, spec = in_model(request.model)
        fault = self._fault(call.provider, base) if spec is None else parse(spec)
        if spec is not None and fault is None:
            told = f"There is no fault {spec!r}; known: {', '.join(FAULTS)}."
            return refuse(wire, Refusal(404, told, param="model"))
        exchange = self._exchange(wire, call, request, base)
        if fault is None:
            return answer(exchange)
        call.fault = fault.name
        return fault.play(replace(exchange, arguments=fault.arguments))

    def _fault(self, provider: str, model: str) -> Fault | None:
        return self._faults.get(f"{provider}/{model}") or self._faults.get(provider)

    def _exchange(self, wire: Wire, call: Call, request: ChatRequest, base: str) -> Exchange:
        model = self._settings.model(call.provider, base)
        prefixes = digests(request, self._settings.seed)
        brief = Brief.of(request, model, prefixes[-1], call.provider)
        usage = self._usage(call, request, prefixes, model)
        with_usage = bool(request.stream_options and request.stream_options.include_usage)
        created = _CREATED + int.from_bytes(brief.identity[:3], "big")
        answered = self._composer.compose(brief)
        reply = Reply(
            brief.mark,
            created,
            f"{request.model}-sim",
            answered,
            usage,
            with_usage,
            brief.sureness if request.logprobs else None,
            summarized=request.summarized is not False,
        )
        return Exchange(wire, brief, reply, self._pace(call, brief))

    def _usage(self, call: Call, request: ChatRequest, prefixes: list[bytes], model: ModelSettings) -> Usage:
        prompt, known = prompt_tokens(request.messages, request.tools or ()), 0
        if request.cache_marked is not False:
            known = self._prefixes.match(call.provider, request.model, prefixes)
        cached = prompt_tokens(request.messages[:known])
        price = model.price if call.provider == "openrouter" else None
        return Usage(prompt, cached, price, prompt - cached if request.cache_marked else 0, request.cache_hourly)

    def _pace(self, call: Call, brief: Brief) -> Pace:
        """Equal requests differ in time to first token, equal runs do not: the call's number counts."""
        settings, model = self._settings, brief.model
        median, sigma = model.ttft_median, settings.ttft_sigma
        if brief.chance(call.id) < settings.slow_share:
            median, sigma = settings.slow_median, settings.slow_sigma
        elif median is None:
            median = settings.ttft_median
        interval = settings.token_interval if model.token_interval is None else model.token_interval
        return Pace(median * brief.spread(call.id, sigma), interval, settings.per_token_writes)


def _written(faults: dict[str, Fault]) -> dict[str, str]:
    return {where: fault.spec for where, fault in faults.items()}


def _refused(refusal: Refusal) -> web.Response:
    """Of what belongs to no wire, in the words of the first."""
    return web.Response(body=OPENAI.refused(refusal), status=refusal.status, content_type="application/json")


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
