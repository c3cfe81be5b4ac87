"""Asks a small model which task a request is, where nothing before it could tell."""

from pointsman_policies.llm_classifier.policy import POINTSMAN_API, plugin

__all__ = ["POINTSMAN_API", "plugin"]
