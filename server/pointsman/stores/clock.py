"""The machine's own clock."""

from __future__ import annotations

import time


class SystemClock:
    """Implements `ports.Clock`."""

    # As they are, without a call of ours around: a request asks some twenty times.
    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
