"""The pre-notice on paper: what art. 44 asks, its number, its days and its receipt (L10, L25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from models import casework, handover, pre_notice
from models.audit import Viewing
from models.errors import BadInput, Conflict, NotAllowed, NotFound
from models.event import Event
from models.penalty import PreNotice
from models.people import Role
from models.policy import LOCAL_ZONE
from models.store import Store
from pipeline.pre_notice_pdf import print_sheet
from tests.models.city import City
from tests.pipeline.test_pack_phones import words

PLATE = "浙A12345"
NUMBER = "下综执罚先告〔2026〕7号"


@pytest.fixture
def city() -> Iterator[City]:
    """A city with a live zone that confirms by itself."""
    store = Store.memory()
    with store.begin() as session:
        yield City(session)
    store.dispose()


def _write(city: City, event: Event, *, number: str = "", **texts: str) -> PreNotice:
    said = {"content": "拟给予警告", "reasons": "行人被迫走上机动车道"} | texts
    ready = replace(pre_notice.prepared(event), **said)
    return pre_notice.write(
        city.session, event, city.officer, ready, sanction="WARNING", number=number, at=city.now
    )


def _deliver(city: City, event: Event, **said: str) -> PreNotice:
    values = {"how": "in_person", "proof": "送-1", "received_by": "family"} | said
    return pre_notice.deliver(
        city.session, event, city.officer, delivered_at=city.now, at=city.now, **values
    )


def _printed(city: City, event: Event) -> str:
    data = print_sheet(city.session, event, city.officer, policy=city.policy, at=city.now)
    assert data.startswith(b"%PDF-")
    return words(data).replace("\n", "")


def test_l10_the_printed_sheet_tells_all_that_art_44_asks(city: City) -> None:
    """Facts, reasons, basis, rights, days and remedies; the full plate once, and who found it."""
    event = city.to_escalated()
    row = _write(city, event, number=NUMBER)
    sheet = _printed(city, event)
    for said in (row.content, row.facts, row.reasons, row.basis, row.rights, row.remedies):
        assert said in sheet
    assert NUMBER in sheet
    assert sheet.count(PLATE) == 1
    assert f"{city.policy.pre_notice_work_days}个工作日" in sheet
    assert city.policy.landline in sheet
    assert sheet.count("执法证号") == 2
    assert "本告知不是处罚决定" in sheet
    assert not pre_notice.names_money(sheet)


def test_l10_the_printed_receipt_is_empty_until_it_is_delivered(city: City) -> None:
    """Then way, day, who and number stand on it, and until when the party may speak."""
    event = city.to_escalated()
    _write(city, event)
    before = _printed(city, event)
    assert "同住成年家属" not in before
    row = _deliver(city, event)
    until = handover.reply_until(row, city.policy)
    assert until is not None
    after = _printed(city, event)
    for said in ("直接送达", "同住成年家属", "送-1", f"{until.astimezone(LOCAL_ZONE):%Y-%m-%d}"):
        assert said in after


def test_l71_the_full_plate_on_paper_is_a_line_in_the_viewing_log(city: City) -> None:
    event = city.to_escalated()
    _write(city, event)
    _printed(city, event)
    seen = city.session.scalars(select(Viewing).where(Viewing.reason == "pre-notice")).one()
    assert (seen.viewer, seen.event_id) == (city.officer.username, event.id)


def test_l10_only_what_is_established_is_printed_by_who_decides(city: City) -> None:
    """No sheet, no licence, or taken back since: nothing is printed, and nothing delivered."""
    event = city.to_escalated()
    with pytest.raises(NotFound):
        _printed(city, event)
    _write(city, event)
    clerk = city.person("clerk", Role.OPERATOR)
    with pytest.raises(NotAllowed):
        print_sheet(city.session, event, clerk, policy=city.policy, at=city.now)
    casework.void(city.session, event, city.officer, **city.order(reason="STOLEN_OR_ABUSED"))
    for act in (_printed, _deliver):
        with pytest.raises(Conflict) as refused:
            act(city, event)
        assert refused.value.code == "NOT_ESCALATED"


@pytest.mark.parametrize("field", ["facts", "reasons", "content"])
@pytest.mark.parametrize("plate", [PLATE, "浙A·12345", "浙a 12345"])
def test_l63_no_words_of_the_sheet_hold_the_full_plate(city: City, field: str, plate: str) -> None:
    """It is kept in one place, from which it can be forgotten; the print takes it from there."""
    event = city.to_escalated()
    with pytest.raises(BadInput) as refused:
        _write(city, event, **{field: f"{plate}停放二十分钟"})
    assert (refused.value.field, refused.value.code) == (field, "NAMES_PLATE")


def test_l10_a_sheet_bears_the_number_of_the_register(city: City) -> None:
    """Given with the words or later; kept by the next version until one is delivered."""
    event = city.to_escalated()
    assert _write(city, event).number == f"{event.event_no}-1"
    assert _write(city, event).number == f"{event.event_no}-2"

    def give(number: str) -> PreNotice:
        return pre_notice.give_number(city.session, event, city.officer, number=number, at=city.now)

    assert give(f" {NUMBER} ").number == NUMBER
    assert _write(city, event).number == NUMBER
    for wrong in ("", "x" * 41):
        with pytest.raises(BadInput) as refused:
            give(wrong)
        assert refused.value.field == "number"
    _deliver(city, event)
    with pytest.raises(Conflict):
        give("8号")
    assert _write(city, event).number == f"{event.event_no}-4", "another document"
    with pytest.raises(Conflict) as taken:
        give(NUMBER)
    assert taken.value.code == "NUMBER_TAKEN"


@pytest.mark.parametrize(
    ("how", "received_by"),
    [
        ("in_person", ""), ("in_person", "neighbour"), ("in_person", "witness"),
        ("left_at_place", "party"), ("post", "nobody"),
    ],
)  # fmt: skip
def test_l10_the_receipt_says_who_took_it(city: City, how: str, received_by: str) -> None:
    """In which relation to the party, as the way of delivery allows; no names."""
    event = city.to_escalated()
    _write(city, event)
    with pytest.raises(BadInput) as refused:
        _deliver(city, event, how=how, received_by=received_by)
    assert refused.value.field == "received_by"
    assert _deliver(city, event, how="left_at_place", received_by="witness").delivered_at
