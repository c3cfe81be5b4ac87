"""What one pass of deciding works on: its arguments, and what it collects on the way."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from pointsman.chain.calling import UNWATCHED, Consultation, Memory, Watch
from pointsman.chain.loading import Chain
from pointsman.engine.rules import Rules
from pointsman.engine.vetoes import Vetoes
from pointsman.model.catalogue import Catalogue
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot


class Deliberation(Struct, frozen=True):
    """`chain` is the rules' own, or the one with the shadow entries."""

    request: Request
    snapshot: Snapshot
    rules: Rules
    chain: Chain
    asking: Consultation
    vetoes: Vetoes = msgspec.field(default_factory=Vetoes)

    @property
    def catalogue(self) -> Catalogue:
        return self.rules.catalogue


def deliberate(
    request: Request,
    snapshot: Snapshot,
    rules: Rules,
    chain: Chain | None = None,
    *,
    watch: Watch = UNWATCHED,
    memory: Memory | None = None,
) -> Deliberation:
    """A fresh pass, over the rules' own chain unless another is given."""
    asking = Consultation(snapshot.quarantined, watch, rules.unheard(request.tenant), memory)
    return Deliberation(request, snapshot, rules, chain or rules.chain, asking)
