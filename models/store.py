"""The database: one place where transactions begin and end, on SQLite and on PostgreSQL alike.

The services in this room take a session and never commit; whoever calls them opens
`Store.begin()`, which commits once at its end or leaves nothing behind.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Pool, StaticPool, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from models.errors import BadInput, QifenError, Unavailable
from models.tables import metadata
from models.triggers import install_triggers

BUSY_TIMEOUT_SECONDS = 10
"""How long a writer waits for another one. Our transactions take milliseconds; ten seconds mean
that something hangs, and the caller should be told rather than wait for ever."""

_READ_ONLY = "qifen_read_only"
_MIGRATION_LOCK = 0x71_69_66_65_6E  # "qifen": only one process migrates at a time


class ReadOnlySession(Session):
    """Refuses to write before the database has to."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise RuntimeError("this session only reads: open Store.begin() to write")
        super().flush(objects)


class Store:
    """A database by its URL: `sqlite:///path/qifen.db` or `postgresql://user@host/name`.

    SQLite runs in WAL mode with foreign keys on and full synchronisation (a text that was sent
    must not be forgotten in a power cut); its writers queue up at BEGIN IMMEDIATE. A database
    that cannot be reached surfaces as `Unavailable`, whatever the driver called it.
    """

    def __init__(self, url: str) -> None:
        self.url = _parse(url)
        self._turn: threading.Lock | None = None
        self._engine = _make_engine(self.url)
        self._reader = self._engine.execution_options(**{_READ_ONLY: True})
        if self.is_postgres:
            self._reader = self._reader.execution_options(postgresql_readonly=True)

    @classmethod
    def memory(cls) -> Store:
        """An empty database in memory with every table and trigger, for replay and tests.

        All threads share its one connection, so transactions take turns; one must not be opened
        inside another on the same thread.
        """
        store = cls("sqlite://")
        store._turn = threading.Lock()
        with store._engine.begin() as connection:
            metadata.create_all(connection)
            install_triggers(connection)
        return store

    @property
    def is_postgres(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    def begin(self) -> AbstractContextManager[Session]:
        """One transaction: committed once at the end, rolled back whole on any exception (but
        for those that say `keeps_writes`: a wrong try must be counted though it is refused).

        Raises Unavailable if the database is away, busy too long, or goes away on the way.
        """
        return self._session(self._engine, write=True)

    def read(self) -> AbstractContextManager[Session]:
        """A session that cannot write. What it loaded stays usable after it has ended."""
        return self._session(self._reader, write=False)

    @contextmanager
    def _session(self, engine: Engine, *, write: bool) -> Generator[Session]:
        with self._waiting_for_turn(), _lost_database_is_unavailable():
            make = Session if write else ReadOnlySession
            session = make(engine, expire_on_commit=False)
            try:
                yield session
                if write:
                    session.commit()
            except BaseException as error:
                if write and isinstance(error, QifenError) and error.keeps_writes:
                    session.commit()
                else:
                    session.rollback()
                raise
            finally:
                # After a read: close() gives the connection back without expiring what was read.
                session.close()

    @contextmanager
    def _waiting_for_turn(self) -> Generator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise Unavailable("another transaction holds the database in memory")
        try:
            yield
        finally:
            # A plain lock: a request may end on another thread than it began on.
            self._turn.release()

    def migrate(self) -> None:
        """Bring the schema to the newest revision (or make it, where the database is empty)."""
        # Alembic costs 0.1 s to import and is needed once, at start.
        from models.migrations.upgrade import upgrade_to_head  # noqa: PLC0415

        with self.connection() as connection:
            if self.is_postgres:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK}
                )
            upgrade_to_head(connection)

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """A bare connection in one transaction, for schema work."""
        with _lost_database_is_unavailable(), self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close every pooled connection; the store can be used again afterwards."""
        self._engine.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError:
        raise BadInput(
            "the database URL cannot be read",
            field="database_url",
            hint="write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
        ) from None
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed
    raise BadInput(
        f"{backend} is not supported as a database",
        field="database_url",
        hint="use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
    )


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_timeout=BUSY_TIMEOUT_SECONDS,
            connect_args={
                "connect_timeout": 5,
                # A server that vanished without a word is noticed within ten seconds.
                "tcp_user_timeout": 10_000,
                "options": f"-c lock_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
            },
        )
    in_memory = url.database in (None, "", ":memory:")
    pool: dict[str, type[Pool]] = {"poolclass": StaticPool} if in_memory else {}
    engine = create_engine(
        url,
        # Plates and phones are parameters: they must not get into errors and logs.
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS},
        **pool,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: BEGIN is ours (see _begin_sqlite).
    connection.isolation_level = None
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once, so that no reader has to be promoted half-way (which SQLite
    refuses without waiting). Readers see one snapshot and cannot write."""
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {int(read_only)}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def _lost_database_is_unavailable() -> Generator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise _unavailable() from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _unavailable() from error
        raise


def _unavailable() -> Unavailable:
    return Unavailable(
        "the database is not available",
        hint="check that it runs and can be reached, and that its disk is not full; then try again",
    )
