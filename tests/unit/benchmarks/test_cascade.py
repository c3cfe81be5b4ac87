from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from benchmarks.cascade import Task, measure, tables_of
from benchmarks.cascade_search import Goal, Table, choose, choose_by_domain, sampled_steps, steps
from benchmarks.recordings import Recording, find, load
from benchmarks.replay import Cascade, Replay, Step

COSTS = {"tiny": 1e-6, "small": 2e-6, "odd": 3e-6, "mid": 4e-6, "large": 100e-6}
TASK = Task("sums", "large", "last_number", Goal(0.9, 0.6))


def answered(model: str, said: str | None, right: str) -> dict[str, object]:
    return {"ans": said, "score": int(said == right), "out_tok": 5, "cost": COSTS[model]}


def question(number: int, said: Mapping[str, str | None], **more: object) -> dict[str, object]:
    """The right answer is the number; unless told otherwise, all say so."""
    right = str(number)
    models = {model: answered(model, said.get(model, right), right) for model in COSTS}
    return {"id": f"q{number}", "domain": "odd" if number % 2 else "even", "models": models, **more}


def write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def recording(folder: Path, *rows: Mapping[str, object], samples: Iterable[Mapping[str, object]] = ()) -> Recording:
    write(folder / "sums.jsonl", rows)
    write(folder / "sums.samples.jsonl", samples)
    return load(folder / "sums.jsonl", folder / "sums.samples.jsonl")


def replayed(of: Recording, cascade: Cascade, extract: str = "last_number") -> list[tuple[float, float, bool]]:
    """Score, cost in nano-USD and whether it escalated, of each question, as the engine has it; as the table, too."""
    everything = np.ones(len(of.questions), np.bool_)
    outcomes = Replay(of, extract).outcome(cascade, everything), Table(of, "large", extract).predict(cascade)
    rows, added_up = ([*zip(o.score.tolist(), o.cost.tolist(), o.escalated.tolist(), strict=True)] for o in outcomes)
    assert rows == added_up
    return rows


def test_where_cheap_models_agree_the_first_answer_is_given_and_both_are_charged(tmp_path: Path) -> None:
    of = recording(
        tmp_path,
        question(1, {}),
        question(2, {"tiny": "It is 3.", "small": "3"}),
        question(3, {"tiny": "4"}),
        question(4, {"tiny": None, "small": None}),
    )
    rows = replayed(of, Cascade((Step(("tiny", "small")),), "large"))
    assert rows == [(1, 3000, False), (0, 3000, False), (1, 103_000, True), (1, 103_000, True)]


def test_two_of_three_are_a_majority_and_another_step_may_follow(tmp_path: Path) -> None:
    of = recording(
        tmp_path, question(1, {"tiny": "9"}), question(2, {"tiny": "8", "small": "9"}), question(3, {"tiny": "8"})
    )
    assert [row[1:] for row in replayed(of, Cascade((Step(("tiny", "small", "odd"), 0.6),), "large"))] == [
        (6000, False),
        (106_000, True),
        (6000, False),
    ]
    of = recording(tmp_path, question(1, {}), question(2, {"tiny": "8"}), question(3, {"tiny": "8", "odd": "9"}))
    rows = replayed(of, Cascade((Step(("tiny", "small")), Step(("odd", "mid"))), "large"))
    assert rows == [(1, 3000, False), (1, 10_000, False), (1, 110_000, True)]


def test_samples_of_one_model_are_asked_for_as_the_engine_does(tmp_path: Path) -> None:
    said = {1: ["1", "7", "1"], 2: ["7", "7", "2"], 3: ["1", "2", "3"]}
    samples = [
        {"id": f"q{number}", "model": "tiny", "samples": [answered("tiny", one, str(number)) for one in answers]}
        for number, answers in said.items()
    ]
    of = recording(tmp_path, *[question(number, {}) for number in said], samples=samples)
    rows = replayed(of, Cascade((Step(("tiny",), 0.6, 3),), "large"))
    assert rows == [(1, 3000, False), (0, 3000, False), (1, 103_000, True)]
    assert {(step.samples, step.share) for step in sampled_steps(of)} == {
        (count, share) for count in (2, 3) for share in (0.6, 0.8, 1.0)
    }


