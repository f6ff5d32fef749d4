"""The store: one transaction, committed once; lost databases; the schema and its triggers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.audit_log import record
from models.camera import Camera
from models.errors import BadInput, Unavailable, WrongSecret
from models.event import Event, EventState, TransitionLog
from models.migrations.revise import revise
from models.notice import DeliveryReceipt
from models.people import Decision, DecisionKind, Role
from models.store import Store
from models.tables import metadata
from models.triggers import install_triggers, rules
from tests import rows
from tests.postgres import Cluster
from tests.rows import NOON


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The same tests on SQLite in memory, on a migrated SQLite file and on PostgreSQL."""
    if request.param == "memory":
        made = Store.memory()
    elif request.param == "file":
        made = Store(f"sqlite:///{tmp_path / 'qifen.db'}")
        made.migrate()
    else:
        made = Store(request.getfixturevalue("postgres_url"))
        made.migrate()
    yield made
    made.dispose()


def test_begin_commits_once_and_whole(store: Store) -> None:
    """What was written in one transaction is there afterwards, and still readable here."""
    with store.begin() as session:
        camera = rows.camera(session, name="one")
    assert camera.name == "one"
    with store.read() as session:
        found = session.scalars(select(Camera)).one()
    assert found.created_at == NOON
    assert found.stream_url == "rtsp://user:secret@127.0.0.1:554/1"


def test_an_exception_leaves_nothing_behind(store: Store) -> None:
    """All or nothing, whatever the exception."""
    with pytest.raises(KeyError), store.begin() as session:
        rows.camera(session)
        raise KeyError("stop")
    with store.read() as session:
        assert session.scalars(select(Camera)).all() == []


def test_a_wrong_try_is_kept_although_it_is_refused(store: Store) -> None:
    """`keeps_writes`: else ten wrong codes could never be counted."""
    with pytest.raises(WrongSecret), store.begin() as session:
        rows.camera(session)
        raise WrongSecret("no")
    with store.read() as session:
        assert len(session.scalars(select(Camera)).all()) == 1


def test_read_cannot_write(store: Store) -> None:
    """A page that only shows must not be able to change anything, and the next writer can."""
    with pytest.raises(RuntimeError, match="only reads"), store.read() as session:
        rows.camera(session)
    with pytest.raises(DBAPIError if store.is_postgres else Unavailable), store.read() as session:
        session.execute(text("UPDATE camera SET place = ''"))
    with store.begin() as session:
        rows.camera(session)


def test_writers_of_many_threads_take_turns(store: Store) -> None:
    """Twenty threads add one each to one number; none is lost, none fails."""
    with store.begin() as session:
        camera_id = rows.camera(session).id
    errors: list[BaseException] = []

    def add_one() -> None:
        try:
            with store.begin() as session:
                camera = session.scalars(
                    select(Camera).where(Camera.id == camera_id).with_for_update()
                ).one()
                camera.reconnects += 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=add_one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with store.read() as session:
        assert session.scalars(select(Camera.reconnects)).one() == 20


APPEND_ONLY_CASES = [
    ("audit_entry", "UPDATE audit_entry SET actor = 'me'", "DELETE FROM audit_entry"),
    ("zone_version", "UPDATE zone_version SET phase = 'live'", "DELETE FROM zone_version"),
    ("transition_log", "UPDATE transition_log SET reason = 'x'", "DELETE FROM transition_log"),
    (
        "delivery_receipt",
        "UPDATE delivery_receipt SET status = 'delivered'",
        "DELETE FROM delivery_receipt",
    ),
    ("event", None, "DELETE FROM event"),
]


@pytest.mark.parametrize(("table", "update", "delete"), APPEND_ONLY_CASES)
def test_the_record_cannot_be_rewritten(
    store: Store, table: str, update: str | None, delete: str
) -> None:
    """L13: neither by us nor by anybody with a database client."""
    _one_of_each(store)
    for statement in filter(None, (update, delete)):
        with pytest.raises(IntegrityError, match=r"append-only|not deleted"):
            _execute(store, statement)


