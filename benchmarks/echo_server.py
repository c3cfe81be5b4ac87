"""The floor: the least that a Python gRPC server can do, on the same libraries and event loop as ours."""

from __future__ import annotations

import asyncio
import sys

import grpc
import grpc.aio
import uvloop

SERVICE = "bench.Echo"


async def unary(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
    """Answer with what came."""
    return request


async def stream(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
    """`COUNT:MICROSECONDS`: so many messages, one every so often, as tokens would come."""
    count, pause = (int(number) for number in request.split(b":"))
    for _ in range(count):
        if pause:
            await asyncio.sleep(pause / 1e6)
        await context.write(b"x" * 24)


async def main() -> None:
    """Serve on a free port, which is printed."""
    server = grpc.aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Stream": grpc.unary_stream_rpc_method_handler(stream),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
