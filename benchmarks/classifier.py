"""How well the shipped classifier sorts prompts of sources that its training never saw, and what that costs.

Needs labelled prompts, which are not part of the project: a file of rows {prompt, label, source}. Whatever is derived
from training on that file is told apart from the shipped model, which was trained on our own examples only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pointsman_policies.classifier.labelled import Example, load_examples
from pointsman_policies.classifier.measure import (
    Judged,
    Share,
    accuracy,
    calibration_error,
    called,
    confusion,
    most_confident,
)
from pointsman_policies.classifier.model import Model, shipped_model
from pointsman_policies.classifier.policy import CHEAP, ClassifierOptions
from pointsman_policies.classifier.training import Table, chances, cross_validate, fit, tabulate, train

RESULTS = Path(__file__).parent / "results" / "classifier.json"
FILE = "task_type.dev.jsonl.gz"
COVERAGES = (1.0, 0.9, 0.75, 0.5, 0.35, 0.25, 0.1)
# The project's targets; each is printed beside what was reached.
TARGETS = {
    "top-1": (">=", 0.86),
    "top-1, most confident half": (">=", 0.95),
    "hard called simple": ("<=", 0.12),
    "hard called simple, at the shipped thresholds": ("<=", 0.05),
    "expected calibration error": ("<=", 0.08),
    "trained on the file, one collection left out": (">=", 0.78),
    "other languages behind English": ("<=", 0.10),
    "p95 ms, 60 words": ("<=", 1.0),
    "p95 ms, 1,000 words": ("<=", 5.0),
}
# A sentence or two of the same kind in scripts that are read differently; repeated to the length wanted.
SCRIPTS = {
    "Latin": "Sort this message into delivery, returns or repair: the courier left my parcel at the neighbour's, but "
    "nobody there remembers taking it, so what am I supposed to do now? ",
    "Latin, code": "for (const [k, v] of Object.entries(seen)) { if (v > max_count) { out.push(k); } } // why slow? ",
    "Cyrillic": "Определите, к какой теме относится сообщение: курьер оставил посылку у соседей, никто не помнит. ",
    "Devanagari": "इस संदेश को एक श्रेणी में बाँटिए: कूरियर ने पार्सल पड़ोसी के यहाँ छोड़ दिया। ",
    "Arabic": "صنف هذه الرسالة: ترك ساعي البريد الطرد عند الجيران ولا أحد يتذكر من استلمه فماذا أفعل الآن؟ ",
    "Han": "请把这条消息分类：快递员昨天把包裹放在邻居家，可是那里没有人记得收过它，我现在应该怎么办？",
    "Kana": "次の問い合わせを分類してください。配達員が荷物を隣の家に置いたのに、誰も覚えていません。",
    "Hangul": "이 메시지를 분류해 주세요. 택배 기사가 소포를 이웃집에 두고 갔는데 아무도 기억하지 못합니다. ",
    "Thai": "จัดประเภทข้อความนี้ พนักงานส่งของวางพัสดุไว้ที่บ้านข้างๆ แต่ไม่มีใครจำได้ว่ารับไว้ ",
    "punctuation": "?! ... --- {[()]} ;; // \\\\ <> == ** ## ",
}
# Characters that stand for a word where no spaces show one; Thai is counted the same way.
UNSPACED = {"Han": 2, "Kana": 2, "Thai": 4}


@dataclass(frozen=True, slots=True)
class Report:
    """Lines as they are printed, and figures as they are kept."""

    figures: dict[str, Any]

    def share(self, name: str, share: Share) -> None:
        low, high = share.interval
        self.figures[name] = {"value": share.value, "low": low, "high": high, "n": share.n}
        print(f"{name:<50} {share.value:6.3f}  [{low:.3f}, {high:.3f}]  n={share.n}{_verdict(name, share.value)}")

    def number(self, name: str, value: float) -> None:
        self.figures[name] = value
        print(f"{name:<50} {value:6.3f}{_verdict(name, value)}")


def _verdict(name: str, value: float) -> str:
    if name not in TARGETS:
        return ""
    sign, target = TARGETS[name]
    met = value >= target if sign == ">=" else value <= target
    return f"  target {sign} {target}: {'met' if met else 'MISSED'}"


def shipped(report: Report, model: Model, examples: Sequence[Example]) -> None:
    """The model as it ships, on prompts of sources that it has not seen."""
    trained_on = sum(model.trained_on.values())
    print(f"\nshipped model {model.version}, digest {model.digest[:12]}, trained on {trained_on} examples of our own")
    judged = [judge(model, example) for example in examples]
    report.share("top-1", accuracy(judged))
    for share in COVERAGES[1:]:
        name = "top-1, most confident half" if share == 0.5 else f"top-1, most confident {share:.0%}"
        report.share(name, accuracy(most_confident(judged, share)))
    options = ClassifierOptions()
    report.share("hard called simple", called(judged, CHEAP))
    report.share("hard called simple, at the shipped thresholds", called(judged, CHEAP, options.simple_threshold))
    least = {label: options.simple_threshold if label == CHEAP else options.threshold for label in model.labels}
    answered = [one for one in judged if one.confidence >= least[one.label]]
    report.share("answered, at the shipped thresholds", Share(len(answered), len(judged)))
    report.share("top-1 of the answered", accuracy(answered))
    report.number("expected calibration error", calibration_error(judged))
    report.figures["confusion"] = table = confusion(judged, model.labels)
    print("\ntruth \\ said" + "".join(label.rjust(12) for label in model.labels))
    for truth, row in table.items():
        print(truth.ljust(12) + "".join(str(row[label]).rjust(12) for label in model.labels))
    print()
    for collection in sorted({collection_of(example) for example in examples}):
        part = [one for one, example in zip(judged, examples, strict=True) if collection_of(example) == collection]
        report.share(f"  of {collection}", accuracy(part))
    script = [one for one, example in zip(judged, examples, strict=True) if not_latin(example.text)]
    report.share("  of prompts mostly in other scripts", accuracy(script))
    if not script:
        print("  (none in this file: languages are measured on our own examples alone, below)")


def judge(model: Model, example: Example) -> Judged:
    """What the model says of an example."""
    found = model.predict(example.text)
    return Judged(example.label, found.label, found.confidence)


def collection_of(example: Example) -> str:
    """Data sets of one collection share their making: they are left out together."""
    return example.family.split("/")[0]


def not_latin(text: str) -> bool:
    """Whether most letters are of another script."""
    letters = [character for character in text if character.isalpha()]
    return bool(letters) and sum(character > "\u024f" for character in letters) > len(letters) / 2


def left_out(report: Report, model: Model, examples: Sequence[Example]) -> None:
    """The same features and training on the file itself, with sources left out in turn."""
    print("\ntrained on the file (not what ships)")
    labels = model.labels
    table = tabulate(examples, labels)
    report.share(
        "trained on the file, one collection left out",
        held_out(table, [collection_of(example) for example in examples], labels),
    )
    report.share(
        "trained on the file, one data set left out", held_out(table, [example.family for example in examples], labels)
    )
    own = tabulate(load_examples([]).examples, labels)
    report.share(
        "trained on the file and our examples, as above",
        held_out(table, [collection_of(example) for example in examples], labels, beside=own),
    )


def held_out(table: Table, groups: Sequence[str], labels: Sequence[str], beside: Table | None = None) -> Share:
    """Top-1 of each group by a model that has not seen it."""
    names, hits = np.array(groups), 0
    for group in sorted(set(groups)):
        out = names == group
        seen = table.rows(~out)
        if beside is not None:
            seen = Table(
                np.vstack([seen.dense, beside.dense]),
                np.vstack([seen.hashed, beside.hashed]),
                np.concatenate([seen.labels, beside.labels]),
                (*seen.families, *beside.families),
            )
        rest = table.rows(out)
        hits += int((fit(seen, len(labels)).scores(rest).argmax(axis=1) == rest.labels).sum())
    return Share(hits, len(groups))


def trained_again(report: Report, model: Model) -> None:
    """Whether the shipped examples give the shipped model."""
    labelled = load_examples([])
    again = train(labelled.examples, labelled.labels, model.version)
    report.figures["trained again, same digest"] = same = again.digest == model.digest
    print(
        f"\ntrained again from the shipped examples: {'the same digest' if same else 'ANOTHER DIGEST ' + again.digest}"
    )


def languages(report: Report, model: Model) -> None:
    """Our own examples, each by a model that has not seen its kind; and each language by one that has not seen it."""
    print("\nour own examples, by language")
    examples = load_examples([]).examples
    table = tabulate(examples, model.labels)
    sure = chances(cross_validate(table, len(model.labels)), 1.0)
    right = sure.argmax(axis=1) == table.labels
    spoken = np.array([example.language for example in examples])
    english, others = _share(right[spoken == "en"]), _share(right[spoken != "en"])
    report.share("kinds left out in turn, English", english)
    report.share("kinds left out in turn, other languages", others)
    report.number("other languages behind English", english.value - others.value)
    hits = n = 0
    for language in sorted({*spoken} - {"en"}, key=lambda one: -int((spoken == one).sum())):
        out = spoken == language
        rest = table.rows(out)
        share = _share(fit(table.rows(~out), len(model.labels)).scores(rest).argmax(axis=1) == rest.labels)
        hits, n = hits + share.hits, n + share.n
        report.share(f"  {language}, the language left out", share)
    report.share("each language left out, all but English", Share(hits, n))


def _share(right: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Share:
    return Share(int(right.sum()), len(right))


def times(report: Report, model: Model, rounds: int) -> None:
    """Milliseconds of processor time of one prediction, on one core; other processes' share of it does not count.

    A prompt is asked again and again, so that its words are remembered: one never met before costs more.
    """
    print("\nms per prompt, words known  60 words: p50    p95     1,000 words: p50    p95")
    worst: dict[int, float] = {60: 0.0, 1000: 0.0}
    kept: dict[str, Any] = {}
    for script in SCRIPTS:
        row = {words: _quantiles(model, prompt_of(script, words), rounds) for words in worst}
        worst = {words: max(worst[words], row[words][1]) for words in worst}
        kept[script] = {str(words): {"p50": p50, "p95": p95} for words, (p50, p95) in row.items()}
        print(f"  {script:<24} {row[60][0]:13.3f} {row[60][1]:6.3f} {row[1000][0]:19.3f} {row[1000][1]:6.3f}")
    report.figures["ms"] = kept
    report.number("p95 ms, 60 words", worst[60])
    report.number("p95 ms, 1,000 words", worst[1000])


def prompt_of(script: str, words: int) -> str:
    """A prompt of about so many words."""
    sentence = SCRIPTS[script]
    length = len(sentence) / UNSPACED[script] if script in UNSPACED else len(sentence.split())
    return (sentence * (int(words / length) + 1)).strip()


def _quantiles(model: Model, prompt: str, rounds: int) -> tuple[float, float]:
    def once() -> float:
        began = time.thread_time()
        model.predict(prompt)
        return (time.thread_time() - began) * 1000

    taken = sorted(once() for _ in range(rounds))
    return taken[rounds // 2], taken[int(rounds * 0.95)]


def prompts_of(data: Path) -> Path:
    """The file of labelled prompts, or what is missing."""
    path = data / FILE if data.is_dir() else data
    if not path.is_file():
        raise SystemExit(
            f"{path} is missing: labelled prompts, rows of {{prompt, label, source}} as .jsonl or .jsonl.gz, are not "
            "part of the project. Name a file, or the directory that holds it, with --data."
        )
    return path


def main(data: Path, rounds: int) -> int:
    """Measure, print, keep."""
    os.sched_setaffinity(0, {0})
    model = shipped_model()
    report = Report({})
    path = prompts_of(data)
    examples = load_examples([path]).examples
    print(f"{len(examples)} prompts of {len({collection_of(one) for one in examples})} collections, {path}")
    times(report, model, rounds)
    shipped(report, model, examples)
    left_out(report, model, examples)
    languages(report, model)
    trained_again(report, model)
    RESULTS.parent.mkdir(exist_ok=True)
    about = {"model": model.version, "digest": model.digest, "data": path.name, "targets": TARGETS}
    RESULTS.write_text(json.dumps({**about, "figures": report.figures}, indent=2, ensure_ascii=False) + "\n")
    print(f"\nwritten to {RESULTS}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="file or directory of labelled prompts")
    parser.add_argument("--rounds", type=int, default=400, help="of timing, per script and length (%(default)s)")
    given = parser.parse_args()
    sys.exit(main(given.data, given.rounds))
