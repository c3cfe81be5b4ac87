"""The kit for plugin authors, over the gates that they may take as their model."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from pointsman.testing import GateContract
from pointsman_gates import agreement, consistency, finished, json, judge, label, length, logprob, schema, slow, wording

PAGE = Path(__file__).parents[3] / "docs" / "gates.md"
NEEDS_A_GROUP = {"document": {"extract": "regex", "pattern": "a"}, "pattern": {"extract": "regex", "pattern": "("}}


class Standard(GateContract):
    example: ClassVar[Path | None] = PAGE


class TestJson(Standard):
    plugin = json.plugin
    use = "json"
    mistakes = MappingProxyType({"kind": {"kind": "yaml"}})


class TestSchema(Standard):
    plugin = schema.plugin
    use = "schema"
    mistakes = MappingProxyType({"file": {"file": "/nowhere.json"}})


class TestLabel(Standard):
    plugin = label.plugin
    use = "label"
    mistakes = MappingProxyType({"labels": {"labels": ["Yes", "yes."]}})


class TestLabelOfItsOwn(Standard):
    plugin = label.plugin
    use = "label"
    options = MappingProxyType({"labels": ["quokka", "kea"]})


class TestLength(Standard):
    plugin = length.plugin
    use = "length"
    options = MappingProxyType({"min_words": 3, "max_characters": 100})
    mistakes = MappingProxyType({"document": {"min_words": 3, "max_words": 2}, "min_words": {"min_words": 0}})


class TestWording(Standard):
    plugin = wording.plugin
    use = "wording"
    options = MappingProxyType({"patterns": ["(?i)smil"]})
    mistakes = MappingProxyType({"patterns[0]": {"patterns": ["(?=a)"]}, "languages": {"languages": ["tlh"]}})


class TestFinished(Standard):
    plugin = finished.plugin
    use = "finished"
    mistakes = MappingProxyType({"reject[0]": {"reject": ["tired"]}})


class TestLogprob(Standard):
    plugin = logprob.plugin
    use = "logprob"
    options = MappingProxyType({"min": -0.5})
    mistakes = MappingProxyType({"min": {"min": 0.5}})


class TestConsistency(Standard):
    plugin = consistency.plugin
    use = "consistency"
    mistakes = MappingProxyType({"share": {"share": 0.0}, **NEEDS_A_GROUP})


class TestConsistencyOfNumbers(Standard):
    plugin = consistency.plugin
    use = "consistency"
    options = MappingProxyType({"extract": "last_number"})


class TestAgreement(Standard):
    plugin = agreement.plugin
    use = "agreement"
    options = MappingProxyType({"extract": "regex", "pattern": r"(\w+)"})
    mistakes = MappingProxyType({"otherwise": {"otherwise": "first"}, **NEEDS_A_GROUP})


class TestSlow(Standard):
    plugin = slow.plugin
    use = "slow"
    options = MappingProxyType({"first_token": "100ms", "total": 5})
    mistakes = MappingProxyType({"total": {"total": "soon"}})


class TestJudge(Standard):
    plugin = judge.plugin
    use = "judge"
    options = MappingProxyType({"model": "opus"})
    replies = ("FAIL", "PASS")
    deterministic = False
    mistakes = MappingProxyType({"model": {"model": "opsu"}, "threshold": {"threshold": 11.0}})


class TestJudgeWithScores(Standard):
    plugin = judge.plugin
    use = "judge"
    options = MappingProxyType({"model": "claude", "threshold": 7.0})
    replies = ("3", "9/10")
