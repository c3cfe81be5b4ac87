"""Options of a policy or a gate, validated as the loader does it, and what must be true of their errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from pointsman.chain.plugin import Names
from pointsman.config.positions import spell
from pointsman.model.catalogue import Catalogue

_ODD: tuple[object, ...] = (None, True, -1, 0, 10**9, float("nan"), "", "no such thing", [], [[]], {}, {"no": "such"})
_YAML = re.compile(r"```ya?ml\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Options:
    """The options that a plugin's `config` validates, in a configuration that has these `names`."""

    # What a plugin registered: nothing has checked that it is a model.
    config: object
    names: Names

    def model(self) -> type[BaseModel]:
        config = self.config
        assert isinstance(config, type) and issubclass(config, BaseModel), f"{config!r} is not a pydantic model"  # noqa: PT018
        return config

    # As YAML gives them, hence any values.
    def validated(self, given: Mapping[str, Any], names: Names | None) -> BaseModel:
        """As the loader does it: it says what is configured, and refuses unknown keys where the model is silent."""
        model = self.model()
        return model.model_validate(dict(given), extra=model.model_config.get("extra", "forbid"), context=names)

    def made(self, given: Mapping[str, Any] | None) -> BaseModel | None:
        """What the factory gets."""
        return None if self.config is None else self.validated(given or {}, self.names)

    def paths(self, given: Mapping[str, Any], names: Names | None) -> list[str]:
        """Where these options are wrong, [] where they are good."""
        if self.config is None:
            return list(given)
        try:
            self.validated(given, names)
        except ValidationError as error:
            return [spell(detail["loc"]) for detail in error.errors(include_url=False)]
        # A validator is the plugin's own code, and what else it raises tells an operator nothing.
        except Exception as error:
            raise AssertionError(f"{given}: raised {error!r}; a validator must raise ValueError") from error
        return []

    def assert_they_fail_by_path(self, given: Mapping[str, Any], mistakes: Mapping[str, Mapping[str, Any]]) -> None:
        """`mistakes` are options that must be refused, by the path of the one that is wrong."""
        if self.config is None:
            return
        model = self.model()
        if model.model_config.get("extra") != "allow":
            paths = self.paths({**given, "no_such_option": 1}, self.names)
            assert "no_such_option" in paths, "an unknown option is ignored"
        for name, field in model.model_fields.items():
            for odd in _ODD:
                self.paths({**given, field.alias or name: odd}, self.names)
        for path, wrong in mistakes.items():
            found = self.paths({**given, **wrong}, self.names)
            assert path in found, f"{wrong} is refused at {found or 'no path at all'}, not at {path!r}"

    def assert_examples_are_valid(self, page: Path, section: str, use: str) -> None:
        """Every example of `use` on a page, Markdown or YAML, in this section of a configuration."""
        rows = [row for row in _rows(page, section) if row.get("use") == use]
        assert rows, f"{page} has no YAML with `use: {use}`"
        for row in rows:
            # What the page names is configured elsewhere.
            assert not (paths := self.paths(row.get("with") or {}, None)), f"{page}: {row} is wrong at {paths}"


def names_of(catalogue: Catalogue, gates: Sequence[str] = ()) -> Names:
    """What the configuration names that gives this catalogue and these gates."""
    return Names(
        models=frozenset((*catalogue.models, *catalogue.aliases)),
        tiers=frozenset(catalogue.tiers),
        tasks=frozenset(catalogue.tasks),
        providers=catalogue.providers(),
        gates=frozenset(gates),
    )


def _rows(page: Path, section: str) -> Iterator[Mapping[str, Any]]:
    """The rows of a section in a page's YAML: under its key, in a list or a mapping, or alone."""
    text = page.read_text(encoding="utf-8")
    for block in _YAML.findall(text) if page.suffix == ".md" else [text]:
        found = yaml.safe_load(block)
        found = found.get(section, found) if isinstance(found, dict) else found
        if isinstance(found, dict) and "use" not in found:
            found = list(found.values())
        yield from (row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict))
