"""A client of Pointsman, the LLM router: `Client`, and `AsyncClient` for asyncio.

    with Client("127.0.0.1:50051", Access(plaintext=True)) as client:
        with client.complete(CompleteRequest(input=CompletionInput(messages=[user("Why?")]))) as stream:
            for event in stream:
                print(event.text_delta.text, end="")
        assert stream.answer.complete

The messages are those of the contract, in `pointsman_client.v1`.
"""

from pointsman_client.access import DEFAULT_TIMEOUT, Access
from pointsman_client.aio import AsyncClient, AsyncStream
from pointsman_client.answer import Answer
from pointsman_client.client import Client, Stream
from pointsman_client.errors import PointsmanError, Violation
from pointsman_client.messages import assistant, system, user

__all__ = [
    "DEFAULT_TIMEOUT",
    "Access",
    "Answer",
    "AsyncClient",
    "AsyncStream",
    "Client",
    "PointsmanError",
    "Stream",
    "Violation",
    "assistant",
    "system",
    "user",
]
