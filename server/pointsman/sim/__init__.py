"""A provider simulator: the wires of providers over real HTTP, with answers, latency and faults on demand."""

from pointsman.sim.calls import CallRecord
from pointsman.sim.faults import FAULTS
from pointsman.sim.server import create_app, serve
from pointsman.sim.settings import ModelSettings, SimSettings

__all__ = ["FAULTS", "CallRecord", "ModelSettings", "SimSettings", "create_app", "serve"]
