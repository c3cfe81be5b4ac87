"""Opening a ledger, wherever it is, for the process that writes it."""

from __future__ import annotations

from pathlib import Path

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.database import Database
from pointsman.ledger.options import LedgerOptions
from pointsman.ledger.place import Place, Postgres
from pointsman.ledger.reading import MISSING
from pointsman.ledger.recording import DatabaseLedger
from pointsman.ledger.spool import Spool
from pointsman.ledger.sqlite import SqliteDatabase

_DEFAULTS = LedgerOptions()


async def open_ledger(place: Place, options: LedgerOptions = _DEFAULTS) -> DatabaseLedger:
    """Open or create it, migrating it. LedgerUnavailable where that fails or a newer release wrote it.

    A database that merely cannot be reached is opened later, and records go to the spool until then.

        ledger = await open_ledger(Path("pointsman.db"))
        await ledger.append(record)
        await ledger.aclose()
    """
    database = _database(place, options)
    spool = Spool.open(options.spool or _beside(place), _name(place), options.spool_bytes)
    return await DatabaseLedger.open(place, database, spool, options)


def _database(place: Place, options: LedgerOptions) -> Database:
    if not isinstance(place, Postgres):
        return SqliteDatabase(place, options.synchronous)
    try:
        from pointsman.ledger.postgres_database import PostgresDatabase
    except ImportError as error:
        raise LedgerUnavailable(MISSING) from error
    return PostgresDatabase(place)


def _beside(place: Place) -> Path:
    return Path("pointsman.spool") if isinstance(place, Postgres) else place.with_suffix(".spool")


def _name(place: Place) -> str:
    """The same for whoever writes there, from wherever."""
    return str(place) if isinstance(place, Postgres) else str(place.resolve())
