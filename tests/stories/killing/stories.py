"""The stories that are killed at each step: two of each kind of outcome, every flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import case_work, crowd_acts, place_acts, place_registry, review, statements
from models.camera import Camera
from models.case import Case
from models.case_work import CaseOrder
from models.chain import add_evidence
from models.errors import NotFound
from models.event import Event
from models.evidence import EvidenceKind
from models.people import DecisionKind, Role, Statement, User
from models.place import FormalOrder, ResponderCall
from models.policy import load_policy, save_policy
from tests import rows
from tests.models.city import ALL_TICKS
from tests.models.street import BASIS, DOOR, ORDER
from tests.rows import NOON
from tests.stories.killing import eyes
from tests.stories.killing.life import Act, Life, Story

STAFF = {
    "wang": (Role.OFFICER,), "li": (Role.OFFICER,), "chen": (Role.DISPATCHER,),
    "sun": (Role.CREW,), "zhou": (Role.PATROL,),
}  # fmt: skip
POLICY: Mapping[str, Any] = {
    "absent_confirm_seconds": 8.0, "recheck_delay_seconds": 2.0, "recheck_window_seconds": 60.0,
    "gap_warning_seconds": 20.0, "sms_apart_seconds": 0.0, "place_absent_seconds": 20.0,
    "order_least_seconds": 30, "crowd_watch_seconds": 8.0, "crowd_calm_seconds": 12.0,
    "crowd_answer_seconds": 10.0, "crowd_no_responder_seconds": 40.0,
}  # fmt: skip
ALWAYS = {
    "name": eyes.ZONE, "polygon": rows.SQUARE, "phase": "live", "confirm_mode": "auto",
    "place": "延安路人行道", "legal_basis": BASIS, "grace_seconds": 30, "dwell_seconds": 8,
}  # fmt: skip


def furnish(session: Session, story: Story) -> None:
    """Camera, zone, staff and policy; then what the story itself needs."""
    camera = rows.camera(session)
    save_policy(session, {**POLICY, **story.policy}, at=NOON, actor="test")
    rows.zone(session, camera, **story.zone)
    for name, roles in STAFF.items():
        rows.user(session, name, *roles, password=None)
    if story.furnish is not None:
        story.furnish(session)


# A car


def _event(session: Session) -> Event:
    """The event that people work on: the first one of the story."""
    return session.scalars(select(Event).order_by(Event.id)).first() or _none("event")


def _none(what: str) -> Any:
    raise NotFound(f"no {what} yet")


def _signs(name: str) -> Callable[[Life], None]:
    def do(life: Life) -> None:
        with life.store.begin() as session:
            event, user = _event(session), life.user(session, name)
            review.decide(session, event, user, ALL_TICKS, **life.order(session, f"sign {name}"))

    return do


def _speaks(life: Life) -> None:
    """The owner's page shows a statement that was kept, so nobody writes it twice."""
    with life.store.begin() as session:
        event = _event(session)
        if session.scalars(select(Statement)).first() is None:
            policy = load_policy(session)
            statements.receive(session, event, "在送货", at=life.clock.now(), policy=policy)


def _answers(life: Life) -> None:
    with life.store.begin() as session:
        said = session.scalars(select(Statement)).first() or _none("statement")
        if said.answered_at is None:
            order = life.order(session, "answer")
            statements.answer(
                session, said, life.user(session, "wang"), upheld=False, text="核实如下", **order
            )


CAR = ALWAYS | {"kind": "parking"}
CAR_STAYS = Story(
    "a car stays", CAR, lasts=100, there=lambda s: s < 96,
    acts=(
        Act(24, "speaks", _speaks), Act(60, "answers", _answers),
        Act(72, "wang signs", _signs("wang")), Act(76, "li signs", _signs("li")),
    ),
)  # fmt: skip
CAR_LEAVES = Story("a car leaves", CAR, lasts=60, there=lambda s: s < 28)
CAR_CALLED = Story(
    "a car is called", CAR, lasts=68, there=lambda s: s < 44, receipt_seconds=None,
    policy={"voice_call": True, "dlr_timeout_seconds": 12.0},
)  # fmt: skip
"""No text arrives: the owner is called and leaves before the patrol is there (A13)."""

