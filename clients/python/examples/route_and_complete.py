"""Asks where a prompt would go, then streams the answer: python route_and_complete.py [HOST:PORT] [PROMPT]

The server is expected on 127.0.0.1:50051, in plaintext; a key is taken from POINTSMAN_API_KEY.
"""

from __future__ import annotations

import os
import sys
from itertools import islice

from pointsman_client import Access, Client, PointsmanError, Stream, user
from pointsman_client.v1.chat_pb2 import CompletionInput
from pointsman_client.v1.router_service_pb2 import CompleteRequest, RouteRequest
from pointsman_client.v1.routing_pb2 import MODE_ECO, RoutingHints


def main(target: str = "127.0.0.1:50051", prompt: str = "Why do trains need points?") -> None:
    asked = CompletionInput(messages=[user(prompt)])
    hints = RoutingHints(mode=MODE_ECO)
    with Client(target, Access(key=os.environ.get("POINTSMAN_API_KEY", ""), plaintext=True)) as client:
        decision = client.route(RouteRequest(input=asked, hints=hints), timeout=5)
        print(f"would go to {decision.model}: {decision.reason}")

        # Leaving the `with` cancels what still runs, whatever the way out of it.
        with client.complete(CompleteRequest(input=asked, hints=hints), timeout=60) as stream:
            show(stream)

        # Who has seen enough leaves early: the provider's connection is closed at once.
        with client.complete(CompleteRequest(input=asked, hints=hints)) as stream:
            beginning = [event.text_delta.text for event in islice(stream, 2)]
        print(f"cancelled after {''.join(beginning)!r}")


def show(stream: Stream) -> None:
    for event in stream:
        print(event.text_delta.text, end="", flush=True)
    answer = stream.answer
    if not answer.complete or answer.finish is None or answer.usage is None:
        raise SystemExit("\nthe stream ended without a finish: this is no answer")
    print(f"\nby {answer.finish.served_by.model}, for {answer.usage.cost.total_nano_usd / 1e9:.6f} USD")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except PointsmanError as error:
        again = "" if error.retry_delay is None else f"; again after {error.retry_delay:g} s"
        raise SystemExit(f"{error}{again}") from None
