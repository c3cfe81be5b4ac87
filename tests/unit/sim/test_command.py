from __future__ import annotations

import pytest

from pointsman.sim.command import main
from pointsman.sim.faults import FAULTS


def test_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-faults"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FAULTS)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--fault", "groq"], "PROVIDER[/MODEL]=FAULT"),
        (["--fault", "groq=nope"], "there is no fault 'nope'"),
        (["--ttft-median", "-1"], "0 or more"),
    ],
)
def test_wrong_options_end_with_2(argv: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*argv, "--port", "0"])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err
