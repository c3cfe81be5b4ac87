"""Asking the ledger about a scope: one state of it, statements that SQLite and PostgreSQL both understand."""

from __future__ import annotations

from typing import Any

from pointsman.ledger.figures import Period, Scope
from pointsman.ledger.reading import Found, Reader

# Statements are put together of constants of these modules and of numbers, what comes from outside is always bound:
# hence each S608.


class Query:
    """Questions about the decisions `d` of a scope, in a period."""

    def __init__(self, reader: Reader, scope: Scope, period: Period) -> None:
        self._reader, self._scope = reader, scope
        named = {"tenant": scope.tenant, "task": scope.task, "feature": scope.feature}
        wanted = {name: value for name, value in named.items() if value is not None}
        self._bound = {"since": period.since, "until": period.until, **wanted}
        # Route decides and runs nothing: it would count as requests that no model served. What policies asked models
        # for it is money all the same.
        self.asked = " AND ".join(
            ["d.received >= :since AND d.received < :until", *[f"d.{name} = :{name}" for name in wanted]]
        )
        self.run = f"{self.asked} AND d.method <> 'Route'"

    def over(self, period: Period) -> Query:
        """The same scope in another period."""
        return Query(self._reader, self._scope, period)

    # The columns are as different as the questions.
    def rows(self, sql: str, limit: int = 0) -> Found:
        """`limit` is bound as `:limit`."""
        return self._reader.execute(sql, {**self._bound, "limit": limit})

    def row(self, sql: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self.rows(sql).fetchone()
        return found
