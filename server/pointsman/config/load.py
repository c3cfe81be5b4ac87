"""Loading `pointsman.yaml`: read, validate, cross-check, resolve; every problem is found before any is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from pointsman.bounded import read_at_most
from pointsman.chain import discovery
from pointsman.chain.plugin import GATES
from pointsman.config import doors, references
from pointsman.config.accounts import open_accounts
from pointsman.config.budgets import build_budgets, check_budgets
from pointsman.config.catalogue import build_catalogue, unserved
from pointsman.config.database import find_database
from pointsman.config.gates import load_gates
from pointsman.config.otlp import open_otlp
from pointsman.config.policies import Chain, Policies, load_chain
from pointsman.config.positions import MAX_CHARACTERS, Source, read
from pointsman.config.problems import validate
from pointsman.config.references import mapping
from pointsman.config.schema.document import Document
from pointsman.config.settings import Config
from pointsman.config.state import open_state
from pointsman.engine.rules import Compliance
from pointsman.errors import ConfigInvalid, Problem
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import PolicyKind


def load(
    document: Path | str,
    environ: Mapping[str, str],
    *,
    installed: Policies | None = None,
    gates: Policies | None = None,
    simulated: str | None = None,
    require_provider: bool = True,
    serving: bool = False,
) -> Config:
    """Load a configuration from a file, or from text; ConfigInvalid holds all its problems, by line.

    Secrets come from `environ` (or files). With `simulated`, the base URL of a simulator, every provider is there and
    no secret is needed. `installed` and `gates` are the policies and gates to choose from; None: those installed.
    Without `require_provider`, a document of which every provider lacks its secret is good, with warnings, and so is
    one that names no Redis that can be found. With `serving` it must also say who may call, as `check_doors` asks.

        config = load(Path("pointsman.yaml"), os.environ, serving=True)
    """
    source = _source(document)
    checked = validate(Document, source, (), lambda: Document.model_validate(source.data))
    policies = load_chain(source, discovery.installed() if installed is None else installed)
    judges = load_gates(source, discovery.installed(GATES) if gates is None else gates)
    accounts = open_accounts(source, environ, simulated, required=require_provider)
    state = open_state(source, environ, required=require_provider)
    database = find_database(source, environ)
    otlp = None if isinstance(checked, list) else open_otlp(source, checked.telemetry.otlp, environ)
    problems = _sorted(
        source.problems,
        checked if isinstance(checked, list) else (),
        references.check(source),
        check_budgets(source),
        _unheeded(source, policies),
        policies.problems,
        judges.problems,
        accounts.problems,
        doors.problems(checked.auth, checked.server, source) if serving and not isinstance(checked, list) else (),
        (state,) if isinstance(state, Problem) else (),
        database.problems,
        [otlp] if isinstance(otlp, Problem) else (),
    )
    if isinstance(checked, list) or any(problem.fatal for problem in problems):
        raise ConfigInvalid(problems)
    catalogue = build_catalogue(checked, accounts.enabled)
    return Config(
        version=version_of(source.data, [*policies.read_elsewhere(source.data), *judges.read_elsewhere(source.data)]),
        document=source.text,
        catalogue=catalogue,
        entries=policies.entries(checked.chain),
        providers=accounts.enabled,
        auth=checked.auth,
        server=checked.server,
        state=None if isinstance(state, Problem) else state,
        ledger=checked.ledger,
        failover=checked.failover,
        timeouts=checked.timeouts,
        health=checked.health,
        log=checked.log,
        otlp=None if isinstance(otlp, Problem) else otlp,
        strict_tags=checked.strict_tags,
        gates=judges.entries(checked.gates),
        budgets=build_budgets(checked),
        compliance=_compliance(checked),
        packages=tuple(sorted({f"pointsman {version('pointsman')}", *policies.packages})),
        warnings=_sorted(problems, _unserved(source, catalogue)),
        ledger_url=database.url,
    )


def load_catalogue(document: Path | str) -> Catalogue:
    """Models, prices and rows alone, all enabled: neither secrets nor policies are needed. ConfigInvalid as `load`."""
    source = _source(document)
    checked = validate(Document, source, (), lambda: Document.model_validate(source.data))
    problems = _sorted(source.problems, checked if isinstance(checked, list) else (), references.check(source))
    if isinstance(checked, list) or any(problem.fatal for problem in problems):
        raise ConfigInvalid(problems)
    return build_catalogue(checked, checked.providers)


def version_of(data: Any, elsewhere: Sequence[Any] = ()) -> str:
    """A short hash of what a document says, and the files that its options name.

    Order counts, since it breaks ties; comments and layout do not.
    """
    canonical = json.dumps([data, *elsewhere] if elsewhere else data, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _source(document: Path | str) -> Source:
    source = read(_text(document) if isinstance(document, Path) else document)
    if not source.readable:
        raise ConfigInvalid(source.problems)
    return source


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return read_at_most(file, MAX_CHARACTERS + 1)
    except OSError as error:
        problem = Problem(str(path), f"cannot be read: {error.strerror}; name a configuration file that is there")
    except UnicodeDecodeError:
        problem = Problem(str(path), "is not UTF-8; save it in that encoding")
    raise ConfigInvalid([problem])


def _compliance(document: Document) -> Compliance:
    if isinstance(document.compliance, bool):
        return Compliance(everyone=document.compliance)
    return Compliance(tenants=frozenset(document.compliance.tenants))


def _sorted(*groups: Iterable[Problem]) -> tuple[Problem, ...]:
    """By line; of several about one path the first that is fatal, because the others follow from it."""
    kept: dict[str, Problem] = {}
    for problem in chain.from_iterable(groups):
        if problem.path not in kept or (problem.fatal and not kept[problem.path].fatal):
            kept[problem.path] = problem
    return tuple(sorted(kept.values(), key=lambda problem: problem.line))


def _unheeded(source: Source, policies: Chain) -> Iterator[Problem]:
    """Budgets that no policy heeds still hold: attempts are denied one by one, and no step is taken before."""
    heeds = any(loaded.plugin.kind is PolicyKind.BUDGET for loaded in policies.loaded.values())
    if mapping(source.data).get("budgets") and not heeds:
        message = "no entry of the chain heeds their steps, so that they only refuse; add `- {use: budgets}` to it"
        yield source.problem(("budgets",), message, fatal=False)


def _unserved(source: Source, catalogue: Catalogue) -> Iterator[Problem]:
    if not any(model.enabled for model in catalogue.models.values()):
        return  # the providers are told of, and each row would only repeat it
    for task, mode in unserved(catalogue):
        message = f"every model for {mode} is disabled, so another tier will serve it; enable one of their providers"
        yield source.problem(("tasks", task, "route", str(mode)), message, fatal=False)
