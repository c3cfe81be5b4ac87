"""A soak run must be able to fail: leaks are planted in made-up series, and noise must not look like one."""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sin

import pytest
from benchmarks.soak import complaints, measured
from benchmarks.soak_report import Growth, Limits, Outcome, Sample, failures, fit

LIMITS = Limits()
CLEAN = Outcome(
    acknowledged=[f"d-{n}" for n in range(100)],
    cancelled=20,
    errors={"CANCELLED": 20, "ALL_PROVIDERS_DOWN": 3},
    recorded={**{f"d-{n}": "OK" for n in range(100)}, "d-100": "CALLER_CANCELLED", "d-101": "OK"},
    logged=[],
    running=0,
)
EXPLAINED = frozenset({"CANCELLED", "ALL_PROVIDERS_DOWN"})


def series(
    minutes: float, memory: Callable[[float], float] = lambda at: 0.0, fds: Callable[[float], float] = lambda at: 0.0
) -> Sequence[Sample]:
    """A sample a second of a server that breathes as one does; `memory` (kB) and `fds` are added, by seconds."""
    chance = random.Random(7)  # noqa: S311
    wandering = 0.0
    samples = []
    for at in range(int(minutes * 60)):
        # What the allocator and the collector do: waves, steps, and each second much like the one before.
        wandering = 0.9 * wandering + chance.gauss(0, 60)
        resident = 150_000 + wandering + 400 * sin(at / 17) + memory(at)
        descriptors = 60 + chance.choice([-2, -1, 0, 0, 0, 1, 2]) + fds(at)
        samples.append(Sample(at, int(resident * 1024), int(descriptors), int(descriptors) - 12, 9))
    return samples


def wrong(samples: Sequence[Sample], outcome: Outcome = CLEAN) -> list[str]:
    return [told.partition(":")[0] for told in failures(Growth.of(samples), outcome, LIMITS, EXPLAINED)]


@pytest.mark.parametrize("minutes", [1, 5, 30])
def test_a_server_that_only_breathes_passes(minutes: float) -> None:
    assert wrong(series(minutes)) == []


def test_a_leak_of_a_hundred_bytes_a_call_is_found_in_half_an_hour() -> None:
    # At a hundred calls a second.
    assert wrong(series(30, memory=lambda at: at * 100 * 100 / 1024)) == ["memory"]


def test_a_leak_of_two_kilobytes_a_call_is_found_in_a_minute() -> None:
    assert wrong(series(1, memory=lambda at: at * 100 * 2)) == ["memory"]


def test_a_step_that_stays_is_no_leak_of_half_an_hour() -> None:
    assert wrong(series(30, memory=lambda at: 3000.0 if at > 900 else 0.0)) == []


def test_descriptors_that_are_not_closed_are_found() -> None:
    assert wrong(series(1, fds=lambda at: at // 5)) == ["descriptors"]
    assert wrong(series(30, fds=lambda at: at // 30)) == ["descriptors"]


def test_threads_that_do_not_end_are_found() -> None:
    samples = [replace(sample, threads=9 + int(sample.at) // 20) for sample in series(5)]
    assert wrong(samples) == ["threads"]


def test_the_error_covers_the_truth() -> None:
    """Of straight lines under correlated noise, the slope is within two errors nearly always."""
    chance, hits = random.Random(1), 0  # noqa: S311
    for _ in range(200):
        noise, points = 0.0, []
        for at in range(120):
            noise = 0.8 * noise + chance.gauss(0, 10)
            points.append((float(at), 5 * at / 60 + noise))
        found = fit(points)
        hits += abs(found.per_minute - 5) <= 2 * found.error
    assert hits >= 180


def test_a_line_without_noise_has_no_error() -> None:
    found = fit([(float(at), 3.0 * at) for at in range(10)])
    assert (round(found.per_minute, 9), round(found.error, 9)) == (180, 0)


@pytest.mark.parametrize(
    ("outcome", "what"),
    [
        (replace(CLEAN, errors={**CLEAN.errors, "INTERNAL": 1}), "errors"),
        (replace(CLEAN, logged=["pointsman.engine.route: a fault"]), "log"),
        (replace(CLEAN, running=1), "calls"),
        (replace(CLEAN, acknowledged=[*CLEAN.acknowledged, "d-200"]), "ledger"),
        (replace(CLEAN, acknowledged=[*CLEAN.acknowledged, "d-100"]), "ledger"),
        (replace(CLEAN, acknowledged=[*CLEAN.acknowledged, "d-1"]), "ledger"),
        (replace(CLEAN, cancelled=0), "ledger"),
    ],
)
def test_what_callers_or_ledger_know_fails_too(outcome: Outcome, what: str) -> None:
    assert wrong(series(1), outcome) == [what]


def test_a_process_is_measured_and_its_handlers_are_known() -> None:
    before = measured(os.getpid(), 0.0)
    with socket.socket():
        during = measured(os.getpid(), 1.0)
    assert before.resident > 0
    assert (during.descriptors, during.sockets) == (before.descriptors + 1, before.sockets + 1)


def test_the_servers_own_complaints_are_told_from_what_it_says_of_requests() -> None:
    lines = [
        {"level": "warning", "logger": "pointsman.requests", "message": "request ALL_PROVIDERS_DOWN"},
        {"level": "error", "logger": "pointsman.engine.route", "message": "a fault"},
        {"level": "error", "logger": "pointsman.stores.redis_link", "message": "is away"},
    ]
    log = "\n".join([*map(json.dumps, lines), "Traceback (most recent call last):"])
    assert complaints(log) == ["Traceback (most recent call last):", "pointsman.engine.route: a fault"]
