"""Ask a running server how it would route a prompt; nothing is sent to any provider."""

from __future__ import annotations

import argparse

from pointsman.cli import answers, asking
from pointsman.cli.connecting import connect
from pointsman.cli.figures import micros, usd
from pointsman.cli.terminal import Terminal
from pointsman.rpc.client.views import CallFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    asking.add_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    request = asking.request_of(options)
    try:
        with connect(options) as client:
            decision = client.route(request, options.timeout)
    except CallFailed as failed:
        return answers.refused(failed, options.address, terminal)
    if terminal.json:
        terminal.dump({"decision": decision})
        return 0
    estimate = decision.estimate
    terminal.show(
        answers.decision_line(decision),
        f"expected {usd(estimate.expected_nano_usd)}, at most {usd(estimate.worst_case_nano_usd)}; "
        f"then {', '.join(decision.plan[1:]) or 'nothing else'}; decided in {micros(decision.seconds * 1e6)}",
        "",
        answers.candidates_table(decision.candidates),
        answers.verdicts_table(decision.trace),
        f"decision {decision.decision_id}, configuration {decision.config_version}",
    )
    return 0
