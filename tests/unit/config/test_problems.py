from __future__ import annotations

import pytest
from tests.unit.config.documents import DOCUMENT, KEYS, ProblemsOf, entry_point

from pointsman.config.load import load
from pointsman.config.policies import Policies


def line_of(text: str, fragment: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if fragment in line)


def test_the_document_of_these_tests_is_good(problems_of: ProblemsOf) -> None:
    assert problems_of(DOCUMENT) == []


OPENAI_GROQ = 'wire: openai, api_key: "${G'

# What is written instead of what, the path it must be found under, words of the message; the line is where the new text
# stands, or the first of `old` where it is gone.
MISTAKES = [
    # keys
    ("    tier: small", "    teir: small", "models.mini.teir", "unknown key 'teir'; did you mean 'tier'?"),
    ("select: priority", "selects: priority", "tasks.code.selects", "did you mean 'select'"),
    ("tags: {night", "colour: blue\ntags: {night", "colour", "unknown key 'colour'; known are 'auth', 'budgets', 'ch"),
    ("with: {context_share", "with: {contxt_share", "chain[1].with.contxt_share", "did you mean 'context_share'"),
    ("{eco: oss, bal", "{ecco: oss, bal", "tasks.code.route.ecco", "did you mean 'eco'"),
    ("cached_input: 0", "cachedinput: 0", "models.mini.price.cachedinput", "did you mean 'cached_input'"),
    # references
    ("provider: groq", "provider: grok", "models.oss.provider", "no provider 'grok'; did you mean 'groq'?"),
    ("    tier: small", "    tier: smal", "models.mini.tier", "no tier 'smal'; did you mean 'small'?"),
    ("{eco: small", "{eco: mini2", "tasks.simple.route.eco", "no tier or model 'mini2'; did you mean 'mini'"),
    ("[fast, mid]", "[fast, mad]", "tasks.code.route.balanced[1]", "no tier or model 'mad'"),
    ("nightly-report: code", "nightly-report: cod", "tags.nightly-report", "no task 'cod'; did you mean 'code'?"),
    ("default: simple", "default: simpel", "default", "no task 'simpel'; did you mean 'simple'?"),
    ("use: routing", "use: ruoting", "chain[2].use", "no such policy is installed; did you mean 'routing'?"),
    ("tiers: [small, mid]", "tiers: [small, mid, big]\nmode: big", "mode", "must be 'eco', 'balanced' or 'sport'"),
    # names that mean two things
    ("aliases: [fast]", "aliases: [oss, fast]", "models.mini.aliases[0]", "alias 'oss' is taken by model 'oss'"),
    ("aliases: [fast]", "aliases: [mid, fast]", "models.mini.aliases[0]", "alias 'mid' is taken by tier 'mid'"),
    ("aliases: [fast]", "aliases: [fast, fast]", "models.mini.aliases[1]", "is taken by an alias of model 'mini'"),
    ("tiers: [small, mid]", "tiers: [small, mid, mini]", "models.mini", "may not be called like tier 'mini'"),
    ("select: priority", "select: priority\n    weights: {fast: 2}", "tasks.code.weights", "add `select: weighted`"),
    ("select: priority", "select: weighted\n    weights: {minni: 2}", "tasks.code.weights.minni", "called 'minni'"),
    ("select: priority", "select: weighted\n    weights: {oss: -1}", "tasks.code.weights.oss", "must be at least 0"),
    ("tiers: [small, mid]", "tiers: {small: {cap: 1}, mid: }", "tiers.small.cap", "unknown key 'cap'"),
    ("tiers: [small, mid]", "tiers: {small: {temperature_cap: 3}, mid: }", "tiers.small.temperature_cap", "at most 2"),
    ("tiers: [small, mid]", "tiers: {small: 7, mid: }", "tiers.small", "must be a mapping of keys to values"),
    ("tiers: [small, mid]", "tiers: {small: }", "models.oss.tier", "there is no tier 'mid'"),
    ("tiers: [small, mid]", "tiers: small", "tiers", "must be a list"),
    (": 128_000", ": 9\n    min_output_tokens: 10", "models.mini.min_output_tokens", "above"),
    ("tiers: [small, mid]", "tiers: [small, mid, mid]", "tiers[2]", "tier 'mid' is listed twice"),
    ("nightly-report: code", "simple: code", "tags.simple", "task 'simple' exists"),
    ("id: fits", "id: tags", "chain[1].id", "id 'tags' is that of chain[0] too"),
    # values
    ("output: 4.50", "output: -4.50", "models.mini.price.output", "from 0 to 1,000,000, not -4.5"),
    ("output: 4.50", "output: cheap", "models.mini.price.output", "must be an amount in USD such as 0.75, not 'cheap'"),
    ("output: 4.50", "output: 1.00000000001", "models.mini.price.output", "at most nine decimals"),
    ("output: 4.50", "output: .inf", "models.mini.price.output", "must be an amount in USD"),
    (", output: 4.50}", ", output: 4.50, above: 7}", "models.mini.price.above", "must be a list"),
    ("output: 4.50}", "output: 4.50, above: [{input: 1}]}", "models.mini.price.above[0].output", "required"),
    ("t: 4.50}", "t: 1, above: [{input_tokens: 9, input: 1, output: 1, per_request: 1}]}",
     "models.mini.price.above[0].per_request", "unknown key 'per_request'"),
    ("t: 4.50}", "t: 1, above: [{input_tokens: 9, input: 1, output: 1}, {input_tokens: 9, input: 1, output: 1}]}",
     "models.mini.price.above", "in ascending order of input_tokens, each once"),
    ("t: 4.50}", "t: 1, above: [{input_tokens: 400_000, input: 1, output: 1}]}",
     "models.mini.price", "no input is longer than 400,000 tokens in a window of 400,000"),
    ("context: 400_000", 'context: "400k"', "models.mini.context", "must be a whole number, not '400k'"),
    ("max_output: 128_000", "max_output: 500_000", "models.mini.max_output", "context window of 400,000"),
    ("max_output_tokens: 256", "max_output_tokens: 0", "tasks.simple.max_output_tokens", "must be at least 1, not 0"),
    ("select: priority", "select: random", "tasks.code.select", "'priority' or 'weighted', not 'random'"),
    ("use: tags}", "use: tags, timeout: soon}", "chain[0].timeout", "must be a duration such as 200ms"),
    ("use: tags}", "use: tags, shadow: yep}", "chain[0].shadow", "must be true or false, not 'yep'"),
    ("share: 0.5", "share: 2", "chain[1].with.context_share", "must be at most 1"),
    ("use: tags}", "use: tags, with: {a: 1}}", "chain[0].with", "takes no options"),
    ("tags: {night", "server: {grpc: 50051}\ntags: {night", "server.grpc", "must be text; put it in quotes, not 50051"),
    ("tags: {night", "server: {http: here}\ntags: {night", "server.http", "must be HOST:PORT"),
    ("tags: {night", "server: {max_deadline: 1m}\ntags: {night", "server.max_deadline", "below default_deadline"),
    ("tags: {night", "health: {open_for: 3m}\ntags: {night", "health.open_max", "below open_for"),
    ("tags: {night", "health: {error_ratio: 0.1}\ntags: {night", "health.degraded_ratio", "above error_ratio"),
    ("tags: {night", "health: {trials: 0}\ntags: {night", "health.trials", "must be at least 1, not 0"),
    ("min_output_tokens: 1024", "min_output_tokens: 9\n    max_output_tokens: 8", "tasks.code.min_output_tokens", "8"),
    ("aliases: [fast]", "aliases: [fast]\n    capabilities: [tool]", "models.mini.capabilities[0]", "'tools'"),
    ("aliases: [fast]", "aliases: [fast]\n    capabilities: [image_urls]", "models.mini.capabilities", "needs images"),
    ("tags: {nightly-report: code}", "tags: [code]", "tags", "must be a mapping of keys to values"),
    ("tiers: [small, mid]", "tiers: [small, mid, [x]]", "tiers[2]", "must be text"),
    ("  mini:\n", "  mi ni:\n    x: 1\n  mini:\n", "models.mi ni", "must be a model id"),
    ("api.groq.com/openai", "user:pw@api.groq.com", "providers.groq.base_url", "must hold no credentials"),
    ('base_url: "https', 'base_url: "ftp', "providers.groq.base_url", "must be a URL such as"),
    (OPENAI_GROQ, "wire: smoke, api_key: \"${G", "providers.groq.wire", "must be 'openai', 'openai-responses', "),
    (OPENAI_GROQ, "wire: anthropic, seed_field: seed, api_key: \"${G", "providers.groq.seed_field", "wire 'openai'"),
    (OPENAI_GROQ, "wire: openai, thinking: budget, api_key: \"${G", "providers.groq.thinking", "wire 'anthropic'"),
    (OPENAI_GROQ, "wire: openai-responses, seed_field: seed, api_key: \"${G", "providers.groq.seed_field", "leave it"),
    ("tier: small\n", "tier: small\n    api: chat\n", "models.mini.api", "must be 'chat_completions' or 'responses'"),
    ('/v1"}', '/v1", ca_file: nowhere.pem}', "providers.groq.ca_file", "there is no file 'nowhere.pem'"),
    # what is missing
    ("    upstream: gpt-5.4-mini\n", "", "models.mini.upstream", "required key 'upstream' is missing"),
    ("balanced: [fast, mid]", "sport: mid", "tasks.code.route", "says nothing for balanced; add `balanced`"),
    ("{eco: oss, balanced: [fast, mid]}", "[]", "tasks.code.route", "must hold at least 1"),
    ("tier: mid, con", "tier: small, con", "tasks.simple.route.sport", "tier 'mid' has no model"),
    # YAML
    ("default: simple", "default: simple\ndefault: code", "default", "is written twice, on lines"),
    ("nightly-report: code", "off: code", "tags.off", "key 'off' is read as !!bool by YAML; put it in quotes"),
    ("default: simple", "default: !!python/name:os.system simple", "default", "means nothing here; remove it"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "words"), MISTAKES, ids=[f"{m[2]}: {m[1]}" for m in MISTAKES])
