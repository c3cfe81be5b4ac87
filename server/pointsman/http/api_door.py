"""The listener of the HTTP APIs: paths, and who is spoken to in which API's words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from aiohttp import hdrs, web

from pointsman.doors.callers import Porch
from pointsman.doors.limits import REQUEST_BYTES, REQUEST_WITH_IMAGES_BYTES
from pointsman.doors.once import Once
from pointsman.engine.route import Engine
from pointsman.errors import InvalidRequest
from pointsman.http.answering import Answering, json_response, refusal
from pointsman.http.api import Api, Counting, Told
from pointsman.http.connections import Runner
from pointsman.http.listening import listen
from pointsman.http.listing import find, listed
from pointsman.http.settings import ApiSettings
from pointsman.http.tls import Certificates
from pointsman.model.caller import Caller


class ApiDoor:
    """One listening HTTP server that speaks `apis`: each at its own path, and elsewhere the one whose clients send such
    headers, the first where none does.
    """

    def __init__(self, engine: Engine, once: Once, settings: ApiSettings, porch: Porch, apis: Sequence[Api]) -> None:
        self._engine, self._settings, self._apis = engine, settings, apis
        self._answering = Answering(engine, once, settings, porch)
        app = web.Application()
        for api in apis:
            app.router.add_post(api.path, partial(self._complete, api))
            if api.counting:
                app.router.add_post(api.counting.path, partial(self._count, api, api.counting))
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{name:.+}", self._model)
        app.router.add_route(hdrs.METH_ANY, "/{path:.*}", self._nowhere)
        self._runner = Runner(app, cancelling=True)
        self.configure(settings)

    def configure(self, settings: ApiSettings) -> None:
        """Take other limits for the calls to come; the address stays. Then the rules are those of today."""
        models = self._engine.rules.catalogue.models.values()
        images = any("images" in model.capabilities for model in models)
        self._answering.configure(settings, REQUEST_WITH_IMAGES_BYTES if images else REQUEST_BYTES)

    async def start(self) -> str:
        """Listen; the address, with its real port. Raises CannotListen."""
        settings = self._settings
        tls = Certificates(settings.tls).context if settings.tls else None
        return await listen(self._runner, settings.address, "server.api", shared=settings.shared, tls=tls)

    async def stop(self) -> None:
        """Stop listening and close the connections; the calls have been drained."""
        await self._runner.cleanup()

    async def _complete(self, api: Api, request: web.Request) -> web.StreamResponse:
        return await self._answering.complete(request, api)

    async def _count(self, api: Api, counting: Counting, request: web.Request) -> web.StreamResponse:
        return await self._answering.count(request, api, counting)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        api = self._spoken(request)

        async def work(caller: Caller) -> web.Response:
            return json_response(api.models(listed(self._engine.rules, caller)))

        return await self._answering.guarded(request, api, "ListModels", work)

    async def _model(self, request: web.Request) -> web.StreamResponse:
        api = self._spoken(request)

        async def work(caller: Caller) -> web.Response:
            return json_response(api.model(find(request.match_info["name"], self._engine.rules, caller)))

        return await self._answering.guarded(request, api, "GetModel", work)

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        """A path, or a method at a path, that there is not. Nobody is authenticated, and nothing is told."""
        posted = [way for api in self._apis for way in (api, api.counting) if way]
        paths = {way.path: hdrs.METH_POST for way in posted}
        paths |= {"/v1/models": hdrs.METH_GET, "/v1/models/{id}": hdrs.METH_GET}
        there = ", ".join(f"{method} {path}" for path, method in paths.items())
        error = InvalidRequest([("path", f"there is no {request.method} at this path; there are {there}")])
        allowed = paths.get(request.path)
        response = refusal(request, self._spoken(request), Told(error))
        response.set_status(405 if allowed else 404)
        if allowed:
            response.headers[hdrs.ALLOW] = allowed
        return response

    def _spoken(self, request: web.Request) -> Api:
        return next((api for api in self._apis if api.speaks(request.headers)), self._apis[0])
