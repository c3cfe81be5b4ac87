"""The policy, and the page of docs about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pointsman.chain.discovery import installed, load_plugin
from pointsman.config.load import load
from pointsman.errors import ConfigInvalid, PluginRefused
from pointsman.model.decision import Assessment, PolicyKind
from pointsman.model.request import Message, Request, Role, Text
from pointsman.testing import make_entry, make_request, make_rules
from pointsman_policies import classifier
from pointsman_policies.classifier.labelled import Example
from pointsman_policies.classifier.policy import Classifier, ClassifierOptions
from pointsman_policies.classifier.reading import task_text
from pointsman_policies.classifier.training import train

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/policies/classifier.md").read_text()
EXAMPLE = (ROOT / "examples/pointsman.yaml").read_text()
NO_COMPLEX = {"tasks": {"complex": None}}  # the test catalogue has no row of that name


def opinion(text: str, **options: object) -> Assessment | None:
    chosen = ClassifierOptions.model_validate({**NO_COMPLEX, **options})
    rules = make_rules(make_entry(classifier.plugin, options=chosen))
    instance = rules.chain.instances[0]
    assert isinstance(instance, Classifier)
    return instance.pointsman_assess_request(make_request(text))


def said(*messages: tuple[Role, str]) -> Request:
    return make_request(messages=[Message(role, (Text(text),)) for role, text in messages])


def test_it_is_registered_under_its_name() -> None:
    assert load_plugin(installed()["classifier"]) is classifier.plugin
    assert classifier.plugin.kind is PolicyKind.CLASSIFIER
    assert classifier.plugin.deterministic


def test_it_names_the_task_and_where_it_has_it_from() -> None:
    found = opinion("Write a Python function that merges two sorted lists.")
    assert found is not None
    assert found.task == "code"
    assert found.confidence is not None
    assert 0.5 <= found.confidence <= 1
    assert found.source == "classifier 1"


def test_it_abstains_below_its_threshold() -> None:
    text = "What is the capital of Mongolia?"
    found = opinion(text)
    assert found is not None
    assert found.confidence is not None
    assert opinion(text, simple_threshold=found.confidence + 1e-6) is None
    assert opinion(text, threshold=1.0) == found


def test_it_abstains_where_there_is_nothing_to_read_or_the_label_is_not_wanted() -> None:
    assert opinion("  \n") is None
    assert opinion("Write a detailed business plan for a repair shop, with a budget.") is None


def test_labels_go_to_other_rows_where_the_options_say_so() -> None:
    found = opinion("Write a detailed business plan for a repair shop.", tasks={"complex": "reasoning"})
    assert found is not None
    assert found.task == "reasoning"


def test_a_label_without_a_row_is_refused_by_name() -> None:
    with pytest.raises(PluginRefused, match=r"label 'complex' leads to 'complex', which is no task row"):
        make_rules(make_entry(classifier.plugin, options=ClassifierOptions()))


def configured(options: str) -> str:
    entry = f"  - {{id: sorted, use: classifier, with: {options}}}\n"
    return EXAMPLE.replace("  - {id: limits,", f"{entry}  - {{id: limits,")


def test_the_example_configuration_takes_it() -> None:
    config = load(configured("{}"), {}, simulated="http://127.0.0.1:8900")
    assert "sorted" in [entry.id for entry in config.entries]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{tasks: {complex: essays}}", "label 'complex' leads to 'essays'"),
        ("{tasks: {poetry: complex}}", "`tasks` maps 'poetry'"),
        ("{artefact: /nowhere}", "/nowhere holds no classifier"),
        ("{threshold: 2}", "threshold"),
    ],
)
def test_problems_are_told_with_their_place(options: str, message: str) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        load(configured(options), {}, simulated="http://127.0.0.1:8900")
    (problem,) = raised.value.problems
    assert message in str(problem)
    assert problem.path.startswith("chain[5].with")


def test_another_model_makes_another_version_of_the_configuration(tmp_path: Path) -> None:
    examples = [Example(f"{label} {n}", label) for label in ("simple", "code") for n in range(3)]
    versions = set()
    for labels in (["simple", "code"], ["code", "simple"]):
        train(examples, labels, "mine").save(tmp_path)
        document = configured(f"{{artefact: '{tmp_path}'}}")
        versions.add(load(document, {}, simulated="http://127.0.0.1:8900").version)
    assert len(versions) == 2


def test_it_reads_what_the_user_wants_now() -> None:
    assert task_text(
        said(
            (Role.USER, "First question here?"),
            (Role.ASSISTANT, "Yes."),
            (Role.USER, "Prove it, please, by induction on n."),
        )
    ) == ("Prove it, please, by induction on n.")


def test_a_short_follow_up_is_read_with_what_it_follows() -> None:
    request = said((Role.USER, "Write a Go parser."), (Role.ASSISTANT, "..."), (Role.USER, "And in Rust?"))
    assert task_text(request) == "Write a Go parser.\n\nAnd in Rust?"


def test_a_system_prompt_that_sets_the_task_is_read_and_others_are_not() -> None:
    ticket = (Role.USER, "My parcel never came and I am rather cross about it.")
    assert task_text(said((Role.SYSTEM, "Classify the ticket."), ticket)).startswith("Classify the ticket.")
    assert task_text(said((Role.SYSTEM, "You are Bo, a friendly guide of our museum."), ticket)) == ticket[1]


def test_the_page_names_every_option_and_nothing_else() -> None:
    table = PAGE.split("## Options\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == set(ClassifierOptions.model_fields)
    assert all(field.description for field in ClassifierOptions.model_fields.values())


def test_the_yaml_of_the_page_loads() -> None:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    entries = [entry for block in blocks for entry in block.get("chain", ()) if entry["use"] == "classifier"]
    assert len(entries) == 2
    for entry in entries:
        ClassifierOptions.model_validate(entry.get("with") or {})
