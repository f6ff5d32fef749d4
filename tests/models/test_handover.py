"""The way to the penalty file: PRE_NOTICE, ninety days, service (L10 to L12, L16, L17, L19)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from models import casework, handover, pre_notice, recusal, statements
from models.case import Case
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed, NotFound
from models.event import Event, EventState
from models.penalty import Degree, PenaltyHandover, PreNotice, Sanction
from models.people import Role
from models.pre_notice import Texts
from tests.models.city import City

S = EventState
OFFICERS = {"content": "拟给予警告", "reasons": "停放二十分钟，行人被迫走上机动车道"}
DAY = 86_400


def _texts(event: Event, **values: str) -> Texts:
    return replace(pre_notice.prepared(event), **(OFFICERS | values))


def _write(
    city: City, event: Event, sanction: str = "WARNING", degree: str = "ORDINARY", **texts: str
) -> PreNotice:
    return pre_notice.write(
        city.session, event, city.officer, _texts(event, **texts), sanction=sanction,
        degree=degree, at=city.now,
    )  # fmt: skip


def _deliver(city: City, event: Event, **values: object) -> PreNotice:
    said = {
        "how": "in_person",
        "proof": "送-1",
        "received_by": "party",
        "delivered_at": city.now,
    } | values
    return pre_notice.deliver(city.session, event, city.officer, at=city.now, **said)  # type: ignore[arg-type]


def _export(city: City, event: Event) -> handover.Sheet:
    return handover.export(city.session, event, city.officer, policy=city.policy, at=city.now)


def _codes(city: City, event: Event) -> list[str]:
    found = handover.refusals(city.session, event, policy=city.policy, at=city.now)
    return [refusal.code for refusal in found]


def _told(city: City) -> Event:
    """Established, told, and the five work days for the party's word are over."""
    event = city.to_escalated()
    _write(city, event)
    _deliver(city, event)
    city.advance(8 * DAY)
    return event


def _case_of(city: City, event: Event) -> Case:
    return city.session.scalars(select(Case).where(Case.event_id == event.id)).one()


def _say(city: City, event: Event, *, upheld: bool | None = None) -> None:
    said = statements.receive(city.session, event, "我不同意", at=city.now, policy=city.policy)
    if upheld is not None:
        statements.answer(
            city.session, said, city.second, upheld=upheld, **city.order(text="复核如下")
        )


def test_l10_the_sheet_holds_all_that_art_44_asks(city: City) -> None:
    """Content, facts, reasons, basis, rights; L25: and the remedies. Most of it is prepared."""
    event = city.to_escalated()
    ready = pre_notice.prepared(event)
    assert "浙A12**5" in ready.facts
    assert "浙A12345" not in ready.facts, "the plate stands in one place, to be forgotten (L63)"
    assert ready.basis == "道路交通安全法 56"
    assert all(word in ready.rights for word in ("陈述", "申辩", "听证", "回避", "不因"))
    assert all(word in ready.remedies for word in ("六十日", "行政复议", "行政复议", "诉讼"))
    row = _write(city, event)
    assert (row.version, row.sanction, row.content) == (1, "WARNING", "拟给予警告")


@pytest.mark.parametrize("field", ["content", "facts", "reasons", "basis", "rights", "remedies"])
def test_l10_no_field_may_be_missing(city: City, field: str) -> None:
    event = city.to_escalated()
    with pytest.raises(BadInput) as refused:
        _write(city, event, **{field: "  "})
    assert refused.value.field == field
    assert pre_notice.latest(city.session, event) is None


@pytest.mark.parametrize(
    "text",
    ["拟罚款一百元", "罚款150元", "¥ 100", "罚 1,000 元整", "罚100块", "100 yuan", "二百五十 元"],
)
def test_l10_no_amount_is_ever_named(city: City, text: str) -> None:
    """The software neither computes nor names money, whoever types it."""
    event = city.to_escalated()
    with pytest.raises(BadInput) as refused:
        _write(city, event, sanction="FINE", content=text)
    assert (refused.value.field, refused.value.code) == ("content", "NAMES_MONEY")


