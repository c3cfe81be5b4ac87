from __future__ import annotations

import pytest
from benchmarks.doors import CallFailed, chat_streamed_text, chat_text, grpc_streamed_text, grpc_text
from benchmarks.peer_report import Gateway, Slice, quantile, ratios, summary, verdict
from benchmarks.peer_servers import Goal
from benchmarks.processes import resident

from pointsman.v1 import chat_pb2
from pointsman.v1 import router_service_pb2 as wire


def sliced(cpu: float, answered: int, *failures: str, tokens: int = 100) -> Slice:
    return Slice((0.01,) * answered, failures, cpu, 1.0, answered + len(failures), tokens)


def chunk(text: str, reason: str = "null") -> bytes:
    return f'data: {{"choices": [{{"delta": {{"content": "{text}"}}, "finish_reason": {reason}}}]}}\n\n'.encode()


def test_a_completion_is_an_answer_and_what_a_failed_call_says_is_none() -> None:
    said = b'{"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}], "usage": {}}'
    assert chat_text(said) == "Hello"
    for failed in (
        b'{"status": "failure", "message": "Something went wrong"}',
        b'{"error": {"message": "no deployments", "code": "429"}}',
        said.replace(b'"stop"', b"null"),
        said.replace(b'"Hello"', b'""'),
        b'{"choices": []}',
        b"Internal Server Error",
        b"\xff",
        b"",
    ):
        with pytest.raises(CallFailed):
            chat_text(failed)


def test_a_stream_is_an_answer_once_it_finished_and_said_so() -> None:
    whole = chunk("Hel") + b": a comment\n\n" + chunk("lo") + chunk("", '"stop"') + b"data: [DONE]\n\n"
    assert chat_streamed_text(whole) == "Hello"
    for failed in (
        whole.removesuffix(b"data: [DONE]\n\n"),
        chunk("Hello") + b"data: [DONE]\n\n",
        chunk("", '"stop"') + b"data: [DONE]\n\n",
        chunk("Hel") + b'data: {"error": {"message": "gone"}}\n\n' + b"data: [DONE]\n\n",
        b'{"status": "failure"}',
    ):
        with pytest.raises(CallFailed):
            chat_streamed_text(failed)


def test_our_own_answers_are_held_to_the_same() -> None:
    message = chat_pb2.ChatMessage(parts=[chat_pb2.ContentPart(text="Hello")])
    assert grpc_text(wire.CompleteUnaryResponse(message=message, finish=wire.Finish()).SerializeToString()) == "Hello"
    with pytest.raises(CallFailed):
        grpc_text(wire.CompleteUnaryResponse(message=message).SerializeToString())
    first = wire.CompleteResponse(generation=1, text_delta=wire.TextDelta(text="Good"))
    second = wire.CompleteResponse(generation=2, text_delta=wire.TextDelta(text="Hello"))
    finish = wire.CompleteResponse(generation=2, finish=wire.Finish())
    assert grpc_streamed_text([one.SerializeToString() for one in (first, second, finish)]) == "Hello"
    for failed in ([], [second], [finish]):
        with pytest.raises(CallFailed):
            grpc_streamed_text([one.SerializeToString() for one in failed])


def test_the_cpu_of_failed_calls_is_borne_by_those_that_were_answered() -> None:
    assert sliced(0.01, 10).micros == pytest.approx(1000)
    assert sliced(0.01, 5, *["failed"] * 5).micros == pytest.approx(2000)
    with pytest.raises(SystemExit, match="no whole answer"):
        _ = sliced(0.01, 0, "no whole answer").micros


def test_ratios_are_taken_within_a_round_and_streams_left_out_where_there_are_none() -> None:
    ours = Gateway("pointsman", busy=[sliced(1, 100), sliced(3, 100)], alone=[sliced(1, 50)] * 2)
    ours.streams = [sliced(1, 8)] * 2
    peer = Gateway("litellm", goal=Goal(1 / 15, 1 / 25), busy=[sliced(20, 100), sliced(30, 100)])
    peer.alone = [sliced(10, 50)] * 2
    assert ratios(ours, peer) == {
        "unary_vs_litellm": pytest.approx([0.05, 0.1]),
        "unary_alone_vs_litellm": pytest.approx([0.1, 0.1]),
    }
    peer.streams = [sliced(5, 8, tokens=50), sliced(5, 8)]
    assert ratios(ours, peer)["token_vs_litellm"] == pytest.approx([0.1, 0.2])
    kept = summary(ours, [peer])
    assert kept["unary_vs_litellm"] == {
        "ratio": pytest.approx(0.075),
        "least": pytest.approx(0.05),
        "most": pytest.approx(0.1),
        "n": 2,
        "budget": 1 / 15,
        "aim": 1 / 25,
    }
    assert kept["token_vs_litellm"]["budget"] is None


@pytest.mark.parametrize(
    ("ratio", "aim", "said"),
    [(0.04, 0.04, "aim kept"), (0.05, 0.04, "kept"), (0.05, None, "kept"), (0.07, 0.04, "MISSED")],
)
def test_a_budget_is_kept_or_missed(ratio: float, aim: float | None, said: str) -> None:
    assert verdict({"ratio": ratio, "budget": 1 / 15, "aim": aim}) == said
    assert verdict({"ratio": ratio, "budget": None, "aim": None}) == ""


def test_figures_count_answers_failures_and_what_the_upstream_was_asked() -> None:
    gateway = Gateway("one", busy=[sliced(1, 8, "failed", "failed")], alone=[sliced(1, 10)])
    figures = gateway.figures()
    assert (figures["answered unary calls"], figures["failed calls"]) == (18, 2)
    assert figures["upstream calls per answered call"] == pytest.approx(20 / 18)
    assert "CPU of a streamed token (us)" not in figures


def test_quantiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [quantile(values, share) for share in (0.5, 0.95, 1.0)] == [51.0, 96.0, 100.0]
    assert quantile([3.0], 0.95) == 3.0


def test_resident_memory_is_read_of_what_the_kernel_writes() -> None:
    assert resident("Name:\tpython\nVmHWM:\t  90000 kB\nVmRSS:\t   81234 kB\n") == 81234 * 1024
    assert resident("Name:\tpython\nState:\tZ (zombie)\n") == 0
