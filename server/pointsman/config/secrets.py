"""Secrets by reference: what stands in the configuration is where one is, never what it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pointsman.config.scalars import parse_reference
from pointsman.errors import SecretMissing

MAX_SECRET_BYTES = 64 * 1024


def read_secret(reference: str, environ: Mapping[str, str]) -> str:
    """The secret that `${NAME}` or `${file:/path}` leads to, any other text as it is.

    SecretMissing says where it was looked for; nothing says what it is.

        key = read_secret(options.api_key, os.environ)
    """
    match parse_reference(reference):
        case ("variable", name):
            where, secret = f"environment variable {name}", environ.get(name, "").strip()
        case ("file", path):
            where, secret = f"file {path!r}", _read(path)
        case _:
            return reference
    if not secret:
        raise SecretMissing(f"{where} is not set or empty")
    if not secret.isascii() or not secret.isprintable():
        message = f"{where} holds characters that an HTTP header cannot; check what was put there"
        raise SecretMissing(message, unusable=True)
    return secret


def _read(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_SECRET_BYTES).decode("latin-1").strip()
    except (OSError, ValueError):
        raise SecretMissing(f"file {path!r} cannot be read") from None
