"""Pre-notices, requests for recusal and photos of cases: emptied by rule, and by nothing else
(3.6, L19, L63, B14), on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from models.case import Case
from models.case_photos import CasePhoto
from models.event import Event
from models.holds import place_hold
from models.owner_requests import receive_request
from models.penalty import PreNotice
from models.policy import load_policy
from models.recusal import RecusalRequest
from models.retention import answer_deletion
from models.retention_log import FileRemoval
from models.store import Store
from tests.pipeline.archive import Archive
from tests.rows import NOON

SAID = "陈警官是我的邻居，电话13812345678"
FACTS = "浙A12**5在延安路停放"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'q.db'}" if is_file else request.getfixturevalue("postgres_url")
    store = Store(url)
    store.migrate()
    yield Archive(store, tmp_path)
    store.dispose()


def papers(archive: Archive, event_id: int) -> None:
    """A pre-notice that was delivered, a request for recusal that was refused."""
    with archive.store.begin() as session:
        by = archive.officer.id
        session.add(
            PreNotice(
                event_id=event_id, version=1, number="先告7号", sanction="WARNING",
                degree="ORDINARY", severity=11, content="拟给予警告", facts=FACTS, reasons="占道",
                basis="第五十六条", rights="陈述", remedies="复议", written_by=by, written_at=NOON,
                delivered_at=NOON, delivered_how="post", delivered_by=by, received_by="party",
                proof="EMS 7",
            )
        )  # fmt: skip
        session.add(
            RecusalRequest(
                event_id=event_id, text=SAID, received_at=NOON, status="refused", answer="不同意",
                answered_at=NOON, answered_by=by,
            )
        )  # fmt: skip


def words(archive: Archive) -> tuple[set[str], set[str]]:
    """What is left of the words of both papers."""
    with archive.store.read() as session:
        sheet = session.query(PreNotice).one()
        request = session.query(RecusalRequest).one()
        return (
            {sheet.content, sheet.facts, sheet.reasons, sheet.waiver},
            {request.text, request.answer},
        )


def escalated(archive: Archive) -> int:
    """As two officers left it; its case was closed today."""
    event_id = archive.event("REMOVED_BY_TOW")
    archive.case(event_id, closed_at=archive.clock.now())
    papers(archive, event_id)
    return event_id


def test_l19_the_words_of_papers_go_with_their_event(archive: Archive) -> None:
    """Two years after the case was closed, with a line each in the purge log; what was proposed,
    its number and its delivery stay (L13)."""
    escalated(archive)
    archive.days_later(730)
    archive.retention.run(actor="test")
    assert FACTS in words(archive)[0]
    archive.days_later(1)
    archive.retention.run(actor="test")
    assert words(archive) == ({"(deleted)", ""}, {"(deleted)"})
    logged = [(r.rule, r.what, r.count, r.keep_days) for r in archive.log("cases")]
    assert ("cases", "pre_notice", 1, 730) in logged
    assert ("cases", "recusal_request", 1, 730) in logged
    with archive.store.read() as session:
        sheet = session.query(PreNotice).one()
    assert (sheet.number, sheet.sanction, sheet.delivered_at) == ("先告7号", "WARNING", NOON)
    assert archive.chain().problems == ()


REFUSED = [
    "UPDATE pre_notice SET facts = '(deleted)'",
    "UPDATE pre_notice SET number = '8'",
    "UPDATE recusal_request SET text = '(deleted)'",
    "UPDATE recusal_request SET status = 'open'",
    "DELETE FROM pre_notice",
    "DELETE FROM recusal_request",
]


def test_b14_papers_are_emptied_by_a_purge_only(archive: Archive) -> None:
    """Neither before one nor after it, and nothing but its words."""
    escalated(archive)
    for _ in range(2):
        for statement in REFUSED:
            with pytest.raises(IntegrityError), archive.store.begin() as session:
                session.execute(text(statement))
        archive.days_later(731)
        archive.retention.run(actor="test")
    assert words(archive)[1] == {"(deleted)"}


def test_b14_an_open_request_keeps_its_words_too(archive: Archive) -> None:
    """What the party asked is nobody's to rewrite while it waits for an answer."""
    event_id = escalated(archive)
    with archive.store.begin() as session:
        session.add(RecusalRequest(event_id=event_id, text=SAID, received_at=NOON))
    for change in ("text = '别的'", "text = '(deleted)'"):
        with pytest.raises(IntegrityError), archive.store.begin() as session:
            session.execute(text(f"UPDATE recusal_request SET {change} WHERE status = 'open'"))
    with archive.store.begin() as session:
        session.execute(text("UPDATE recusal_request SET status = 'granted' WHERE status = 'open'"))


