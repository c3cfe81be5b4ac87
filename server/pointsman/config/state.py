"""The shared store ready for use: its URL found, and the operator told what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from pydantic import ValidationError

from pointsman.config.positions import Source
from pointsman.config.references import mapping
from pointsman.config.schema.state import State
from pointsman.config.secrets import read_secret
from pointsman.errors import Problem, SecretMissing
from pointsman.stores.redis_options import RedisOptions, WhenDown, parse_address


def open_state(source: Source, environ: Mapping[str, str], *, required: bool = True) -> RedisOptions | Problem | None:
    """How Redis is used; None where it is not. `required`: that its URL cannot be found is fatal."""
    try:
        state = State.model_validate(mapping(mapping(source.data).get("state", {})))
    except ValidationError:
        # Told of with the rest of the document.
        return None
    if state.store == "memory":
        return None
    if find_spec("hiredis") is None:
        message = "needs the package hiredis, which is not installed: pip install 'pointsman[redis]'"
        return source.problem(("state", "store"), message)
    if state.ca_file is not None and not Path(state.ca_file).is_file():
        message = f"there is no file {state.ca_file!r}; paths are relative to the working directory"
        return source.problem(("state", "ca_file"), message)
    assert state.url is not None
    try:
        address = parse_address(read_secret(state.url, environ), state.ca_file)
    except SecretMissing as missing:
        return source.problem(("state", "url"), f"{missing}; it says where Redis is", fatal=required)
    except ValueError as error:
        return source.problem(("state", "url"), f"what {state.url} holds {error}")
    return RedisOptions(address, state.prefix, state.timeout, WhenDown(state.when_down), state.share)