def test_a_mistake_is_told_with_its_path_and_remedy(
    problems_of: ProblemsOf, old: str, new: str, path: str, words: str
) -> None:
    assert old in DOCUMENT
    found = {problem.path: problem for problem in problems_of(DOCUMENT.replace(old, new, 1))}
    assert found[path].fatal
    assert words in found[path].message


@pytest.mark.parametrize(
    ("old", "new", "path", "fragment"),
    [
        ("    tier: small", "    teir: small", "models.mini.teir", "teir"),
        ("    upstream: gpt-5.4-mini\n", "", "models.mini.upstream", "  mini:"),
        ("cached_input: 0.0375, output: 4.50", "\n      output: -1", "models.mini.price.output", "output: -1"),
        ("[fast, mid]", "[fast,\n      mad]", "tasks.code.route.balanced[1]", "mad]"),
        ("{context_share: 0.5}", "\n      {context_share: 7}", "chain[1].with.context_share", "share: 7"),
        ("default: simple\n", "", "default", "providers:"),
        ("default: simple", "default: simple\n# again\ndefault: code", "default", "default: code"),
    ],
)
def test_a_problem_says_its_line(problems_of: ProblemsOf, old: str, new: str, path: str, fragment: str) -> None:
    text = DOCUMENT.replace(old, new, 1)
    lines = {problem.path: problem.line for problem in problems_of(text)}
    assert lines[path] == line_of(text, fragment)


