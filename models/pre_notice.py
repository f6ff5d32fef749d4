"""事先告知 (PRE_NOTICE): what a party is told before any decision (L10, L12: art. 44 and 62).

Officers write it, the software prepares the sheet and holds the order of things: content, facts,
reasons, basis, rights and remedies, each filled in; numbered and delivered, or waived with a
record; and after a statement never harsher than before (L11). No amount of money is computed, named
or accepted, and the full plate stands on the printed sheet only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models import deadlines
from models.audit_log import record
from models.errors import BadInput, Conflict, NotAllowed, NotFound
from models.event import Event, EventState
from models.looks import lock
from models.penalty import RECEIVED_BY, Degree, PenaltyHandover, PreNotice, Sanction
from models.people import Role, Statement, StatementStatus, User
from models.plate import mask
from models.recusal import refuse_recused

DELIVERED_HOW = ("in_person", "left_at_place", "post", "electronic")
_AMOUNT = re.compile(
    r"[¥￥$€]|\d[\d,.]*\s*(?:元|块|万|人民币|RMB|CNY|yuan)|[一二三四五六七八九十百千万两〇零]+\s*元",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Texts:
    """The five fields of art. 44 and the remedies, as they stand on the sheet."""

    content: str
    facts: str
    reasons: str
    basis: str
    rights: str
    remedies: str


LONGEST = {
    "content": 500, "facts": 1000, "reasons": 1000, "basis": 300, "rights": 1000, "remedies": 1000,
}  # fmt: skip
LONGEST_NUMBER = 40
RIGHTS = (
    "您有权陈述和申辩，我们将充分听取并复核，不因陈述、申辩而加重。依法可以要求听证的，"
    "请在收到本告知后五个工作日内提出。您可以申请执法人员回避，也可以委托他人代理。"
)
REMEDIES = (
    "本告知不是处罚决定。若其后作出决定而您不服，可自收到决定之日起六十日内申请行政复议，"
    "复议申请可以通过作出决定的机关提交；也可自收到决定之日起六个月内向人民法院提起诉讼。"
)


def severity(sanction: str, degree: str) -> int:
    """A rank that orders proposals; without a sanction the degree counts for nothing."""
    kind = list(Sanction).index(Sanction(sanction))
    return 0 if kind == 0 else kind * 10 + list(Degree).index(Degree(degree))


def prepared(event: Event) -> Texts:
    """What the software can fill in; the officers' part (content, reasons) is left empty. The
    vehicle's full plate is in none of the words: the printed sheet names it once."""
    version = event.zone_version
    seen, until = deadlines.local(event.flagged_at), event.grace_deadline_at
    stayed = f"，至{deadlines.local(until):%H:%M:%S}宽限期满后仍未驶离" if until else ""
    place = event.zone.area.place or event.zone.area.name
    plate = mask(event.plate or "")
    return Texts(
        content="",
        facts=f"{seen:%Y年%m月%d日 %H:%M}，{plate}在{place}停放{stayed}。编号{event.event_no}。",
        reasons="",
        basis=version.legal_basis,
        rights=RIGHTS,
        remedies=REMEDIES,
    )


def write(
    session: Session,
    event: Event,
    user: User,
    texts: Texts,
    *,
    sanction: str,
    degree: str = Degree.ORDINARY,
    number: str = "",
    at: datetime,
) -> PreNotice:
    """Write the sheet, or a new version of it; a version that was delivered stays as it was.

    `number` is the authority's (文号); without one a version that replaces an undelivered one keeps
    its number, and any other is called by the event's.

    Raises BadInput naming an empty or too long field, or one that names money or the full plate;
    Conflict where nothing was established, a statement is open, or it would become harsher after a
    statement.
    """
    _check(texts, sanction, degree)
    _no_plate(texts, event)
    check_officer(session, event, user, at)
    lock(session, event)
    if event.state != EventState.ESCALATED:
        raise Conflict("two officers have not established it", code="NOT_ESCALATED")
    if _statements(session, event, StatementStatus.OPEN):
        raise Conflict("a statement is not answered yet", code="STATEMENT_OPEN")
    rank, earlier = severity(sanction, degree), latest(session, event)
    if earlier is not None and rank > earlier.severity and _statements(session, event):
        raise Conflict(
            "after a statement nothing becomes harsher",
            code="HARSHER",
            hint="行政处罚法 art. 45: leave it as it was proposed, or make it milder",
        )
    version = 1 if earlier is None else earlier.version + 1
    row = PreNotice(
        event_id=event.id, version=version,
        number=_numbered(session, event, number) if number.strip()
        else _inherited(event, earlier) or own_number(event, version),
        sanction=sanction, degree=degree, severity=rank, written_by=user.id, written_at=at,
        **{name: getattr(texts, name).strip() for name in LONGEST},
    )  # fmt: skip
    session.add(row)
    session.flush()
    _note(session, event, user, "pre_notice.write", at, version=row.version)
    return row