def test_l10_no_hand_over_before_the_party_was_told(city: City) -> None:
    """Not written, not delivered, time to speak not over: each refuses the export."""
    event = city.to_escalated()
    assert _codes(city, event) == ["PRE_NOTICE_MISSING"]
    _write(city, event)
    assert _codes(city, event) == ["PRE_NOTICE_NOT_DELIVERED"]
    _deliver(city, event)
    assert _codes(city, event) == ["REPLY_TIME"]
    with pytest.raises(FlowRefused) as refused:
        _export(city, event)
    assert (refused.value.code, refused.value.http_status) == ("REPLY_TIME", 409)
    city.advance(8 * DAY)
    sheet = _export(city, event)
    told = json.loads(sheet.data)
    assert told["pre_notice"]["remedies"] == pre_notice.REMEDIES
    assert {o["officer"] for o in told["officers"]} == {"wang", "li"}
    assert {e["kind"] for e in told["evidence"]} >= {"E1", "E3", "E4", "E6"}
    row = handover.handover_of(city.session, event)
    assert row is not None
    assert (row.sheet_sha256, row.exported_at) == (sheet.sha256, city.now)
    assert not pre_notice.names_money(sheet.data.decode())


def test_l10_the_database_holds_it_too(city: City) -> None:
    event = city.to_escalated()
    row = _write(city, event)
    change = update(PenaltyHandover).values(exported_at=city.now)
    with pytest.raises(IntegrityError, match="pre-notice"), city.session.begin_nested():
        city.session.execute(change)
    for statement in (
        update(PreNotice).values(content="别的"),
        delete(PreNotice),
        delete(PenaltyHandover),
    ):
        with pytest.raises(IntegrityError), city.session.begin_nested():
            city.session.execute(statement)
    _deliver(city, event)
    with pytest.raises(IntegrityError, match="stands"), city.session.begin_nested():
        city.session.execute(update(PreNotice).values(proof="另一份"))
    city.session.refresh(row)
    assert row.proof == "送-1"


def test_l12_an_express_waiver_is_recorded(city: City) -> None:
    """Then nothing is waited for; without the record's name it is none."""
    event = city.to_escalated()
    _write(city, event)
    with pytest.raises(BadInput) as refused:
        pre_notice.waive(city.session, event, city.officer, waiver=" ", at=city.now)
    assert refused.value.field == "waiver"
    row = pre_notice.waive(
        city.session, event, city.officer, waiver="放弃陈述申辩权声明 2026-7，当事人签名",
        at=city.now,
    )  # fmt: skip
    assert row.waived_at == city.now
    assert json.loads(_export(city, event).data)["pre_notice"]["waiver"].startswith("放弃")
    with pytest.raises(Conflict):
        _deliver(city, event)


def test_l12_a_new_version_is_delivered_anew(city: City) -> None:
    """What was delivered is not what is proposed now."""
    event = _told(city)
    assert _codes(city, event) == []
    _write(city, event, sanction="NONE")
    assert _codes(city, event) == ["PRE_NOTICE_NOT_DELIVERED"]


def test_l11_after_a_statement_nothing_becomes_harsher(city: City) -> None:
    """Compared as numbers, for every pair of proposals; the database compares too."""
    event = city.to_escalated()
    _write(city, event, "WARNING", "ORDINARY")
    _say(city, event, upheld=False)
    before = pre_notice.severity("WARNING", "ORDINARY")
    for sanction in Sanction:
        for degree in Degree:
            if pre_notice.severity(sanction, degree) > before:
                with pytest.raises(Conflict) as refused:
                    _write(city, event, sanction, degree)
                assert refused.value.code == "HARSHER"
    with pytest.raises(IntegrityError, match="harsher"), city.session.begin_nested():
        latest = pre_notice.latest(city.session, event)
        assert latest is not None
        copied = {c.name: getattr(latest, c.name) for c in PreNotice.__table__.columns}
        harsher = {"id": None, "version": 2, "sanction": "FINE", "severity": before + 10}
        city.session.add(PreNotice(**(copied | harsher)))
        city.session.flush()
    assert _write(city, event, "WARNING", "LENIENT").version == 2
    with pytest.raises(Conflict):
        _write(city, event, "WARNING", "ORDINARY")