# A thing before a door


def _shop(session: Session) -> None:
    values = {"name": "知味小吃", "address": "延安路88号", "phone": "+8613800000000"}
    party = place_registry.add_party(session, values, at=NOON, actor="test")
    place_registry.add_agreement(
        session, party, session.scalars(select(Camera)).one(), authorises_texts=True, at=NOON,
        polygon=DOOR, document="门前三包2026-88", signed_on=date(2026, 1, 1),
    )  # fmt: skip


def _confirms(life: Life) -> None:
    with life.store.begin() as session:
        user = life.user(session, "wang")
        place_acts.confirm_place(session, _event(session), user, **life.order(session, "confirm"))


def _drafts(life: Life) -> None:
    """Whoever drafted an order sees it on the page."""
    with life.store.begin() as session:
        event, user = _event(session), life.user(session, "wang")
        if session.scalars(select(FormalOrder)).first() is None:
            policy = load_policy(session)
            short = ORDER.__class__(ORDER.order_no, ORDER.text, ORDER.legal_basis, 30)
            place_acts.draft_order(session, event, user, short, policy=policy, at=life.clock.now())


def _serves(life: Life) -> None:
    with life.store.begin() as session:
        place_acts.serve_order(
            session, _event(session), life.user(session, "li"), served_how="in_person",
            served_at=life.clock.now(), **life.order(session, "serve"),
        )  # fmt: skip


def _photographs(life: Life) -> None:
    """On the spot, once the order has expired; a picture that was filed is not taken again."""
    with life.store.begin() as session:
        event = _event(session)
        order = session.scalars(select(FormalOrder)).first()
        if order is None or order.expired_at is None:
            _none("expired order")
        data = life.clock.now().isoformat().encode()
        key = life.services.evidence.put(data, "jpg")
        add_evidence(
            session, event=event, camera=event.camera, kind=EvidenceKind.ON_SITE,
            media_type="image/jpeg", data=data, storage_key=key, captured_at=life.clock.now(),
        )  # fmt: skip


def _rejects(life: Life) -> None:
    with life.store.begin() as session:
        word = review.DecisionInput(DecisionKind.REJECT, reason_code=review.RejectReason.MINOR)
        order = life.order(session, "reject")
        review.decide(session, _event(session), life.user(session, "wang"), word, **order)


def _escalates(name: str) -> Callable[[Life], None]:
    def do(life: Life) -> None:
        with life.store.begin() as session:
            order = life.order(session, f"escalate {name}")
            user = life.user(session, name)
            place_acts.sign_escalation(session, _event(session), user, reason="到期未收", **order)

    return do


HUNG = ALWAYS | {"kind": "hanging", "dwell_seconds": 12}
POSTED = ALWAYS | {"kind": "poster", "dwell_seconds": 12}
HUNG_STAYS = Story(
    "hung and ordered", HUNG, lasts=138, there=lambda s: s < 134, look_seconds=6, furnish=_shop,
    acts=(
        Act(72, "confirms", _confirms), Act(78, "drafts", _drafts), Act(84, "serves", _serves),
        Act(120, "photographs", _photographs), Act(126, "wang escalates", _escalates("wang")),
        Act(132, "li escalates", _escalates("li")),
    ),
)  # fmt: skip
HUNG_GOES = Story("taken down", HUNG, lasts=72, there=lambda s: s < 36, look_seconds=6,
                  furnish=_shop)  # fmt: skip
POSTER_STAYS = Story(
    "posted and rejected", POSTED, lasts=84, there=lambda s: s < 81, look_seconds=6, furnish=_shop,
    acts=(Act(72, "confirms", _confirms), Act(78, "rejects", _rejects)),
)  # fmt: skip
POSTER_OF_NOBODY = Story("nobody's poster", POSTED, lasts=72, there=lambda s: s < 36,
                         look_seconds=6)  # fmt: skip

# A crowd


def _responders(session: Session) -> None:
    for kind in ("police_station", "cadre", "volunteer"):
        values = {"name": f"{kind} 1", "kind": kind}
        place_registry.add_responder(session, values, at=NOON, actor="test")


