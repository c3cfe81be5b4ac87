from __future__ import annotations

import pytest
from tests.contract.stores.clocks import HeldClock
from tests.contract.stores.suite import StateStoreContract

from pointsman.ports import StateStore
from pointsman.stores.memory import MemoryStore


class TestMemoryStore(StateStoreContract):
    @pytest.fixture
    def store(self, clock: HeldClock) -> StateStore:
        return MemoryStore(clock)
