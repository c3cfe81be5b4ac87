"""The API keys of callers: make one, list them, revoke one. A running server notices within seconds."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace
from rich.console import RenderableType
from rich.text import Text

from pointsman.access.keyfile import change_keys, read_keys
from pointsman.access.keys import Key, mint
from pointsman.cli.terminal import Terminal, printable, table
from pointsman.config.scalars import name
from pointsman.errors import KeysUnusable
from pointsman.model.caller import Permission

_COLUMNS = ("id", "tenant", "permissions", "state", "created", "expires", "*label")
_STYLES = {"active": "green", "revoked": "dim", "expired": "yellow"}
_LONGEST = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file", type=Path, default=Path("keys.jsonl"), metavar="FILE", help="the key file, `auth.keys` (%(default)s)"
    )
    # Here, too, so that they are understood after the subcommand, where everybody looks for them.
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--file", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="the key file")
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    actions = parser.add_subparsers(dest="action", metavar="create|list|revoke", required=True)
    create = actions.add_parser("create", parents=[shared], help="make a key and print it, this once")
    create.add_argument("--tenant", type=_tenant, required=True, metavar="NAME", help="whose requests it makes")
    create.add_argument(
        "--permission",
        type=Permission,
        choices=list(Permission),
        action="append",
        default=[],
        metavar="NAME",
        help="override (insist on models), report (say how models behave) or admin (everything, for every tenant); "
        "may be repeated",
    )
    create.add_argument("--expires", type=_days, metavar="DAYS", help="after so many days, such as 90d; unset: never")
    create.add_argument("--label", type=_label, default="", metavar="TEXT", help="what it is for")
    actions.add_parser("list", parents=[shared], help="show the keys; what they are cannot be shown again")
    revoke = actions.add_parser("revoke", parents=[shared], help="make a key useless, at once and for good")
    revoke.add_argument("id", metavar="ID", help="the public part of it, as in pm_ID_…")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    # Which was given after the subcommand, when the terminal had been made.
    terminal.json = options.json
    match options.action:
        case "create":
            return _create(options, terminal)
        case "revoke":
            return _revoke(options, terminal)
        case _:
            return _list(options, terminal)


def _create(options: argparse.Namespace, terminal: Terminal) -> int:
    permissions = tuple(sorted(set(options.permission)))
    expires = datetime.now(UTC).replace(microsecond=0) + options.expires if options.expires else None
    key, token = mint(options.tenant, permissions, options.label, expires)
    change_keys(options.file, lambda keys: [*keys, key])
    if terminal.json:
        terminal.dump({"key": key, "token": token})
        return 0
    terminal.note(f"Key {key.id} of tenant {key.tenant} is in {options.file}. This is it, and it is not shown again:")
    terminal.show(token)
    return 0


def _list(options: argparse.Namespace, terminal: Terminal) -> int:
    keys = read_keys(options.file)
    if terminal.json:
        terminal.dump({"keys": keys})
    else:
        terminal.show(table("", _COLUMNS, _rows(keys)))
    return 0


def _revoke(options: argparse.Namespace, terminal: Terminal) -> int:
    revoked: list[Key] = []

    def revoke(keys: tuple[Key, ...]) -> Sequence[Key]:
        found = next((key for key in keys if key.id == options.id), None)
        if found is None:
            raise KeysUnusable(f"{options.file} has no key {options.id!r}; `pointsman keys list` shows them")
        # Once more changes nothing: the first time is what counts.
        revoked.append(found if found.revoked else replace(found, revoked=datetime.now(UTC).replace(microsecond=0)))
        return [revoked[0] if key is found else key for key in keys]

    change_keys(options.file, revoke)
    if terminal.json:
        terminal.dump({"key": revoked[0]})
    else:
        terminal.show(f"Key {options.id} of tenant {revoked[0].tenant} is revoked; servers notice within seconds")
    return 0


def _rows(keys: Sequence[Key]) -> Iterator[Sequence[RenderableType]]:
    now = datetime.now(UTC)
    for key in keys:
        state = key.state(now)
        permissions = ", ".join(key.permissions) or "-"
        expires = f"{key.expires:%Y-%m-%d}" if key.expires else "-"
        told = Text(state, style=_STYLES[state])
        yield key.id, key.tenant, permissions, told, f"{key.created:%Y-%m-%d}", expires, printable(key.label)


def _tenant(text: str) -> str:
    try:
        return name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None


def _days(text: str) -> timedelta:
    number = text.removesuffix("d")
    if not number.isdecimal() or not 0 < int(number) <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days such as 90d, at most 36500d")
    return timedelta(days=int(number))


def _label(text: str) -> str:
    if len(text) > _LONGEST:
        raise argparse.ArgumentTypeError(f"has {len(text)} characters, at most {_LONGEST} are kept")
    return text