def _call(session: Session) -> ResponderCall:
    """The second one who was called; the first never answers."""
    calls = session.scalars(select(ResponderCall).order_by(ResponderCall.id)).all()
    return calls[1] if len(calls) > 1 else _none("second call")


def _accepts(life: Life) -> None:
    with life.store.begin() as session:
        crowd_acts.answer_call(
            session, _event(session), life.user(session, "wang"), _call(session).responder_id,
            accepted=True, policy=load_policy(session), at=life.clock.now(),
        )  # fmt: skip


def _arrives(life: Life) -> None:
    with life.store.begin() as session:
        crowd_acts.arrive(
            session, _event(session), life.user(session, "wang"), _call(session).responder_id,
            **life.order(session, "arrive"),
        )  # fmt: skip


def _reports(life: Life) -> None:
    with life.store.begin() as session:
        crowd_acts.report(
            session, _event(session), life.user(session, "wang"), _call(session).responder_id,
            text="人员正在疏散", policy=load_policy(session), at=life.clock.now(),
        )  # fmt: skip


SQUARE = {
    key: value for key, value in ALWAYS.items() if key != "grace_seconds"
} | {"kind": "crowd", "dwell_seconds": 12, "threshold": 60}  # fmt: skip
CROWD_GOES = Story(
    "a crowd goes home", SQUARE, lasts=72, people=lambda s: 80 if s < 44 else 20,
    acts=(Act(32, "accepts", _accepts), Act(36, "arrives", _arrives), Act(48, "reports", _reports)),
    furnish=_responders,
)  # fmt: skip
CROWD_ALONE = Story("nobody comes", SQUARE, lasts=64, people=lambda _: 80, furnish=_responders)

# A case


def _step(name: str, trigger: str, **said: Any) -> Callable[[Life], None]:
    def do(life: Life) -> None:
        with life.store.begin() as session:
            order = _case_order(life, session, name, trigger)
            case_work.act(session, _case(session), trigger, order, **said)

    return do


def _case(session: Session) -> Case:
    return session.scalars(select(Case).order_by(Case.id)).first() or _none("case")


def _case_order(life: Life, session: Session, name: str, what: str) -> CaseOrder:
    user: User = life.user(session, name)
    return CaseOrder(user, load_policy(session), life.clock.now(), f"story:{what}")


def _collects(life: Life) -> None:
    values = {
        "source_category": "PATROL", "type_code": "0102", "loop": "LIMITED_TIME",
        "cell_code": "33010300100101", "duty_grid_code": "G1",
    }  # fmt: skip
    with life.store.begin() as session:
        case_work.collect(session, values, _case_order(life, session, "chen", "collect"))


def _assigns(life: Life) -> None:
    with life.store.begin() as session:
        order = _case_order(life, session, "chen", "assign")
        case_work.assign(session, _case(session), [("红旗班", "LEAD")], order)


def _notes(life: Life) -> None:
    found = {"time": True, "standard": True, "recurrence": True}
    with life.store.begin() as session:
        order = _case_order(life, session, "zhou", "notes")
        case_work.note_checks(session, _case(session), found, order)


def _rates(life: Life) -> None:
    with life.store.begin() as session:
        case_work.rate(session, _case(session), 5, _case_order(life, session, "chen", "rate"))


CASE_WORK = Story(
    "a case from seven steps", CAR, lasts=56,
    acts=(
        Act(4, "collect", _collects), Act(8, "file", _step("chen", "file")),
        Act(12, "assign", _assigns), Act(16, "dispatch", _step("chen", "dispatch")),
        Act(20, "accept", _step("sun", "accept")),
        Act(24, "report", _step("sun", "report", report="已清理")),
        Act(28, "check", _step("zhou", "check")), Act(32, "notes", _notes),
        Act(36, "close", _step("zhou", "close")), Act(40, "rate", _rates),
        Act(44, "evaluate", _step("chen", "evaluate")),
    ),
)  # fmt: skip

STORIES: dict[str, Story] = {
    story.name: story
    for story in (
        CAR_STAYS, CAR_LEAVES, CAR_CALLED, HUNG_STAYS, HUNG_GOES, POSTER_STAYS, POSTER_OF_NOBODY,
        CROWD_GOES, CROWD_ALONE, CASE_WORK,
    )
}  # fmt: skip
