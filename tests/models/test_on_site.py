"""The paper route and the tow: A26, L34, A25, L26, L44."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import casework, grounds, patrol
from models.errors import BadInput, Conflict, FlowRefused
from models.event import EventState
from models.pack import pack_status
from tests.models.city import PLATE, City
from tests.models.walks_on_site import on_paper, photos, stays, to_second_look

S = EventState


def _refused(city: City, act: object) -> str:
    with pytest.raises(FlowRefused) as refused:
        act()  # type: ignore[operator]
    return refused.value.code


def test_a26_paper_and_the_officers_second_look(city: City) -> None:
    """The photo starts the seven minutes; two photos after them bring it before officers."""
    event = to_second_look(city)
    assert event.notified_at is not None
    assert event.grace_deadline_at == event.notified_at + timedelta(seconds=420)
    assert event.state == S.RECHECK
    photos(city, event)
    stays(city, event)
    assert (event.state, city.codes(event)[-2:]) == (S.REVIEW_PENDING, ["A26s", "A19"])
    assert pack_status(city.session, event).complete
    city.decide(event, city.officer)
    assert city.decide(event, city.second).state == S.ESCALATED


def test_a26_photos_that_do_not_prove_it(city: City) -> None:
    """One photo, two at once, or taken within ten seconds of the deadline: none is enough."""
    event = on_paper(city)
    city.advance(421)
    city.picture(event, "ON_SITE")
    city.sweep()
    city.advance(11)
    city.picture(event, "ON_SITE")
    assert _refused(city, lambda: stays(city, event)) == "PHOTOS_MISSING"
    photos(city, event, apart=9)
    assert _refused(city, lambda: stays(city, event)) == "PHOTOS_MISSING"
    city.advance(2)
    city.picture(event, "ON_SITE")
    assert stays(city, event).state == S.REVIEW_PENDING


def test_a26_before_the_time_is_over_nobody_has_stayed(city: City) -> None:
    event = on_paper(city)
    city.advance(300)
    photos(city, event)
    assert _refused(city, lambda: stays(city, event)) == "NO_SUCH_STEP"
    assert event.state == S.GRACE


def test_a26_after_the_window_it_ends_in_favour(city: City) -> None:
    """Nobody came back within a quarter of an hour."""
    event = to_second_look(city)
    city.advance(900)
    city.sweep()
    assert event.state == S.UNDETERMINED


@pytest.mark.parametrize(
    ("values", "field"), [({"plate": "浙A99999"}, "plate"), ({"unmoved": False}, "unmoved")]
)
def test_a26_another_or_a_moved_vehicle(city: City, values: dict[str, object], field: str) -> None:
    event = to_second_look(city)
    photos(city, event)
    with pytest.raises(BadInput) as refused:
        stays(city, event, **values)
    assert refused.value.field == field
    assert event.state == S.RECHECK


def test_a26_what_the_camera_saw_counts_first(city: City) -> None:
    """It left in time before a camera: whatever is photographed later."""
    event = on_paper(city)
    city.watch(event, "absent", 40)
    assert event.state == S.LEFT_IN_TIME


def test_a26_the_camera_says_it_is_gone(city: City) -> None:
    event = to_second_look(city)
    photos(city, event)
    city.look(event, "absent")
    assert _refused(city, lambda: stays(city, event)) == "GONE"


def test_a26_gone_on_the_spot_is_left_in_time(city: City) -> None:
    """One officer's word is enough in the owner's favour; and it stays so."""
    event = to_second_look(city)
    patrol.gone(city.session, event, city.officer, **city.order())
    assert (event.state, event.outcome) == (S.LEFT_IN_TIME, "MINOR_CORRECTED")
    photos(city, event)
    assert _refused(city, lambda: stays(city, event)) == "NO_SUCH_STEP"


def test_a26_a_text_is_not_followed_by_the_officers_look(city: City) -> None:
    event = city.to_recheck()
    city.advance(12)
    photos(city, event)
    assert _refused(city, lambda: stays(city, event)) == "NOT_ON_PAPER"


def test_l34_no_photo_no_start(city: City) -> None:
    """Missing, of another kind, of another event, or minutes old: the time does not start."""
    event = city.to_patrol()
    other = city.to_confirm(plate="浙A88888", box=(0.1, 0.7, 0.2, 0.8))
    early = city.picture(event, "PAPER")
    city.advance(61)
    wrong = [
        (city.picture(event, "ON_SITE"), "NO_PHOTO"),
        (city.picture(other, "PAPER"), "NO_PHOTO"),
        (early, "PHOTO_OLD"),
    ]
    for photo, code in wrong:
        order = city.order()
        assert code == _refused(
            city,
            lambda p=photo, o=order: casework.paper_notice(  # type: ignore[misc]
                city.session, event, city.officer, p, **o
            ),
        )
    assert (event.state, event.grace_deadline_at) == (S.PATROL_ASSIGNED, None)


def test_l34_the_plate_beside_the_vehicle(city: City) -> None:
    """Another plate than the event's is another vehicle; where none could be read it is noted."""
    event = city.to_patrol()
    photo = city.picture(event, "PAPER")
    with pytest.raises(BadInput) as refused:
        casework.paper_notice(
            city.session, event, city.officer, photo, **city.order(plate="浙A99999")
        )
    assert (refused.value.field, refused.value.code) == ("plate", "OTHER_PLATE")
    unread = city.gates(city.open(plate=None, box=(0.1, 0.7, 0.2, 0.8)))
    casework.send_patrol(city.session, unread, city.officer, **city.order(reason="DIRTY"))
    photo = city.picture(unread, "PAPER")
    with pytest.raises(Conflict):
        casework.paper_notice(city.session, unread, city.officer, photo, **city.order(plate=PLATE))
    casework.paper_notice(city.session, unread, city.officer, photo, **city.order(plate="浙A88888"))
    assert (unread.plate, unread.open_plate_key) == ("浙A88888", f"{unread.area_id}:浙A88888")
    assert unread.state == S.GRACE