def test_five_mistakes_are_five_problems_in_order(problems_of: ProblemsOf) -> None:
    text = DOCUMENT
    for old, new in (
        ("provider: groq", "provider: grok"),
        ("context: 400_000", "context: lots"),
        ("tags: {nightly-report: code}", "tags: {nightly-report: cody}"),
        ("select: priority", "selekt: priority"),
        ("context_share: 0.5", "context_share: 5"),
    ):
        text = text.replace(old, new, 1)
    assert [(problem.path, problem.line) for problem in problems_of(text)] == [
        ("models.mini.context", 9),
        ("models.oss.provider", 13),
        ("tasks.code.selekt", 21),
        ("tags.nightly-report", 23),
        ("chain[1].with.context_share", 28),
    ]


def test_a_section_that_cannot_be_read_neither_hides_nor_causes_other_problems(problems_of: ProblemsOf) -> None:
    text = DOCUMENT.replace("tiers: [small, mid]", "tiers: {}").replace("default: simple", "default: simpel")
    assert [problem.path for problem in problems_of(text)] == ["tiers", "default"]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("    tier: small", "    teir: small", "models.mini.teir"),
        ("    tier: small", "    tier: smal", "models.mini.tier"),
        ("    tier: small", "    tier: [small]", "models.mini.tier"),
        ("tier: mid, con", "tier: 3, con", "models.oss.tier"),
    ],
)
def test_a_model_without_its_tier_is_no_problem_of_the_routes(
    problems_of: ProblemsOf, old: str, new: str, path: str
) -> None:
    found = [problem.path for problem in problems_of(DOCUMENT.replace(old, new, 1))]
    assert path in found
    assert not [other for other in found if other.startswith("tasks")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: b: c", 1, "mapping values are not allowed"),
        ("a: 1\nb: [1,\n", 3, "is not YAML"),
        ("a: *nowhere", 1, "undefined alias"),
        ("a: &a [*a]", 1, "expand to too much"),
        ("[" * 5000, 1, "nested more than"),
        ("a: \x00", 1, "holds a character"),
        ("? [a]\n: b", 1, "a key must be text"),
        ("a: 1\n---\nb: 2\n", 2, "single document"),
        ("a: " + "x" * (1 << 20), 1, "characters long"),
    ],
)
def test_yaml_that_cannot_be_read_is_one_problem(problems_of: ProblemsOf, text: str, line: int, words: str) -> None:
    (problem,) = problems_of(text)
    assert (problem.path, problem.line) == ("document", line)
    assert words in problem.message


