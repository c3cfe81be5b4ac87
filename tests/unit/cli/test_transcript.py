from __future__ import annotations

from collections.abc import Iterator

from pointsman.cli.transcript import CalledTool, Transcript
from pointsman.model.answer import ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.rpc.client.views import CallFailed, Failure, FinishView, ResetView, StreamEvent

FINISH = FinishView("stop", "mini", "openai", 0.1, 0.2)


def test_deltas_are_put_together_by_part() -> None:
    transcript = Transcript()
    for event in (
        ReasoningDelta(0, "hm"),
        TextDelta(1, "Hel"),
        ToolCallDelta(2, "c1", "lookup", '{"q"'),
        TextDelta(1, "lo"),
        ToolCallDelta(2, "", "", ": 1}"),
        FINISH,
    ):
        transcript.add(event)
    assert (transcript.text, transcript.reasoning) == ("Hello", "hm")
    assert transcript.tools == [CalledTool("lookup", '{"q": 1}')]
    assert (transcript.finish, transcript.deltas) == (FINISH, 5)


def test_a_reset_voids_what_came_before() -> None:
    transcript = Transcript()
    for event in (TextDelta(0, "wrong"), ResetView("other"), TextDelta(0, "right")):
        transcript.add(event)
    assert transcript.text == "right"


def test_a_failure_is_kept_with_what_came_before_it() -> None:
    failure = Failure(code="ABORTED", message="broke off", reason="STREAM_INTERRUPTED")

    def events() -> Iterator[StreamEvent]:
        yield TextDelta(0, "half")
        raise CallFailed(failure)

    shown: list[StreamEvent] = []
    transcript = Transcript()
    transcript.follow(events(), shown.append)
    assert (transcript.text, transcript.failure, shown) == ("half", failure, [TextDelta(0, "half")])
    assert transcript.document()["error"] == failure
