from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest

from pointsman.chain.discovery import Installed, installed, load_plugin
from pointsman.chain.plugin import GROUP, PolicyPlugin
from pointsman.errors import PluginRefused

GOOD = """
    from pointsman import hookimpl, register
    POINTSMAN_API = {api}
    class Quiet:
        @hookimpl
        def pointsman_assess_request(self): ...
    plugin = register(lambda options, setup: Quiet())
    unregistered = Quiet
"""


class Package:
    """A directory on the path that modules are written into; each has a name of its own, since modules are cached."""

    def __init__(self, root: Path, prefix: str) -> None:
        self._root, self._prefix = root, prefix

    def point(self, source: str, attribute: str = "plugin", distribution: str = "acme-policies") -> Installed:
        name = f"{self._prefix}_{len(list(self._root.iterdir()))}"
        (self._root / f"{name}.py").write_text(dedent(source))
        return Installed("quiet", distribution, "1.0", EntryPoint("quiet", f"{name}:{attribute}", GROUP))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Package:
    monkeypatch.syspath_prepend(tmp_path)
    return Package(tmp_path, f"acme_{abs(hash(request.node.nodeid))}")


def test_the_standard_policies_are_found_like_anybodys() -> None:
    found = installed()
    assert {"override", "tags", "limits", "feasibility", "routing"} <= set(found)
    assert {policy.distribution for policy in found["routing"]} == {"pointsman"}
    assert isinstance(load_plugin(found["routing"]), PolicyPlugin)


def test_a_good_one(package: Package) -> None:
    assert isinstance(load_plugin((package.point(GOOD.format(api=1)),)), PolicyPlugin)


@pytest.mark.parametrize(
    ("source", "attribute", "why"),
    [
        (GOOD.format(api=2), "plugin", "it was written for plugin API 2; this server offers 1"),
        (GOOD.format(api="'1'"), "plugin", "it was written for plugin API 1"),
        (GOOD.replace("POINTSMAN_API = {api}", ""), "plugin", "declares no POINTSMAN_API; this server offers 1"),
        (GOOD.format(api=1), "unregistered", "its entry point names a type, not what pointsman.register"),
        (GOOD.format(api=1), "missing", "importing it raised AttributeError"),
        ("import a_module_that_is_not_there", "plugin", "importing it raised ModuleNotFoundError"),
        ("raise SystemExit('licence expired')", "plugin", "importing it raised SystemExit: licence expired"),
        ("def plugin(:", "plugin", "importing it raised SyntaxError"),
    ],
    ids=["major", "type of the version", "none", "class", "attribute", "import", "exit", "syntax"],
)
def test_what_must_not_be_used(package: Package, source: str, attribute: str, why: str) -> None:
    with pytest.raises(PluginRefused, match=f"plugin 'quiet' is refused: .*{why}"):
        load_plugin((package.point(source, attribute),))


def test_an_interrupt_is_no_refusal(package: Package) -> None:
    with pytest.raises(KeyboardInterrupt):
        load_plugin((package.point("raise KeyboardInterrupt"),))


def test_two_distributions_of_one_name(package: Package) -> None:
    first = package.point("raise AssertionError('not imported')", distribution="zeta")
    second = package.point("raise AssertionError('not imported')", distribution="acme")
    with pytest.raises(PluginRefused, match=r"several distributions provide it \(acme, zeta\); uninstall all but one"):
        load_plugin((first, second))
