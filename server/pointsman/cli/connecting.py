"""The options of every command that calls a running server: where it is, and how to prove who we are."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pointsman.config.secrets import read_secret
from pointsman.errors import PointsmanError, SecretMissing
from pointsman.rpc.client.access import Access
from pointsman.rpc.client.calls import Client

ADDRESS = "127.0.0.1:50051"
KEY = "POINTSMAN_API_KEY"


class Unusable(PointsmanError):
    """A key or a certificate that cannot be read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("server")
    group.add_argument("--address", default=ADDRESS, metavar="HOST:PORT", help="where it is (%(default)s)")
    # A file or the environment: what stands on a command line is seen by everybody on the machine.
    group.add_argument("--key-file", metavar="FILE", help=f"our API key; unset: the environment's {KEY}, if any")
    group.add_argument("--tls", action="store_true", help="over TLS, trusting the system's authorities")
    group.add_argument("--ca", type=Path, metavar="FILE", help="over TLS, trusting this authority (PEM)")
    group.add_argument("--cert", type=Path, metavar="FILE", help="over TLS, with this client certificate (PEM)")
    group.add_argument("--cert-key", type=Path, metavar="FILE", help="the key of --cert (PEM)")


def connect(options: argparse.Namespace) -> Client:
    """A client of the server that the options name. Unusable for files that are not there."""
    return Client(options.address, access_of(options))


def access_of(options: argparse.Namespace) -> Access:
    """How the options say that the server is reached. Unusable as above."""
    if (options.cert is None) != (options.cert_key is None):
        raise Unusable("--cert and --cert-key belong together; give both or none")
    return Access(
        key=_key(options.key_file),
        tls=options.tls or options.ca is not None or options.cert is not None,
        ca=_bytes(options.ca),
        cert=_bytes(options.cert),
        cert_key=_bytes(options.cert_key),
    )


def _key(file: str | None) -> str:
    reference = f"${{file:{file}}}" if file else f"${{{KEY}}}"
    try:
        return read_secret(reference, os.environ)
    except SecretMissing as missing:
        if file or missing.unusable:
            raise Unusable(f"the API key cannot be had: {missing}") from None
        return ""


def _bytes(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from None