def test_l11_a_draft_may_be_mended_before_anybody_spoke(city: City) -> None:
    event = city.to_escalated()
    _write(city, event, "WARNING")
    assert _write(city, event, "FINE").severity > pre_notice.severity("WARNING", "SEVERE")


def test_l11_an_open_statement_is_heard_first(city: City) -> None:
    event = _told(city)
    _say(city, event)
    assert _codes(city, event) == ["STATEMENT_OPEN"]
    with pytest.raises(Conflict) as refused:
        _write(city, event)
    assert refused.value.code == "STATEMENT_OPEN"


def test_l11_an_answer_needs_reasons(city: City) -> None:
    event = city.to_escalated()
    said = statements.receive(city.session, event, "申辩", at=city.now, policy=city.policy)
    with pytest.raises(BadInput) as refused:
        statements.answer(city.session, said, city.officer, upheld=False, **city.order(text="  "))
    assert refused.value.field == "text"


def test_l09_a_recused_officer_hands_nothing_over(city: City) -> None:
    event = _told(city)
    recusal.declare(city.session, event, city.officer, reason_code="RELATIVE", at=city.now)
    with pytest.raises(NotAllowed):
        _export(city, event)
    assert _codes(city, event) == ["SIGNER_RECUSED"]


def test_l16_reminders_at_day_60_and_80_of_90(city: City) -> None:
    """From the filing; the decision stops them."""
    event = city.to_escalated()
    filed = city.now
    seen: list[tuple[int, list[str]]] = []
    for day in (59, 60, 79, 80, 89, 90):
        city.now = filed + timedelta(days=day, seconds=1)
        city.sweep()
        seen.append((day, [f for f in _case_of(city, event).flags if f.startswith("decide")]))
    sixty, eighty, over = "decide_day_60", "decide_day_80", "decide_overdue"
    assert seen == [
        (59, []), (60, [sixty]), (79, [sixty]), (80, [sixty, eighty]), (89, [sixty, eighty]),
        (90, [sixty, eighty, over]),
    ]  # fmt: skip


def _decided(city: City) -> Event:
    event = _told(city)
    _export(city, event)
    city.advance(DAY)
    handover.record_decision(
        city.session, event, city.officer, decision_no="下综执罚决〔2026〕7号",
        decided_at=city.now, at=city.now,
    )  # fmt: skip
    return event


def test_l16_a_decision_ends_the_ninety_days(city: City) -> None:
    event = _decided(city)
    city.advance(85 * DAY)
    city.sweep()
    assert [f for f in _case_of(city, event).flags if f.startswith("decide")] == []
    assert "service_overdue" in _case_of(city, event).flags, "seven work days to serve it (L17)"


def test_l16_no_decision_before_the_hand_over(city: City) -> None:
    event = _told(city)
    with pytest.raises(Conflict) as refused:
        handover.record_decision(
            city.session, event, city.officer, decision_no="7", decided_at=city.now, at=city.now
        )
    assert refused.value.code == "NOT_HANDED_OVER"


@pytest.mark.parametrize("how", ["sms", "text", ""])
def test_l17_a_text_message_serves_no_decision(city: City, how: str) -> None:
    event = _decided(city)
    with pytest.raises(BadInput) as refused:
        handover.record_service(
            city.session,
            event,
            city.officer,
            how=how,
            proof="1",
            received_by="party",
            served_at=city.now,
            at=city.now,
        )
    assert refused.value.field == "how"