def _execute(store: Store, statement: str) -> None:
    with store.begin() as session:
        session.execute(text(statement))


def _one_of_each(store: Store) -> int:
    with store.begin() as session:
        event = rows.event(session)
        session.add(
            TransitionLog(
                subject_id=event.id, transition="A3", from_state=None, to_state="FLAGGED",
                trigger="dwell", version=1, actor_kind="SYSTEM", at=NOON, command_id="c1",
            )
        )  # fmt: skip
        session.add(
            DeliveryReceipt(provider="local", provider_id="m1", status="sent", received_at=NOON)
        )
        return event.id


def test_a_receipt_may_be_counted_later(store: Store) -> None:
    """Only what the provider said is kept as it was."""
    _one_of_each(store)
    with store.begin() as session:
        session.scalars(select(DeliveryReceipt)).one().counted = True
    with store.read() as session:
        assert session.scalars(select(DeliveryReceipt)).one().counted


def _decide(store: Store, event_id: int, *usernames: str) -> None:
    with store.begin() as session:
        for name in usernames:
            officer = rows.user(session, name, Role.OFFICER, password=None)
            session.add(
                Decision(
                    event_id=event_id, officer_id=officer.id, kind=DecisionKind.ESCALATE,
                    is_true=True, is_clear=True, is_complete=True, is_accurate=True,
                    obstruction=True, licence_no="1", decided_at=NOON,
                )
            )  # fmt: skip


def _set_state(store: Store, event_id: int, state: EventState) -> None:
    with store.begin() as session:
        event = session.get(Event, event_id)
        assert event is not None
        event.state = state


@pytest.mark.parametrize(
    ("officers", "allowed"), [((), False), (("li",), False), (("li", "wang"), True)]
)
def test_l08_only_two_officers_escalate(
    store: Store, officers: tuple[str, ...], allowed: bool
) -> None:
    """The database itself refuses what the flow would never ask for."""
    event_id = _one_of_each(store)
    _decide(store, event_id, *officers)
    if allowed:
        _set_state(store, event_id, EventState.ESCALATED)
    else:
        with pytest.raises(IntegrityError, match="two officers"):
            _set_state(store, event_id, EventState.ESCALATED)


def test_l04_who_left_in_time_is_never_escalated(store: Store) -> None:
    """Not even through another state, and not with two officers."""
    event_id = _one_of_each(store)
    _decide(store, event_id, "li", "wang")
    _set_state(store, event_id, EventState.LEFT_IN_TIME)
    with pytest.raises(IntegrityError, match="LEFT_IN_TIME"):
        _set_state(store, event_id, EventState.ESCALATED)
    with store.begin() as session:
        session.add(
            TransitionLog(
                subject_id=event_id, transition="A14", from_state="GRACE",
                to_state="LEFT_IN_TIME", trigger="absent", version=2, actor_kind="SYSTEM",
                at=NOON, command_id="c2",
            )
        )  # fmt: skip
    _set_state(store, event_id, EventState.REVIEW_PENDING)
    with pytest.raises(IntegrityError, match="LEFT_IN_TIME"):
        _set_state(store, event_id, EventState.ESCALATED)


def test_an_event_is_not_born_escalated(store: Store) -> None:
    with pytest.raises(IntegrityError, match="two officers"), store.begin() as session:
        rows.event(session, state=EventState.ESCALATED)


def test_one_open_event_a_plate_and_area(store: Store) -> None:
    """Invariant 3 is a unique column."""
    with pytest.raises(IntegrityError), store.begin() as session:
        rows.event(session, open_plate_key="1:浙A12345")
        rows.event(session, open_plate_key="1:浙A12345")


def _migrated(url: str) -> Store:
    store = Store(url)
    store.migrate()
    store.migrate()  # a second time changes nothing
    return store


def _differences(store: Store) -> list[object]:
    with store.connection() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))