def test_w53_what_an_owner_has_deleted_takes_the_papers_with_it(archive: Archive) -> None:
    """At once, not with the next daily run."""
    event_id = archive.event("VOIDED")
    papers(archive, event_id)
    with archive.store.begin() as session:
        session.execute(text("UPDATE event SET ended_at = :t"), {"t": NOON.replace(year=2025)})
    with archive.store.begin() as session:
        event = session.get_one(Event, event_id)
        asked = receive_request(session, event, "deletion", "", at=NOON)
        answer_deletion(
            session, asked, session.merge(archive.officer), policy=load_policy(session), at=NOON
        )
    assert words(archive)[0] == {"(deleted)", ""}


def photo(archive: Archive, case_id: int, data: bytes, kind: str = "BEFORE") -> Path:
    """A photo of a case, as a patrol sent it; gives its file."""
    key = archive.files.put(data, "jpg")
    with archive.store.begin() as session:
        session.add(
            CasePhoto(
                case_id=case_id, kind=kind, storage_key=key, sha256="a" * 64, size_bytes=len(data),
                taken_at=NOON, taken_by=archive.officer.id,
            )
        )  # fmt: skip
    return archive.files.path(key)


def case(archive: Archive, number: str, event_id: int | None = None) -> int:
    with archive.store.begin() as session:
        row = Case(case_no=number, event_id=event_id, opened_at=NOON, closed_at=NOON)
        session.add(row)
        session.flush()
        return row.id


def test_l19_photos_of_a_case_go_two_years_after_it_was_closed(archive: Archive) -> None:
    """The file goes; that there was one, and its hash, stays as a tombstone would."""
    file = photo(archive, case(archive, "HZC-1"), b"before")
    archive.days_later(730)
    archive.retention.run(actor="test")
    assert file.is_file()
    archive.days_later(1)
    assert ("cases", "case_photo", 1) in [
        (one.rule, one.what, one.count) for one in archive.retention.preview()
    ]
    archive.retention.run(actor="test")
    assert not file.exists()
    with archive.store.read() as session:
        left = session.query(CasePhoto).one()
        assert (left.storage_key, left.sha256) == ("", "a" * 64)
        assert session.query(FileRemoval).count() == 0
    assert [(r.what, r.count) for r in archive.log("cases")] == [("case_photo", 1)]
    assert archive.retention.preview() == []


def test_l63_photos_of_a_case_that_runs_or_is_held_stay(archive: Archive) -> None:
    event_id = archive.event("REMOVED_BY_TOW")
    held = photo(archive, case(archive, "HZC-1", event_id), b"held")
    running = case(archive, "HZC-2")
    open_ = photo(archive, running, b"open")
    with archive.store.begin() as session:
        session.get_one(Case, running).closed_at = None
        place_hold(
            session, session.get_one(Event, event_id), session.merge(archive.officer),
            reason="复议", document="2026-7", at=NOON,
        )  # fmt: skip
    archive.days_later(2000)
    archive.retention.run(actor="test")
    assert held.is_file()
    assert open_.is_file()


def test_l63_bytes_that_a_photo_of_a_case_still_needs_stay(archive: Archive) -> None:
    """The same picture as evidence of an event that is forgotten first."""
    archive.event(kinds=("E1",))
    with archive.store.read() as session:
        data = archive.files.get(archive.keys(session.query(Event).one().id)[0])
    file = photo(archive, case(archive, "HZC-1"), data)
    archive.days_later(31)
    archive.retention.run(actor="test")
    assert file.is_file()
