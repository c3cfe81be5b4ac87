"""`ledger`: where requests are recorded, for how long, and what happens while that place is away."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from pointsman.config.scalars import DAY, Duration, LongDuration, SecretReference
from pointsman.config.schema.section import Section
from pointsman.ledger.place import Postgres, place_of

_BUDGETS_READ = 32 * DAY


class Spool(Section):
    """Files that records go to while the database is slow, full or down, until they can be replayed."""

    path: str | None = Field(
        default=None,
        min_length=1,
        description="A directory, on another file system than the database if that may fill up. Unset: beside the "
        "SQLite file, for PostgreSQL `pointsman.spool` in the working directory.",
    )
    max_bytes: int = Field(
        default=256 * 1024 * 1024,
        ge=1024 * 1024,
        description="Of each process; above it: LEDGER_UNAVAILABLE.",
    )
    after: Duration = Field(
        default="1s",
        gt=0,
        le=9,
        validate_default=True,
        description="How long a commit may take till then.",
    )


class Keep(Section):
    """How long records are kept, from when a request was received. Unset: for ever."""

    text: LongDuration | None = Field(
        default=None, ge=0, description="Prompts, where `prompts` keeps them; they are blanked then, the rest stays."
    )
    records: LongDuration | None = Field(
        default=None, description="All of it; at least 32 days, since budgets are rebuilt from a month of records."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.records is not None and self.records < _BUDGETS_READ:
            raise ValueError("records must be kept for at least 32 days: budgets are rebuilt from a month of them")
        if self.text is not None and self.records is not None and self.text > self.records:
            raise ValueError("text cannot be kept longer than records; lower text or raise records")
        return self


class Ledger(Section):
    """What is recorded of each request, and where."""

    path: str = Field(default="pointsman.db", min_length=1, description="SQLite file, from the working directory.")
    url: SecretReference | None = Field(
        default=None, description="Instead of `path`: a reference to a `postgresql://` URL, such as `${DATABASE_URL}`."
    )
    prompts: Literal["none", "text"] = Field(
        default="none", description="`text` keeps prompts; `none` keeps a hash. Answers are never kept."
    )
    synchronous: Literal["normal", "full"] = Field(
        default="normal", description="Of SQLite: `full` survives a power cut too, with an fsync per commit."
    )
    spool: Spool = Field(default_factory=Spool, description="While the database is away.")
    keep: Keep = Field(default_factory=Keep, description="How long.")

    @field_validator("path")
    @classmethod
    def _a_file(cls, value: str) -> str:
        if isinstance(place_of(value), Postgres):
            raise ValueError("is a file, not a URL; give that as `url`, by a reference such as ${DATABASE_URL}")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.url is not None:
            for name in ("path", "synchronous"):
                if name in self.model_fields_set:
                    raise ValueError(f"{name} is for SQLite and url for PostgreSQL: leave one of them out")
        return self
