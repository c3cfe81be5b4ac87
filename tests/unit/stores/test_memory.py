from __future__ import annotations

import random

import pytest
from tests.contract.stores.clocks import HeldClock
from tests.contract.stores.suite import served

from pointsman.stores.latency import WINDOW
from pointsman.stores.memory import MemoryStore


async def test_above_its_capacity_the_value_unused_for_longest_goes() -> None:
    store = MemoryStore(HeldClock(), capacity=2)
    await store.put("a", b"a", ttl=60)
    await store.put("b", b"b", ttl=60)
    assert await store.get("a") == b"a"
    await store.put("c", b"c", ttl=60)
    assert [await store.get(key) for key in "abc"] == [b"a", None, b"c"]


async def test_putting_again_takes_no_room() -> None:
    store = MemoryStore(HeldClock(), capacity=2)
    for value in (b"1", b"2", b"3"):
        await store.put("a", value, ttl=60)
        await store.put("b", value, ttl=60)
    assert [await store.get(key) for key in "ab"] == [b"3", b"3"]


async def test_above_its_capacity_of_bytes_as_well() -> None:
    store = MemoryStore(HeldClock(), capacity_bytes=4)
    for key in "abc":
        await store.put(key, b"12", ttl=60)
    assert [await store.get(key) for key in "abc"] == [None, b"12", b"12"]
    await store.put("c", b"1234", ttl=60)
    assert [await store.get(key) for key in "abc"] == [None, None, b"1234"]
    await store.forget("c")
    await store.put("d", b"1234", ttl=60)
    assert await store.get("d") == b"1234"


async def test_percentiles_are_those_of_what_was_seen() -> None:
    store, drawn = MemoryStore(HeldClock()), random.Random(1)  # noqa: S311
    seen: list[float] = []
    for _ in range(10 * WINDOW):
        seen.append(drawn.choice([0.1, 0.2, drawn.random()]))
        store.record(served(seen[-1]), 0)
        window = sorted(seen[-WINDOW:])
        size = len(window)
        latency = (await store.read()).latencies["mini"]
        assert (latency.p50, latency.samples) == (window[(size + 1) // 2 - 1], size)
        if len(seen) <= WINDOW:
            assert latency.p95 == window[-(-95 * size // 100) - 1]
    assert latency.p95 == pytest.approx(sorted(seen)[-len(seen) // 20], rel=0.03)