def give_number(
    session: Session, event: Event, user: User, *, number: str, at: datetime
) -> PreNotice:
    """The number of the latest version in the authority's register (文号), before it is delivered.

    Raises BadInput (field number), NotFound, Conflict where another sheet bears it or this one was
    delivered or waived already.
    """
    row = _open(session, event, user, at)
    row.number = _numbered(session, event, number)
    session.flush()
    _note(session, event, user, "pre_notice.number", at, version=row.version)
    return row


def deliver(
    session: Session,
    event: Event,
    user: User,
    *,
    how: str,
    proof: str,
    received_by: str,
    delivered_at: datetime,
    at: datetime,
) -> PreNotice:
    """The latest version has reached the party. A text message is no delivery; an electronic one
    needs the party's signed consent first (L17).

    Raises BadInput (field how, received_by, proof or delivered_at), NotFound, Conflict.
    """
    if how not in DELIVERED_HOW:
        raise BadInput(f"how is one of {', '.join(DELIVERED_HOW)}", field="how")
    check_receipt(how, received_by, proof)
    row = _open(session, event, user, at)
    if not row.written_at <= delivered_at <= at:
        raise BadInput("it was delivered after it was written, and not later than now",
                       field="delivered_at")  # fmt: skip
    if how == "electronic" and not _consented(session, event):
        raise Conflict(
            "the party has not consented to electronic service",
            code="NO_CONSENT",
            hint="record the signed confirmation first (行政处罚法 art. 61)",
        )
    row.delivered_at, row.delivered_how, row.delivered_by = delivered_at, how, user.id
    row.proof, row.received_by = proof.strip(), received_by
    session.flush()
    _note(session, event, user, "pre_notice.deliver", at, version=row.version, how=how)
    return row


def waive(session: Session, event: Event, user: User, *, waiver: str, at: datetime) -> PreNotice:
    """L12: the party expressly gives up statement and defence; `waiver` says in which record.

    Raises BadInput (field waiver), NotFound, Conflict.
    """
    words = waiver.strip()
    if not 0 < len(words) <= 300:
        raise BadInput("name the record of the waiver in 1 to 300 characters", field="waiver")
    row = _open(session, event, user, at)
    row.waived_at, row.waiver, row.delivered_by = at, words, user.id
    session.flush()
    _note(session, event, user, "pre_notice.waive", at, version=row.version)
    return row


def latest(session: Session, event: Event) -> PreNotice | None:
    session.flush()
    return session.scalar(
        select(PreNotice)
        .where(PreNotice.event_id == event.id)
        .order_by(PreNotice.version.desc())
        .limit(1)
    )


def check_receipt(how: str, received_by: str, proof: str) -> None:
    """What the receipt (送达回证) of a document says, a pre-notice's or a decision's: who took it,
    in which relation to the party, and its number. Nobody's name: that is on the paper.

    Raises BadInput (field received_by or proof).
    """
    if received_by not in RECEIVED_BY:
        raise BadInput(f"received_by is one of {', '.join(RECEIVED_BY)}", field="received_by")
    if (received_by == "nobody") != (how == "announcement"):
        raise BadInput("nobody takes an announcement, and somebody everything else",
                       field="received_by")  # fmt: skip
    if (received_by == "witness") != (how == "left_at_place"):
        raise BadInput("a document is left at the place before a witness, and only there",
                       field="received_by")  # fmt: skip
    if not 0 < len(proof.strip()) <= 80:
        raise BadInput("the receipt's number has 1 to 80 characters", field="proof")


