"""A policy whose import fails."""

raise ImportError("no module named what_nobody_has")
