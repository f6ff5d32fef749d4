"""Articles and awkward paths about texts: L05, L87, W29, W32."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from models import casework
from models.errors import BadInput
from models.event import EventState
from models.policy import Policy, load_policy, save_policy
from notify.templates import load_templates, render
from notify.templates.budget import LONGEST
from notify.templates.lint import placeholders
from tests.models.city import City
from tests.rows import NOON

S = EventState
POLICY = Policy()


def own_text(tmp_path: Path, language: str, name: str, text: str) -> Path:
    path = tmp_path / "texts.json"
    path.write_text(json.dumps({language: {name: {"text": text}}}), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["N2", "N3b"])
@pytest.mark.parametrize(("language", "words"), [("zh", "请规范停车"), ("en", "Please park")])
def test_l05_who_is_not_punished_is_asked_to_park_properly(
    tmp_path: Path, name: str, language: str, words: str
) -> None:
    """行政处罚法 art. 33(3): 应当对当事人进行教育; a city's own text without it is refused."""
    ours = load_templates().get(name, language).text
    assert words in render(name, language, LONGEST, POLICY).body
    without = own_text(tmp_path, language, name, ours.replace(words, ""))
    with pytest.raises(BadInput, match=words) as refused:
        load_templates(without)
    assert refused.value.field == f"{language}.{name}"


@pytest.mark.parametrize(
    "number", ["0571-12345678", "057112345678", "400-000-1234", "95598", "12345"]
)
def test_l87_landlines_and_service_numbers_may_be_called(session: Session, number: str) -> None:
    save_policy(session, {"landline": number}, at=NOON, actor="boss")
    assert load_policy(session).landline == number


@pytest.mark.parametrize("number", ["13800138000", "+8613800000", "0571", "call us", "138001"])
def test_l87_a_persons_phone_or_no_number_is_refused(session: Session, number: str) -> None:
    with pytest.raises(BadInput) as refused:
        save_policy(session, {"landline": number}, at=NOON, actor="boss")
    assert refused.value.field == "landline"
    assert load_policy(session).landline == POLICY.landline


def test_l87_a_text_names_two_numbers_at_most(tmp_path: Path) -> None:
    ours = load_templates().get("N4", "zh").text
    two, three = f"{ours}或95598", f"{ours}或95598或0571-87654321"
    long = {"max_segments": 2}
    path = tmp_path / "texts.json"
    path.write_text(json.dumps({"zh": {"N4": {"text": two} | long}}), encoding="utf-8")
    assert load_templates(path).get("N4", "zh").text == two
    path.write_text(json.dumps({"zh": {"N4": {"text": three} | long}}), encoding="utf-8")
    with pytest.raises(BadInput, match="too many numbers") as refused:
        load_templates(path)
    assert refused.value.field == "zh.N4"


def test_w29_of_two_events_of_one_stay_only_the_first_counts(city: City) -> None:
    """The second camera misread the plate, and a second text went out. Once an officer sees that
    it is one car, the second is void; the first goes on under its own promise, and its clock is
    not touched."""
    first = city.to_grace()
    promised = first.grace_deadline_at
    second = city.to_grace(plate="浙A12346", box=(0.7, 0.7, 0.8, 0.8))
    casework.void(city.session, second, city.officer, **city.order(reason="PLATE_MISREAD"))
    assert (second.state, second.outcome) == (S.VOIDED, "PLATE_MISREAD")
    assert (first.state, first.grace_deadline_at) == (S.GRACE, promised)
    assert city.texts(first) == ["N1"]
    city.watch(first, "absent", 40)
    assert city.texts(first) == ["N1", "N2"]
    assert city.log(second)[-1].actor_id == city.officer.username


def test_w29_the_database_takes_no_second_open_event_of_a_plate(city: City) -> None:
    """Before any text: whichever camera comes second is joined to the first."""
    first = city.to_grace()
    twin = city.open()
    assert (twin.state, twin.master_id, city.texts(twin)) == (S.DUPLICATE, first.id, [])


def test_w32_a_wrong_recipient_gets_an_apology_without_details(city: City) -> None:
    """An officer finds the plate misread after its text: void, an apology that tells a stranger
    nothing about whose car stood where, and no other word to that phone about it."""
    event = city.to_review()
    casework.void(city.session, event, city.officer, **city.order(reason="PLATE_MISREAD"))
    assert (event.state, event.outcome) == (S.VOIDED, "PLATE_MISREAD")
    assert city.texts(event) == ["N1", "N3", "N8"]
    for language, sorry in (("zh", "致歉"), ("en", "apologise")):
        text = load_templates().get("N8", language).text
        assert sorry in text
        assert placeholders(text) == ["landline"]


def test_w32_who_was_never_told_gets_no_apology(city: City) -> None:
    event = city.to_patrol()
    casework.void(city.session, event, city.officer, **city.order(reason="PLATE_MISREAD"))
    assert (event.state, "N8" in city.texts(event)) == (S.VOIDED, False)
