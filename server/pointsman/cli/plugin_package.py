"""A new policy package, from the template that ships with this one: it passes its own tests before anything changed."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from pointsman.chain import discovery
from pointsman.errors import PointsmanError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 50
_SUFFIX = ".in"
"""Of every file of the template, so that no tool takes it for what it is not yet."""


class PackageRefused(PointsmanError):
    """The package cannot be written; the message says why, and what to do instead."""


def write_package(name: str, into: Path) -> Path:
    """Write the package into a new directory of its name and return that. Nothing that exists is touched."""
    _check(name)
    directory = into / name
    if directory.exists():
        raise PackageRefused(f"{directory} exists already; choose another name, or another directory with --into")
    rendered = render(name)
    try:
        for path, text in rendered.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise PackageRefused(f"{directory} cannot be written: {error.strerror}; choose another with --into") from None
    return directory


def render(name: str) -> Mapping[str, str]:
    """The files of a package of this name, by their path in it."""
    names = {"@name@": name, "@module@": module_of(name), "@class@": "".join(map(str.capitalize, name.split("-")))}
    made: dict[str, str] = {}
    for path, text in _template(files("pointsman.cli") / "templates" / "policy", ""):
        for placeholder, value in names.items():
            path, text = path.replace(placeholder, value), text.replace(placeholder, value)
        made[path] = text
    return made


def module_of(name: str) -> str:
    return name.replace("-", "_")


def _template(directory: Traversable, at: str) -> Iterator[tuple[str, str]]:
    for item in sorted(directory.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _template(item, f"{at}{item.name}/")
        elif item.name.endswith(_SUFFIX):
            yield f"{at}{item.name.removesuffix(_SUFFIX)}", item.read_text(encoding="utf-8")


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise PackageRefused(
            f"{name[: _LONGEST + 1]!r} cannot be a package's name; use up to {_LONGEST} lower-case letters, digits and "
            "single hyphens, beginning with a letter, such as acme-policy"
        )
    if name in discovery.installed():
        raise PackageRefused(f"a policy {name!r} is installed already, and `use:` must mean one; choose another name")
    module = module_of(name)
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or find_spec(module) is not None:
        raise PackageRefused(f"Python has a module {module!r} already, which would hide it; choose another name")
