"""Which targets are still worth trying, after what others of the same request have said."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.engine.exchange import Exchange
from pointsman.errors import ProviderError, Reason
from pointsman.model.plan import PlannedAttempt, Stage


class Prospects:
    """Learns from failures, and leaves out of a stage what would only fail the same way."""

    def __init__(self, exchange: Exchange) -> None:
        self.priced_out = False
        self._exchange = exchange
        # Providers that would refuse us, or this prompt, with every model.
        self._refusing: set[str] = set()
        self._too_narrow = 0

    def learn(self, target: str, error: ProviderError) -> None:
        """An attempt at `target` failed."""
        model = self._exchange.rules.catalogue.models[target]
        if error.provider_wide or error.elsewhere:
            self._refusing.add(model.provider)
        if error.reason is Reason.CONTEXT_TOO_LONG:
            self._too_narrow = max(self._too_narrow, model.context)

    def of(self, stage: Stage) -> Stage | None:
        """The stage without what is not worth trying; None where nothing is."""
        attempts = tuple([attempt for attempt in stage.attempts if self._worth(attempt)])
        if not attempts:
            return None
        return stage if len(attempts) == len(stage.attempts) else replace(stage, attempts=attempts)

    def _worth(self, planned: PlannedAttempt) -> bool:
        model = self._exchange.rules.catalogue.models[planned.target]
        if model.provider in self._refusing or model.context <= self._too_narrow:
            return False
        if self._affordable(planned):
            return True
        self.priced_out = True
        return False

    def _affordable(self, planned: PlannedAttempt) -> bool:
        """Does the caller's cost limit leave room for this, after what other attempts already cost?"""
        exchange = self._exchange
        limit = exchange.request.hints.max_cost_nano_usd
        if limit is None or not exchange.attempts:
            return True
        spent = sum(attempt.cost_nano_usd for attempt in exchange.attempts)
        return spent + exchange.shaped(planned.target).estimate.worst_case_nano_usd <= limit