def test_l44_a_tow_needs_its_photo(city: City) -> None:
    event = city.to_grace()
    for photo in (None, city.picture(event, "ON_SITE")):
        order = city.order(reference="T-7", photo=photo)
        code = _refused(
            city,
            lambda o=order: casework.record_tow(  # type: ignore[misc]
                city.session, event, city.officer, **o
            ),
        )
        assert code == "NO_PHOTO"
    photo = city.picture(event, "TOW")
    order = city.order(reference="T-7", photo=photo)
    casework.record_tow(city.session, event, city.officer, **order)
    assert (event.state, event.outcome) == (S.REMOVED_BY_TOW, "T-7")
    assert city.log(event)[-1].evidence_ids == [photo.id]


@pytest.mark.parametrize(
    ("hours", "lawful"),
    [(0, True), (9.9, True), (10, False), (17.9, False), (18, True), (120, False)],
)
def test_l26_not_at_night_nor_on_a_day_off(city: City, hours: float, lawful: bool) -> None:
    """From Monday noon: until 22:00, again from 06:00; Saturday only with a reason."""
    event = city.to_confirm()
    city.advance(hours * 3600)
    values = {"reference": "T-7", "photo": city.picture(event, "TOW")}
    if not lawful:
        order = city.order(**values)
        code = _refused(
            city,
            lambda: casework.record_tow(city.session, event, city.officer, **order),
        )
        assert code == "NIGHT_OR_HOLIDAY"
        values["urgent"] = "堵塞消防通道，正在救火"
    casework.record_tow(city.session, event, city.officer, **city.order(**values))
    assert event.state == S.REMOVED_BY_TOW
    assert ("urgent" in city.log(event)[-1].facts) != lawful


def test_l39_handled_on_the_spot_is_a_ground(city: City) -> None:
    """Also while the time of a paper notice runs."""
    event = on_paper(city)
    grounds.verify_ground(
        city.session, event, city.officer, reason="HANDLED_ON_SITE", policy=city.policy,
        at=city.now,
    )  # fmt: skip
    casework.void(city.session, event, city.officer, **city.order(reason="HANDLED_ON_SITE"))
    assert event.state == S.VOIDED