def test_l17_electronic_only_with_the_signed_consent(city: City) -> None:
    """For the pre-notice and the decision alike; the database refuses the decision's too."""
    event = city.to_escalated()
    _write(city, event)
    with pytest.raises(Conflict) as refused:
        _deliver(city, event, how="electronic")
    assert refused.value.code == "NO_CONSENT"
    with pytest.raises(IntegrityError, match="consent"), city.session.begin_nested():
        city.session.execute(update(PenaltyHandover).values(served_how="electronic"))
    handover.record_consent(
        city.session, event, city.officer, consent="电子送达确认书 3", at=city.now
    )
    assert _deliver(city, event, how="electronic").delivered_how == "electronic"


def test_l17_electronic_service_of_a_decision(city: City) -> None:
    event = _decided(city)

    def serve(how: str) -> PenaltyHandover:
        return handover.record_service(
            city.session, event, city.officer, how=how, proof="EMS1", received_by="party",
            served_at=city.now, at=city.now,
        )  # fmt: skip

    with pytest.raises(Conflict) as refused:
        serve("electronic")
    assert refused.value.code == "NO_CONSENT"
    served = serve("post")
    assert (served.served_at, served.served_how) == (city.now, "post")
    city.advance(30 * DAY)
    city.sweep()
    assert "service_overdue" not in _case_of(city, event).flags


def test_l17_no_template_speaks_of_a_decision(city: City) -> None:
    """The outbox knows the domain's texts only: after a decision nothing is sent."""
    event = _decided(city)
    assert city.texts(event) == ["N1", "N3"]


def test_l19_two_years(city: City) -> None:
    """Refused on the day, not the day before."""
    event = _told(city)
    born = event.first_seen_at
    city.now = datetime(born.year + 2, born.month, born.day, 3, 58, tzinfo=UTC)
    assert _codes(city, event) == []
    city.now += timedelta(minutes=2)
    assert _codes(city, event) == ["TOO_OLD"]


def test_l08_only_licensed_officers_write(city: City) -> None:
    event = city.to_escalated()
    with pytest.raises(NotAllowed):
        pre_notice.write(
            city.session, event, city.person("op", Role.OPERATOR), _texts(event),
            sanction="WARNING", at=city.now,
        )  # fmt: skip


def test_nothing_to_hand_over_before_two_officers(city: City) -> None:
    event = city.to_review()
    with pytest.raises(Conflict):
        _write(city, event)
    with pytest.raises(NotFound):
        _export(city, event)


def test_a_voided_event_is_not_handed_over(city: City) -> None:
    """A24: an upheld statement takes the whole way back."""
    event = _told(city)
    casework.void(city.session, event, city.officer, **city.order(reason="STOLEN_OR_ABUSED"))
    assert _codes(city, event) == ["NOT_ESCALATED"]
    city.advance(90 * DAY)
    city.sweep()
    assert [f for f in _case_of(city, event).flags if f.startswith("decide")] == []


def test_l40_five_work_days_for_a_statement(city: City) -> None:
    """From Monday to the next Monday's end; what waits longer is shown from the end on, not before.
    Escalated, so that no period of the review ends it first."""
    event = city.to_escalated()
    said = statements.receive(city.session, event, "申辩", at=city.now, policy=city.policy)
    due = city.deadline(event, "appeal")
    assert due is not None
    assert due.due_at == datetime(2026, 11, 30, 16, tzinfo=UTC)
    city.advance(2 * DAY)
    statements.receive(city.session, event, "补充", at=city.now, policy=city.policy)
    assert due.due_at == datetime(2026, 11, 30, 16, tzinfo=UTC), "a second one moves nothing"
    statements.answer(city.session, said, city.officer, upheld=False, **city.order(text="复核"))
    assert due.due_at == datetime(2026, 12, 2, 16, tzinfo=UTC), "now the second one is the oldest"
    city.now = due.due_at - timedelta(seconds=1)
    city.sweep()
    assert "statement_overdue" not in event.flags
    city.now = due.due_at
    city.sweep()
    assert (event.state, "statement_overdue" in event.flags) == (S.ESCALATED, True)
