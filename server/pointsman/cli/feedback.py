"""Tell a running server how good the answer to a request was, or where it should have gone; kept with the decision."""

from __future__ import annotations

import argparse

from rich.text import Text

from pointsman.cli import answers, asking, connecting
from pointsman.cli.terminal import Terminal
from pointsman.errors import Reason
from pointsman.model.feedback import Feedback, FeedbackSource
from pointsman.rpc.client.views import CallFailed

_PATIENCE = 10.0
_THUMBS = {"up": 1.0, "down": 0.0}
_STARS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", metavar="DECISION_ID", help="the whole id, as the answer's metadata and `pointsman complete` name it"
    )
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument("--rating", type=int, choices=range(1, _STARS + 1), help="stars, 1 to 5")
    judged.add_argument("--thumbs", choices=_THUMBS, help="the same as a score of 1 or 0")
    judged.add_argument("--score", type=float, metavar="0..1", help="0 worst, 1 best")
    parser.add_argument("--task", default="", help="what its task should have been")
    parser.add_argument("--model", default="", help="what model should have served it")
    parser.add_argument("--tier", default="", help="or what tier")
    parser.add_argument("--comment", default="", metavar="TEXT", help="kept only where the server keeps prompts")
    parser.add_argument("--source", type=FeedbackSource, choices=list(FeedbackSource), default=FeedbackSource.REVIEWER)
    parser.add_argument("--feedback-id", default="", metavar="ID", help="replaces what was said under this id")
    parser.add_argument("--label", type=asking.label, action="append", default=[], metavar="KEY=VALUE")
    connecting.add_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    said = Feedback(
        feedback_id=options.feedback_id,
        decision_id=options.id,
        received=0.0,
        source=options.source,
        score=_score(options),
        correct_task=options.task,
        preferred_model=options.model,
        preferred_tier=options.tier,
        comment=options.comment,
        labels=dict(options.label),
    )
    try:
        with connecting.connect(options) as client:
            feedback_id, comment_kept = client.submit_feedback(said, _PATIENCE)
    except CallFailed as failed:
        status = answers.refused(failed, options.address, terminal)
        if failed.failure.reason == Reason.UNKNOWN_DECISION:
            terminal.note("  give the whole id: what it begins with is enough for `pointsman explain` alone")
        return status
    if terminal.json:
        terminal.dump({"feedback_id": feedback_id, "comment_kept": comment_kept})
    terminal.show(Text(f"kept as {feedback_id}"))
    if said.comment and not comment_kept:
        terminal.note(Text("the comment was not kept: this server keeps no prompts, which it might quote", "yellow"))
    return 0


def _score(options: argparse.Namespace) -> float | None:
    if options.thumbs:
        return _THUMBS[options.thumbs]
    score: float | None = options.score if options.rating is None else (options.rating - 1) / (_STARS - 1)
    return score
