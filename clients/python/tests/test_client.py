from __future__ import annotations

import asyncio

import grpc
import pytest
import trustme
from clients.python.tests.conftest import Server, serving

from pointsman_client import Access, AsyncClient, Client, PointsmanError
from pointsman_client.v1.router_service_pb2 import (
    CompleteRequest,
    CompleteUnaryRequest,
    RouteBatchRequest,
    RouteRequest,
)
from pointsman_client.v1.router_service_pb2_grpc import RouterServiceStub

PLAINTEXT = Access(plaintext=True)
PATIENCE = 10.0


class Enough(Exception):
    pass


def test_the_key_and_more_go_with_a_call(server: Server) -> None:
    with Client(server.target, Access(key="psk-1", plaintext=True)) as client:
        decision = client.route(RouteRequest(), metadata=(("traceparent", "00-1-2-01"),))
    assert decision.model == "nano"
    assert server.metadata["authorization"] == "Bearer psk-1"
    assert server.metadata["traceparent"] == "00-1-2-01"


def test_leaving_the_loop_cancels(server: Server) -> None:
    with Client(server.target, PLAINTEXT) as client:
        with client.complete(CompleteRequest()) as stream:
            for event in stream:
                if event.text_delta.text:
                    break
        assert server.gone.wait(PATIENCE)
        assert stream.answer.text == "word "
        assert not stream.answer.complete


def test_so_does_it_without_a_with(server: Server) -> None:
    with Client(server.target, PLAINTEXT) as client:
        for event in client.complete(CompleteRequest()):
            if event.text_delta.text:
                break
        assert server.gone.wait(PATIENCE)


def read_one_and_fail(client: Client) -> None:
    with client.complete(CompleteRequest()) as stream:
        next(stream)
        raise Enough


def test_an_exception_cancels(server: Server) -> None:
    with Client(server.target, PLAINTEXT) as client:
        with pytest.raises(Enough):
            read_one_and_fail(client)
        assert server.gone.wait(PATIENCE)


def test_reading_on_after_a_cancellation_says_so(server: Server) -> None:
    with Client(server.target, PLAINTEXT) as client, client.complete(CompleteRequest()) as stream:
        next(stream)
        stream.cancel()
        with pytest.raises(PointsmanError) as failed:
            for _ in stream:
                pass
    assert failed.value.code == "CANCELLED"


def test_over_tls() -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    pair = (certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes())
    with serving(grpc.ssl_server_credentials([pair])) as server:
        trusted = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
        with Client(server.target, Access(key="psk-1", credentials=trusted)) as client:
            client.route(RouteRequest())
        assert server.metadata["authorization"] == "Bearer psk-1"
        with Client(server.target, Access()) as stranger, pytest.raises(PointsmanError, match="UNAVAILABLE"):
            stranger.route(RouteRequest())


def test_nobody_listens() -> None:
    with Client("127.0.0.1:1", PLAINTEXT) as client, pytest.raises(PointsmanError) as failed:
        client.route(RouteRequest())
    assert (failed.value.code, failed.value.reason) == ("UNAVAILABLE", "")


def test_a_decision_is_tried_three_times_in_all(server: Server) -> None:
    with Client(server.target, PLAINTEXT) as client, pytest.raises(grpc.RpcError, match="too much to do"):
        RouterServiceStub(client.channel).RouteBatch(RouteBatchRequest())
    assert server.attempts == 3


def test_an_answer_that_may_have_been_paid_for_is_not_tried_again(server: Server) -> None:
    with Client(server.target, PLAINTEXT) as client, pytest.raises(PointsmanError, match="UNAVAILABLE"):
        client.complete_unary(CompleteUnaryRequest(request_id="r-1"))
    assert server.attempts == 1


@pytest.mark.anyio
async def test_asyncio_the_key_goes_with_a_call(server: Server) -> None:
    async with AsyncClient(server.target, Access(key="psk-1", plaintext=True)) as client:
        assert (await client.route(RouteRequest())).model == "nano"
    assert server.metadata["authorization"] == "Bearer psk-1"


@pytest.mark.anyio
async def test_asyncio_leaving_the_loop_cancels(server: Server) -> None:
    async with AsyncClient(server.target, PLAINTEXT) as client:
        async with client.complete(CompleteRequest()) as stream:
            async for event in stream:
                if event.text_delta.text:
                    break
        assert await asyncio.to_thread(server.gone.wait, PATIENCE)


@pytest.mark.anyio
async def test_asyncio_so_does_it_without_a_with(server: Server) -> None:
    async with AsyncClient(server.target, PLAINTEXT) as client:
        async for event in client.complete(CompleteRequest()):
            if event.text_delta.text:
                break
        assert await asyncio.to_thread(server.gone.wait, PATIENCE)


@pytest.mark.anyio
async def test_asyncio_cancelling_the_task_cancels_the_call(server: Server) -> None:
    reading = asyncio.Event()

    async def read() -> None:
        async for _ in client.complete(CompleteRequest()):
            reading.set()

    async with AsyncClient(server.target, PLAINTEXT) as client:
        task = asyncio.create_task(read())
        await reading.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.gone.wait, PATIENCE)


@pytest.mark.anyio
async def test_asyncio_reading_on_after_a_cancellation_says_so(server: Server) -> None:
    async with AsyncClient(server.target, PLAINTEXT) as client, client.complete(CompleteRequest()) as stream:
        await anext(stream)
        stream.cancel()
        with pytest.raises(PointsmanError) as failed:
            async for _ in stream:
                pass
    assert failed.value.code == "CANCELLED"


@pytest.mark.anyio
async def test_asyncio_closing_is_an_error_to_a_call_that_waits(server: Server) -> None:
    async with AsyncClient(server.target, PLAINTEXT) as client:
        waiting = asyncio.create_task(client.complete_unary(CompleteUnaryRequest()))
        assert await asyncio.to_thread(server.asked.wait, PATIENCE)
    with pytest.raises(PointsmanError) as failed:
        await waiting
    assert failed.value.code == "CANCELLED"


@pytest.mark.anyio
async def test_asyncio_closing_is_an_error_to_a_stream_that_is_read(server: Server) -> None:
    async with AsyncClient(server.target, PLAINTEXT) as client:
        stream = client.complete(CompleteRequest())
        await anext(stream)
    with pytest.raises(PointsmanError) as failed:
        async for _ in stream:
            pass
    assert failed.value.code == "CANCELLED"


@pytest.mark.anyio
async def test_asyncio_cancelling_the_task_is_no_error_of_the_call(server: Server) -> None:
    async with AsyncClient(server.target, PLAINTEXT) as client:
        task = asyncio.create_task(client.complete_unary(CompleteUnaryRequest()))
        assert await asyncio.to_thread(server.asked.wait, PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.gone.wait, PATIENCE)
