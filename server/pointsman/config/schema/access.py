"""`auth` and `server.tls`: who may call, and how calls are kept from others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pointsman.config.schema.section import Section


class Auth(Section):
    """API keys. Each call brings one as `authorization: Bearer KEY`, and with it a tenant and its permissions."""

    keys: str = Field(
        min_length=1,
        description="The key file, from the working directory; `pointsman keys` writes it. A change counts within "
        "seconds, without a restart.",
    )
    metrics: Literal["admin", "open"] = Field(
        default="admin",
        description="Who may read `/metrics` where `server.http` is not for this machine only: whoever brings a key "
        "with the permission `admin`, or everybody.",
    )


class Tls(Section):
    """TLS at the gRPC door and the HTTP API. The files are read again when they change; a pair that cannot be used
    changes nothing.
    """

    cert: str = Field(min_length=1, description="PEM file of the certificate, with what leads to its authority.")
    key: str = Field(min_length=1, description="PEM file of its key, without a password.")
    client_ca: str | None = Field(
        default=None,
        description="PEM file of the authorities whose certificates callers need (mutual TLS); whoever has none cannot "
        "connect. Unset: callers need no certificate.",
    )
