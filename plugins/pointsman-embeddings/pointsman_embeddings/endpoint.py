"""An OpenAI-compatible `/embeddings` endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import numpy as np

from pointsman_embeddings.embedder import EmbedderFailed, Vectors, unit_rows

BATCH = 64
CONNECTIONS = 8
PATIENCE = 30.0
"""Seconds for one call; a request's own is the `timeout` of its chain entry."""
MAX_ANSWER = 32 << 20
"""Bytes: a batch of vectors of 4,096 numbers is less than half of it."""


class _Row(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Row]


_DECODER = msgspec.json.Decoder(_Answer)


class Client:
    """An Embedder over an endpoint. No error holds what was sent or answered: either may be a secret."""

    def __init__(self, session: aiohttp.ClientSession, url: str, model: str) -> None:
        self._session, self._url, self._model = session, url, model

    async def embed(self, texts: Sequence[str]) -> Vectors:
        parts = [await self._ask(list(texts[at : at + BATCH])) for at in range(0, len(texts), BATCH)]
        if len({part.shape[1] for part in parts}) > 1:
            raise EmbedderFailed(f"{self._url} gives vectors of different lengths")
        return np.concatenate(parts)

    async def _ask(self, texts: list[str]) -> Vectors:
        body = msgspec.json.encode({"model": self._model, "input": texts})
        try:
            # A redirect is an error: the key goes where the configuration says, and nowhere else.
            async with self._session.post(self._url, data=body, allow_redirects=False) as response:
                if response.status != 200:
                    raise EmbedderFailed(f"{self._url} answered with status {response.status}")
                answer = await _read(response)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise EmbedderFailed(f"{self._url} did not answer: {type(error).__name__}") from None
        try:
            rows = sorted(_DECODER.decode(answer).data, key=lambda row: row.index)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise EmbedderFailed(f"{self._url} answered what is no list of embeddings") from None
        if [row.index for row in rows] != list(range(len(texts))):
            raise EmbedderFailed(f"{self._url} answered {len(rows)} embeddings for {len(texts)} texts")
        return unit_rows([row.embedding for row in rows])


async def _read(response: aiohttp.ClientResponse) -> bytes:
    answer = bytearray()
    async for part in response.content.iter_any():
        answer += part
        if len(answer) > MAX_ANSWER:
            raise EmbedderFailed(f"{response.url} answers more than {MAX_ANSWER >> 20} MiB")
    return bytes(answer)


@asynccontextmanager
async def connected(base_url: str, model: str, key: str) -> AsyncIterator[Client]:
    """A client of the endpoint under `base_url`; `key` may be empty. Its connections end with it."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=PATIENCE),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Client(session, f"{base_url}/embeddings", model)
        # The transports of a closed session need one more turn of the loop to be gone.
    await asyncio.sleep(0)
