"""The kit for plugin authors, over the policies that they may take as their model."""

from __future__ import annotations

from pointsman import Hints, ModelOverride
from pointsman.testing import PolicyContract, make_request
from pointsman.testing.samples import REQUESTS
from pointsman_policies import feasibility, limits, override, routing, tags

TOO_MUCH = {"context_share": {"context_share": 1.5}}


class TestOverride(PolicyContract):
    plugin = override.plugin
    use = "override"
    requests = (
        *REQUESTS,
        make_request(hints=Hints(model_override=ModelOverride(model="claude", strict=True))),
        make_request(hints=Hints(model_override=ModelOverride(provider="google"))),
    )


class TestTags(PolicyContract):
    plugin = tags.plugin
    use = "tags"


class TestLimits(PolicyContract):
    plugin = limits.plugin
    use = "limits"
    requests = (*REQUESTS, make_request(hints=Hints(exclude_providers=("openai",), allowed_regions=("us",))))


class TestFeasibility(PolicyContract):
    plugin = feasibility.plugin
    use = "feasibility"
    mistakes = TOO_MUCH


class TestRouting(PolicyContract):
    plugin = routing.plugin
    use = "routing"
    beside = (tags.plugin,)