def many(folder: Path) -> Recording:
    """`small` and `mid` are always right, `odd` never; `tiny` is silent on some questions of the even domain."""
    rows = [question(number, {"odd": "0", "tiny": None if number % 4 == 0 else str(number)}) for number in range(1, 41)]
    return recording(folder, *rows)


def test_of_the_most_accurate_that_keep_to_the_cost_the_cheapest_is_chosen(tmp_path: Path) -> None:
    table = Table(many(tmp_path), "large", "last_number")
    everything = np.ones(table.n, np.bool_)
    pool = table.pool(everything)
    assert pool == ["tiny", "small", "odd", "mid"]
    chosen = choose(table, [*steps(pool)], [], everything, Goal(1.0, 0.3))
    assert chosen == Cascade((Step(("small", "mid")),), "large")
    assert choose(table, [*steps(pool)], [], everything, Goal(1.0, 0.01)) == chosen
    options = [Cascade((), model) for model in (*pool, "large")]
    by_domain = choose_by_domain(table, options, everything, Goal(1.0, 0.5))
    assert {domain: cascade.last for domain, cascade in by_domain.items()} == {"even": "small", "odd": "tiny"}


def test_a_task_is_measured_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "sums.dev.jsonl.gz", [question(number, {"tiny": "0"}) for number in range(1, 31)])
    tables = tables_of(tmp_path, [TASK, Task("absent", "large", "text")])
    result = measure(TASK, tables[TASK], 2)
    told = capsys.readouterr().out
    assert "absent.jsonl (or .WORD.jsonl, with or without .gz) is missing" in told
    assert "target of >= 90.0% at <= 60%, cascade: met" in told
    assert {"strong model alone", "best single model", "cascade", "cascade by domain", "oracle"} <= set(result["rows"])
    assert result["rows"]["strong model alone"]["of strong cost"]["value"] == pytest.approx(1)
    assert result["rows"]["cascade"]["escalated"]["value"] == 0


def test_it_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is no directory"):
        tables_of(tmp_path / "nowhere", [TASK])
    with pytest.raises(SystemExit, match="not part of the project"):
        tables_of(tmp_path, [TASK])
    write(tmp_path / "sums.jsonl", [question(1, {})])
    with pytest.raises(SystemExit, match="huge is not there"):
        tables_of(tmp_path, [Task("sums", "huge", "text")])
    write(tmp_path / "sums.other.jsonl", [question(1, {})])
    with pytest.raises(SystemExit, match="several files"):
        find(tmp_path, "sums")


def test_rows_that_cannot_be_used_are_left_out_or_named(tmp_path: Path) -> None:
    unpriced = question(2, {})
    unpriced["models"] = {**unpriced["models"], "odd": {"score": 1, "ans": "2", "cost": None}}  # type: ignore[dict-item]  # JSON
    of = recording(tmp_path, question(1, {}, contaminated=True), unpriced, question(3, {}))
    assert ([one.id for one in of.questions], of.models) == (["q2", "q3"], ["tiny", "small", "mid", "large"])
    one = {"id": "q2", "model": "tiny", "samples": [answered("tiny", "2", "2")] * 2}
    with pytest.raises(SystemExit, match="no samples of tiny for 1 questions, the first is q3"):
        recording(tmp_path, question(2, {}), question(3, {}), samples=[one])
    with pytest.raises(SystemExit, match="the same number"):
        recording(tmp_path, question(2, {}), samples=[{**one, "samples": [answered("tiny", "2", "2")]}])
    (tmp_path / "sums.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(SystemExit, match="line 1"):
        load(tmp_path / "sums.jsonl")