def test_aliases_cannot_stand_for_billions_of_values(problems_of: ProblemsOf) -> None:
    bomb = "- &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"- &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9)
    )
    (problem,) = problems_of(bomb)
    assert "expand to too much" in problem.message


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]", "just text", "42"])
def test_what_is_no_configuration_at_all_is_refused(problems_of: ProblemsOf, text: str) -> None:
    assert problems_of(text)


def test_anchors_and_merges_are_understood(problems_of: ProblemsOf) -> None:
    text = DOCUMENT.replace("  simple:\n", "  simple: &row\n").replace(
        "  code:\n", "  other:\n    <<: *row\n    max_output_tokens: 1024\n  code:\n"
    )
    assert problems_of(text) == []


@pytest.mark.parametrize(
    ("chain", "path"),
    [("chain: []", "chain"), ("chain:", "chain"), ("chain: [1]", "chain[0]"), ("chain: [{id: a}]", "chain[0].use")],
)
def test_a_chain_without_policies_is_refused(problems_of: ProblemsOf, chain: str, path: str) -> None:
    text = DOCUMENT[: DOCUMENT.index("chain:")] + chain
    assert [problem.path for problem in problems_of(text)] == [path]


def test_only_models_of_the_wire_openai_have_a_choice_of_apis(problems_of: ProblemsOf) -> None:
    chosen = DOCUMENT.replace("    tier: small\n", "    tier: small\n    api: responses\n")
    assert problems_of(chosen) == []
    (problem,) = problems_of(chosen.replace("openai: {wire: openai,", "openai: {wire: gemini,"))
    assert problem.path == "models.mini.api"
    assert problem.message == "belongs to models of the wire 'openai', and this one's is 'gemini': leave it out"
    assert load(chosen, KEYS).catalogue.models["mini"].api == "responses"
    assert load(DOCUMENT, KEYS).catalogue.models["mini"].api == ""


def test_a_floor_that_no_model_reaches_is_a_problem(problems_of: ProblemsOf) -> None:
    text = DOCUMENT.replace("{eco: oss, balanced: [fast, mid]}", "mini").replace(": 1024", ": 130_000")
    (problem,) = problems_of(text)
    assert problem.path == "tasks.code.min_output_tokens"
    assert "130000 is above max_output of every model in a route (mini)" in problem.message


def test_a_floor_that_some_models_do_not_reach_is_a_warning(policies: Policies) -> None:
    (warning,) = load(DOCUMENT.replace(": 1024", ": 130_000"), KEYS, installed=policies).warnings
    assert (warning.path, warning.fatal) == ("tasks.code.min_output_tokens", False)
    assert "above max_output of mini, which this task only uses where a caller allows less" in warning.message


def test_a_policy_that_two_packages_provide_is_refused(problems_of: ProblemsOf, policies: Policies) -> None:
    twice = (*policies["tags"], entry_point("tags", "other:plugin", "impostor"))
    (problem,) = problems_of(DOCUMENT, installed={**policies, "tags": twice})
    assert problem.path == "chain[0].use"
    assert "impostor" in problem.message