def names_money(text: str) -> bool:
    """Whether a text names an amount; nothing here may (L22, L23, 8.8)."""
    return _AMOUNT.search(text) is not None


def _open(session: Session, event: Event, user: User, at: datetime) -> PreNotice:
    check_officer(session, event, user, at)
    lock(session, event)
    row = latest(session, event)
    if row is None:
        raise NotFound(f"event {event.event_no} has no pre-notice")
    if event.state != EventState.ESCALATED:
        raise Conflict("the event was voided: nothing follows from it", code="NOT_ESCALATED")
    if row.delivered_at is not None or row.waived_at is not None:
        raise Conflict("this pre-notice was delivered or waived already", code="DELIVERED_ALREADY")
    return row


def check_officer(session: Session, event: Event, user: User, at: datetime) -> None:
    """A licensed officer without a conflict. Raises NotAllowed."""
    today = deadlines.local(at).date()
    if not (user.active and user.has(Role.OFFICER) and user.is_licensed(today)):
        raise NotAllowed("only an officer with a valid licence may do this", code="NOT_LICENSED")
    refuse_recused(session, event.id, user)


def _check(texts: Texts, sanction: str, degree: str) -> None:
    if sanction not in list(Sanction):
        raise BadInput(f"sanction is one of {', '.join(Sanction)}", field="sanction")
    if degree not in list(Degree):
        raise BadInput(f"degree is one of {', '.join(Degree)}", field="degree")
    for name, longest in LONGEST.items():
        value = getattr(texts, name).strip()
        if not 0 < len(value) <= longest:
            raise BadInput(f"{name} must have 1 to {longest} characters", field=name)
        if names_money(value):
            raise BadInput(f"{name} names an amount of money", field=name, code="NAMES_MONEY",
                           hint="amounts are decided and written outside this system")  # fmt: skip


def _no_plate(texts: Texts, event: Event) -> None:
    """L63: the plate is kept in one place, from which it can be forgotten."""
    for name in LONGEST:
        if event.plate and event.plate in re.sub(r"[·•.\s-]", "", getattr(texts, name)).upper():
            raise BadInput(
                f"{name} names the full plate", field=name, code="NAMES_PLATE",
                hint=f"write {mask(event.plate)}: the printed sheet names the vehicle itself",
            )  # fmt: skip


def _numbered(session: Session, event: Event, number: str) -> str:
    """The number as it is written, which no delivered version and no other event's sheet bears."""
    words = " ".join(number.split())
    if not 0 < len(words) <= LONGEST_NUMBER:
        raise BadInput(f"a number has 1 to {LONGEST_NUMBER} characters", field="number")
    told = or_(PreNotice.delivered_at.is_not(None), PreNotice.waived_at.is_not(None))
    taken = select(PreNotice.id).where(
        PreNotice.number == words, or_(PreNotice.event_id != event.id, told)
    )
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict("another pre-notice bears this number", code="NUMBER_TAKEN")
    return words


def own_number(event: Event, version: int) -> str:
    """What a sheet is called whose number no authority has given."""
    return f"{event.event_no}-{version}"


def _inherited(event: Event, earlier: PreNotice | None) -> str:
    if earlier is None or earlier.delivered_at is not None or earlier.waived_at is not None:
        return ""
    return "" if earlier.number == own_number(event, earlier.version) else earlier.number


def _statements(session: Session, event: Event, status: str | None = None) -> int:
    query = select(func.count(Statement.id)).where(Statement.event_id == event.id)
    if status is not None:
        query = query.where(Statement.status == status)
    return session.scalar(query) or 0


def _consented(session: Session, event: Event) -> bool:
    row = session.get(PenaltyHandover, event.id)
    return row is not None and row.consent_at is not None


def _note(
    session: Session, event: Event, user: User, action: str, at: datetime, **details: object
) -> None:
    record(
        session, at=at, actor=user.username, action=action, subject=f"event:{event.id}",
        details=details,
    )  # fmt: skip
