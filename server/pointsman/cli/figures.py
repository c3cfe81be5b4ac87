"""Numbers as people read them: dollars, times, shares and bars."""

from __future__ import annotations

from collections.abc import Sequence

_NANO = 1_000_000_000
_BAR = 24
_BLOCKS = "▁▂▃▄▅▆▇█"


def counted(number: int, thing: str) -> str:
    """`1 request`, `1,200 requests`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def usd(nano_usd: int) -> str:
    """`$0.000123`, `$1,234.50`; what is less than a millionth says so."""
    if 0 < abs(nano_usd) < 1_000:
        return "<$0.000001"
    amount = nano_usd / _NANO
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    return f"{sign}${size:,.2f}" if size >= 1 or not size else f"{sign}${size:.6f}"


def seconds(value: float | None) -> str:
    """`85 ms`, `1.25 s`; a dash for None."""
    if value is None:
        return "-"
    return f"{value * 1000:.0f} ms" if value < 0.9995 else f"{value:,.2f} s"


def span(value: float) -> str:
    """How long until something: `45 s`, `12 min`, `23 h 10 min`, `6 d 4 h`."""
    minutes = round(value / 60)
    if value < 60:
        return f"{value:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def micros(value: float | None) -> str:
    """Microseconds; a dash for None."""
    return "-" if value is None else f"{value:,.0f} µs"


def percent(share: float) -> str:
    return f"{share:.1%}"


def bar(share: float, width: int = _BAR) -> str:
    """A share of 0..1 as a bar; anything above nothing shows."""
    if share <= 0:
        return ""
    return "█" * max(1, round(min(share, 1.0) * width))


def sparkline(values: Sequence[float]) -> str:
    """Values from 0 upwards as a line of blocks, the largest full; a zero is the lowest one."""
    most = max(values, default=0)
    return "".join([_BLOCKS[round(value / most * (len(_BLOCKS) - 1)) if most else 0] for value in values])
