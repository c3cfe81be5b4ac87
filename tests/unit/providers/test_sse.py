from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.errors import BodyTooLarge
from pointsman.providers.sse import SseEvent, SseParser

LIMIT = 1 << 20
PIECES = [
    *[b"data: one", b"data:two", b"data:  three", b"data", b"data:", b": ping", b":", b"event: delta", b"event:"],
    *[b"id: 7", b"id: \0", b"id", b"retry: 10", b"unknown: x", b"DATA: x", b"\xef\xbb\xbf", b"\xff"],
    *[b"\n", b"\r", b"\r\n", b"\n\n"],
]
streams = st.lists(st.sampled_from(PIECES)).map(b"".join) | st.binary()


def parse(*chunks: bytes, limit: int = LIMIT) -> list[SseEvent]:
    parser = SseParser(limit)
    return [event for chunk in chunks for event in parser.feed(chunk)]


def plain_reading(stream: bytes) -> list[SseEvent]:
    """The specification, line by line and as slow as it likes."""
    stream = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[SseEvent] = []
    data: list[bytes] = []
    name, last_id = "", b""
    for line in stream.split(b"\n")[:-1]:
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if not line:
            if data:
                events.append(SseEvent(b"\n".join(data), name or "message", last_id))
            data, name = [], ""
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            last_id = value
    return events


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b'data: {"a": 1}\n\ndata: [DONE]\n\n', [SseEvent(b'{"a": 1}'), SseEvent(b"[DONE]")]),
        (b"event: ping\ndata: {}\n\n", [SseEvent(b"{}", "ping")]),
        (b"event: a\n\ndata: x\n\n", [SseEvent(b"x")]),
        (b"data: one\ndata:two\ndata:  three\n\n", [SseEvent(b"one\ntwo\n three")]),
        (b"data\n\ndata\ndata\n\n", [SseEvent(b""), SseEvent(b"\n")]),
        (b"data: a\rdata: b\r\rdata: c\r\n\r\n", [SseEvent(b"a\nb"), SseEvent(b"c")]),
        (b"\xef\xbb\xbfdata: x\n\n", [SseEvent(b"x")]),
        (b": ping\n\n:\n\n", []),
        (b"id: 1\ndata: a\n\ndata: b\n\n", [SseEvent(b"a", id=b"1"), SseEvent(b"b", id=b"1")]),
        (b"id: 1\ndata: a\n\nid\ndata: c\n\n", [SseEvent(b"a", id=b"1"), SseEvent(b"c")]),
        (b"retry: 3\nnonsense\ndata: x\n\n", [SseEvent(b"x")]),
    ],
)
def test_events(stream: bytes, events: list[SseEvent]) -> None:
    assert parse(stream) == events


@given(streams)
def test_it_reads_as_the_specification(stream: bytes) -> None:
    assert parse(stream) == plain_reading(stream)


@given(streams, st.data())
def test_any_split_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parse(*chunks) == parse(stream)
    assert parse(*[bytes([byte]) for byte in stream]) == parse(stream)


@given(streams, st.data())
def test_any_split_meets_the_same_limit(stream: bytes, data: st.DataObject) -> None:
    def too_large(*chunks: bytes) -> bool:
        try:
            parse(*chunks, limit=12)
        except BodyTooLarge:
            return True
        return False

    cut = data.draw(st.integers(0, len(stream)))
    assert too_large(stream[:cut], stream[cut:]) is too_large(stream)


def test_an_event_comes_with_its_blank_line_not_later() -> None:
    parser = SseParser(LIMIT)
    assert parser.feed(b"data: a\r\n\r") == [SseEvent(b"a")]
    assert parser.feed(b"\ndata: b\n\n") == [SseEvent(b"b")]


@pytest.mark.parametrize("start", [b"data: ", b": ", b"x", b"data: x\ndata: "])
def test_one_endless_line_is_not_kept(start: bytes) -> None:
    parser = SseParser(1000)
    parser.feed(start + b"x" * 900)
    with pytest.raises(BodyTooLarge) as caught:
        parser.feed(b"x" * 101)
    assert caught.value.sent
    assert parser.feed(b"\n\ndata: y\n\n") == [SseEvent(b"y")]


def test_many_lines_of_one_event_are_too_large_together() -> None:
    with pytest.raises(BodyTooLarge):
        parse(b"data: 0123456789\n" * 200, limit=1000)


def test_many_events_and_pings_are_not() -> None:
    stream = b"data: 0123456789\n\n: ping\nevent: x\n" * 200
    assert len(parse(stream, limit=100)) == 200
