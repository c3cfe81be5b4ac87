"""Names the task of a request from its text: a small local model, calibrated, that abstains where it is not sure."""

from pointsman_policies.classifier.policy import POINTSMAN_API, plugin

__all__ = ["POINTSMAN_API", "plugin"]