def test_migrated_schema_is_the_models_on_sqlite(tmp_path: Path) -> None:
    """Also the triggers: those of a migrated file are those of `Store.memory()`."""
    migrated = _migrated(f"sqlite:///{tmp_path / 'qifen.db'}")
    assert _differences(migrated) == []
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    found = []
    for store in (migrated, Store.memory()):
        with store.read() as session:
            found.append(session.execute(text(query)).all())
        store.dispose()
    assert found[0] == found[1]
    assert [name for name, _ in found[0]] == sorted(rule.name for rule in rules())


@pytest.mark.postgres
def test_migrated_schema_is_the_models_on_postgres(postgres_url: str) -> None:
    migrated = _migrated(postgres_url)
    assert _differences(migrated) == []
    with migrated.read() as session:
        names = session.scalars(
            text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname")
        ).all()
    assert sorted(names) == sorted(rule.name for rule in rules())
    migrated.dispose()


def test_triggers_wait_for_their_tables() -> None:
    """A first revision must not trip over a table that only a later one makes."""
    empty = Store("sqlite://")
    with empty.connection() as connection:
        install_triggers(connection)
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        assert connection.execute(text(query)).all() == []
    empty.dispose()


def test_the_models_need_no_new_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer runs for the next revision finds nothing to write today."""
    versions = tmp_path / "versions"
    source = Path(revise.__code__.co_filename).parent
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_text((source / name).read_text())
    versions = folder / "versions"
    versions.mkdir()
    for script in (source / "versions").glob("0*.py"):
        (versions / script.name).write_text(script.read_text())
    monkeypatch.setattr("models.migrations.upgrade.FOLDER", folder)
    written = revise("9999", "nothing").read_text()
    assert "create_table" not in written
    assert "install_triggers(op.get_bind())" in written


@pytest.mark.parametrize("url", ["", "no url", "mysql://host/name", "oracle://host/name"])
def test_an_unusable_url_is_refused_with_its_mend(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        Store(url)
    assert caught.value.field == "database_url"
    assert "sqlite:///" in caught.value.hint


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all/q.db", "postgresql://u@127.0.0.1:1/none"]
)
def test_a_database_that_is_away_is_unavailable(url: str) -> None:
    store = Store(url)
    with pytest.raises(Unavailable, match="not available"), store.begin() as session:
        session.execute(text("SELECT 1"))
    with pytest.raises(Unavailable):
        store.migrate()


@pytest.mark.postgres
def test_a_database_that_goes_away_and_comes_back(
    postgres_cluster: Cluster, postgres_url: str
) -> None:
    """Killed in the middle of a transaction: Unavailable; restarted: the same store works on,
    and nothing of the torn transaction is there."""
    store = Store(postgres_url)
    store.migrate()
    with pytest.raises(Unavailable), store.begin() as session:
        rows.camera(session)
        postgres_cluster.stop()
        rows.camera(session)
    with pytest.raises(Unavailable), store.read() as session:
        session.scalars(select(Camera)).all()
    postgres_cluster.start()
    with store.begin() as session:
        assert session.scalars(select(Camera)).all() == []
        rows.camera(session)
    store.dispose()


def test_a_busy_memory_store_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its one connection is taken: the second transaction does not wait for ever."""
    monkeypatch.setattr("models.store.BUSY_TIMEOUT_SECONDS", 0.05)
    store = Store.memory()
    with store.begin(), pytest.raises(Unavailable, match="another"), store.read():
        pass
    store.dispose()


def test_errors_do_not_carry_personal_data() -> None:
    """Plates and phones are parameters of statements; they must not reach a log."""
    store = Store.memory()
    with pytest.raises(IntegrityError) as caught, store.begin() as session:
        event = rows.event(session, plate="浙A88888")
        rows.event(session, plate="浙A88888", event_no=event.event_no)
    assert "浙A88888" not in str(caught.value)
    store.dispose()


def test_record_keeps_who_and_what() -> None:
    store = Store.memory()
    with store.begin() as session:
        entry = record(session, at=NOON, actor="li", action="look", details={"n": 1})
    assert (entry.actor, entry.action, entry.details) == ("li", "look", {"n": 1})
    store.dispose()
