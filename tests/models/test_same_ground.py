"""W28: two cameras, one car, and a plate that at most one of them has read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from models import casework, review
from models.errors import Conflict, FlowRefused
from models.event import Event, EventState
from models.notice import Notice
from models.same_stay import how_joined, joined_sightings
from models.store import Store
from tests.models.city import ALL_TICKS, GOOD, PLATE, City
from tests.models.two_cameras import NORTH, SOUTH, Pavement, box_at

S = EventState
OTHER = "浙A99999"
HERE = (20.0, 20.0)


@pytest.fixture
def pavement(city: City) -> Pavement:
    return Pavement(city)


def beside(metres: float) -> tuple[float, float]:
    return (HERE[0] + metres, HERE[1])


def refused(call: Callable[[], object]) -> str:
    with pytest.raises((FlowRefused, Conflict)) as said:
        call()
    return said.value.code


class TestOneCar:
    def test_w28_seen_by_two_cameras_read_by_one_is_one_event(self, pavement: Pavement) -> None:
        """The one that read the plate was first: the other's view belongs to it."""
        first = pavement.flag(SOUTH, HERE, PLATE)
        again = pavement.flag(NORTH, beside(1.0))
        assert (again.state, again.master_id) == (S.DUPLICATE, first.id)
        assert joined_sightings(pavement.city.session, first) == [again]
        told = how_joined(again)
        assert told["by"] == "ground"
        assert told["metres"] == pytest.approx(1.0, abs=0.01)
        assert told["shared_seconds"] == pytest.approx(60)

    def test_w28_read_by_the_second_camera_only_nobody_is_texted_by_the_machine(
        self, pavement: Pavement
    ) -> None:
        """The first waits for an officer, who now has the other camera's close-up too; the same
        plate seen once more belongs to it as well."""
        city = pavement.city
        first = pavement.judge(pavement.flag(SOUTH, HERE))
        again = pavement.flag(NORTH, HERE, PLATE)
        assert (first.state, again.master_id) == (S.CONFIRM_PENDING, first.id)
        assert joined_sightings(city.session, first) == [again]
        once_more = pavement.flag(NORTH, beside(12), PLATE)
        assert once_more.master_id == first.id, "one stay, one event (L07)"
        city.look(first, "present", box=first.box)
        casework.confirm_by_officer(
            city.session, first, city.officer, plate=PLATE, contact=None, **city.order()
        )
        assert (first.plate, first.state) == (PLATE, S.PATROL_ASSIGNED)
        assert joined_sightings(city.session, first) == [again, once_more]

    def test_w28_neither_read_it_and_an_officer_looks_once(self, pavement: Pavement) -> None:
        first = pavement.flag(SOUTH, HERE)
        assert pavement.flag(NORTH, HERE).master_id == first.id

    @pytest.mark.parametrize(("metres", "joined"), [(2.99, True), (3.01, False)])
    def test_w28_three_metres_and_not_more(
        self, pavement: Pavement, metres: float, joined: bool
    ) -> None:
        first = pavement.flag(SOUTH, HERE, PLATE)
        again = pavement.flag(NORTH, beside(metres))
        assert (again.master_id == first.id) is joined
        assert again.flags == []

    def test_w28_van_and_car_are_taken_for_each_other_a_bus_is_not(
        self, pavement: Pavement
    ) -> None:
        pavement.flag(SOUTH, HERE, PLATE)
        assert pavement.flag(NORTH, HERE, object_kind="bus").state == S.FLAGGED
        assert pavement.flag(NORTH, HERE, object_kind="van").state == S.DUPLICATE

    def test_w28_where_it_stands_now_counts_not_where_it_was_flagged(
        self, pavement: Pavement
    ) -> None:
        city = pavement.city
        first = pavement.judge(pavement.flag(SOUTH, HERE), GOOD)
        city.watch(first, "moved", 5, box=box_at(SOUTH, 30, 20))
        assert pavement.flag(NORTH, (30, 20)).master_id == first.id


class TestNotTheSame:
    def test_w28_two_plates_are_never_one_car(self, pavement: Pavement) -> None:
        pavement.flag(SOUTH, HERE, PLATE)
        other = pavement.flag(NORTH, HERE, OTHER)
        assert (other.state, other.flags) == (S.FLAGGED, [])

    def test_w28_one_that_was_seen_to_go_is_another(self, pavement: Pavement) -> None:
        city = pavement.city
        first = pavement.judge(pavement.flag(SOUTH, HERE))
        city.watch(first, "absent", 5)
        newcomer = pavement.flag(NORTH, HERE)
        assert (newcomer.state, newcomer.flags) == (S.FLAGGED, [])

    def test_w28_stays_that_do_not_overlap_are_two(self, pavement: Pavement) -> None:
        """The first was last seen before the second came; what the camera saw since is unclear."""
        pavement.flag(SOUTH, HERE)
        pavement.city.advance(61)
        newcomer = pavement.flag(NORTH, HERE, stood=60)
        assert (newcomer.state, newcomer.flags) == (S.FLAGGED, [])

    def test_w28_two_wheelers_stand_too_close_to_be_told_by_place(self, pavement: Pavement) -> None:
        pavement.flag(SOUTH, HERE, object_kind="motorcycle")
        other = pavement.flag(NORTH, HERE, object_kind="motorcycle")
        assert (other.state, other.flags) == (S.FLAGGED, [])

    def test_w28_without_a_ground_reference_nothing_is_told(self, pavement: Pavement) -> None:
        """Also where somebody accepted another view of the camera since (W03)."""
        pavement.cameras[NORTH].reference_picture = "sha256/another"
        pavement.flag(SOUTH, HERE, PLATE)
        assert pavement.flag(NORTH, HERE).state == S.FLAGGED

    def test_w28_another_area_is_another_event(self, pavement: Pavement) -> None:
        from tests import rows

        pavement.versions[NORTH] = rows.zone(
            pavement.city.session, pavement.cameras[NORTH], name="另一处", area="别处"
        )
        pavement.flag(SOUTH, HERE, PLATE)
        assert pavement.flag(NORTH, HERE).state == S.FLAGGED


class TestDoubt:
    def test_w28_two_candidates_nothing_is_joined_and_nobody_is_texted(
        self, pavement: Pavement
    ) -> None:
        """The newcomer may be either of two: no text, however sure its own plate is."""
        city = pavement.city
        pavement.flag(SOUTH, HERE)
        pavement.flag(SOUTH, beside(4.5))
        newcomer = pavement.judge(pavement.flag(NORTH, beside(2.2), PLATE))
        assert (newcomer.master_id, newcomer.flags) == (None, ["ground_doubt"])
        assert newcomer.state == S.CONFIRM_PENDING, "it does not confirm itself"
        assert all(gate["passed"] for gate in newcomer.confirm_gates)
        city.look(newcomer, "present", camera_id=newcomer.camera_id)
        confirm = lambda: casework.confirm_by_officer(  # noqa: E731
            city.session, newcomer, city.officer, plate=PLATE, contact=None, **city.order()
        )
        assert refused(confirm) == "GROUND_DOUBT"
        assert city.texts(newcomer) == []

    def test_w28_the_doubtful_one_gets_no_paper_notice_either(self, pavement: Pavement) -> None:
        city = pavement.city
        pavement.flag(SOUTH, HERE)
        pavement.flag(SOUTH, beside(4.5))
        newcomer = pavement.judge(pavement.flag(NORTH, beside(2.2)))
        casework.send_patrol(
            city.session, newcomer, city.officer, reason="NO_PLATE", **city.order()
        )
        photo = city.picture(newcomer, "PAPER")
        give = lambda: casework.paper_notice(  # noqa: E731
            city.session, newcomer, city.officer, photo, plate=OTHER, **city.order()
        )
        assert refused(give) == "GROUND_DOUBT"

    def test_w28_an_officer_who_reads_the_plate_joins_it_to_its_event(
        self, pavement: Pavement
    ) -> None:
        city = pavement.city
        first = pavement.flag(SOUTH, HERE, PLATE)
        pavement.flag(SOUTH, beside(4.5), OTHER)
        newcomer = pavement.judge(pavement.flag(NORTH, beside(2.2)))
        assert newcomer.flags == ["ground_doubt"]
        casework.confirm_by_officer(
            city.session, newcomer, city.officer, plate=PLATE, contact=None, **city.order()
        )
        assert (newcomer.state, newcomer.master_id) == (S.DUPLICATE, first.id)
        assert joined_sightings(city.session, first) == [newcomer], "by its plate, without doubt"

    def test_w28_too_short_a_time_together_is_a_doubt(self, pavement: Pavement) -> None:
        """One that leaves while the other comes shares some seconds too."""
        pavement.flag(SOUTH, HERE, PLATE, stood=600)
        pavement.city.advance(50)
        newcomer = pavement.flag(NORTH, HERE)
        assert (newcomer.state, newcomer.flags) == (S.FLAGGED, ["ground_doubt"])

    def test_w28_another_paint_is_a_doubt(self, pavement: Pavement) -> None:
        pavement.flag(SOUTH, HERE, PLATE, measured={"body_colour": "red"})
        newcomer = pavement.flag(NORTH, HERE, measured={"body_colour": "white"})
        assert (newcomer.state, newcomer.flags) == (S.FLAGGED, ["ground_doubt"])

    def test_w28_a_camera_that_sees_it_elsewhere_sees_another_one_here(
        self, pavement: Pavement
    ) -> None:
        """The north camera has seen the car already; what it flags 2.5 m beside is a second one.
        Which of the two is the first camera's is no longer known: the picture kept for it is let
        go, and the second gets no text."""
        city = pavement.city
        first = pavement.flag(SOUTH, HERE, PLATE)
        joined = pavement.flag(NORTH, beside(-0.5))
        assert joined_sightings(city.session, first) == [joined]
        second = pavement.flag(NORTH, beside(2.5))
        assert (second.master_id, second.flags) == (None, ["ground_doubt"])
        assert joined.flags == ["ground_doubt"]
        assert joined_sightings(city.session, first) == []
        assert first.flags == [], "its own plate is its own camera's"

    def test_w28_a_plate_that_came_by_place_and_is_in_doubt_does_not_escalate(
        self, pavement: Pavement
    ) -> None:
        """An officer read the first one's plate in the other camera's picture; then a second car
        turns up beside it. The event runs on, and ends without a penalty."""
        city = pavement.city
        first = pavement.judge(pavement.flag(SOUTH, HERE))
        joined = pavement.flag(NORTH, HERE, PLATE)
        city.look(first, "present", box=first.box)
        first.plate, first.open_plate_key = PLATE, f"{first.area_id}:{PLATE}"
        second = pavement.flag(NORTH, beside(2.5), None)
        assert [one.flags for one in (first, joined, second)] == [["ground_doubt"]] * 3
        first.state = S.REVIEW_PENDING
        decide = lambda user: review.decide(  # noqa: E731
            city.session, first, user, ALL_TICKS, **city.order()
        )
        with pytest.raises(FlowRefused) as said:
            decide(city.officer)
            decide(city.second)
        assert "GROUND_DOUBT" in [refusal.code for refusal in said.value.refusals]

    def test_w28_an_officers_other_plate_lets_the_joined_picture_go(
        self, pavement: Pavement
    ) -> None:
        city = pavement.city
        first = pavement.judge(pavement.flag(SOUTH, HERE))
        pavement.flag(NORTH, HERE, PLATE)
        first.plate = OTHER
        assert joined_sightings(city.session, first) == []


class TestOneStay:
    def test_l07_a_plate_read_by_hand_of_a_stay_that_was_told_is_its_twin(self, city: City) -> None:
        """Its first event has ended with the car still there: no second text, no paper."""
        first = city.to_escalated()
        again = city.gates(city.open(None), replace(GOOD, plate_valid=False))
        casework.confirm_by_officer(
            city.session, again, city.officer, plate=PLATE, contact=None, **city.order()
        )
        assert (again.state, again.master_id) == (S.DUPLICATE, first.id)
        assert city.texts(again) == []

    def test_l07_no_paper_notice_where_the_stay_was_told(self, city: City) -> None:
        city.to_escalated()
        again = city.gates(city.open(None), replace(GOOD, plate_valid=False))
        casework.send_patrol(city.session, again, city.officer, reason="NO_PLATE", **city.order())
        photo = city.picture(again, "PAPER")
        give = lambda: casework.paper_notice(  # noqa: E731
            city.session, again, city.officer, photo, plate=PLATE, **city.order()
        )
        assert refused(give) == "SAME_VEHICLE"


SIGHTINGS = st.lists(
    st.tuples(
        st.sampled_from([SOUTH, NORTH]),
        st.sampled_from([0, 1]),
        st.booleans(),
        st.sampled_from([0.0, 0.8]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seen=SIGHTINGS, apart=st.floats(min_value=2.0, max_value=9.0))
def test_l07_w28_no_car_is_texted_twice_and_no_picture_is_anothers(
    seen: list[tuple[str, int, bool, float]], apart: float
) -> None:
    """Two cars, two cameras that read a plate or not and see a foot up to 0.8 m off, in any order.
    Each car has one text at most; where the cars stand further apart than a foot can be mistaken,
    no event holds a picture of the other car."""
    store = Store.memory()
    with store.begin() as session:
        city = City(session)
        pavement = Pavement(city)
        truth: dict[int, int] = {}
        for side, car, read, off in seen:
            place = (HERE[0] + car * apart + off, HERE[1])
            event = pavement.judge(
                pavement.flag(side, place, (PLATE, OTHER)[car] if read else None)
            )
            truth[event.id] = car
            if event.state == S.CONFIRMED:
                city.prepare(event)
        texts = dict(
            city.session.execute(
                select(Event.plate, func.count(Notice.id))
                .join(Notice, Notice.event_id == Event.id)
                .group_by(Event.plate)
            ).all()
        )
        assert all(count == 1 for count in texts.values())
        if apart > 3.0 + 0.8:
            for event_id, car in truth.items():
                event = city.session.get_one(Event, event_id)
                for twin in joined_sightings(city.session, event):
                    assert truth[twin.id] == car
    store.dispose()


@pytest.mark.postgres
def test_w28_two_cameras_on_postgresql(postgres_url: str) -> None:
    """Joined, and let go again under row locks, as on SQLite."""
    store = Store(postgres_url)
    store.migrate()
    with store.begin() as session:
        pavement = Pavement(City(session))
        first = pavement.flag(SOUTH, HERE, PLATE)
        joined = pavement.flag(NORTH, beside(-0.5))
        assert joined_sightings(session, first) == [joined]
        second = pavement.flag(NORTH, beside(2.5))
        assert (joined.flags, second.flags) == (["ground_doubt"], ["ground_doubt"])
        assert joined_sightings(session, first) == []
    store.dispose()


def test_w28_a_sighting_sent_twice_is_one_event(pavement: Pavement) -> None:
    """What was joined stays joined, and nothing is shaken by the repetition."""
    city = pavement.city
    first = pavement.flag(SOUTH, HERE, PLATE)
    version = pavement.versions[NORTH]
    new = city.sighting(
        None, camera_id=version.zone.camera_id, zone=version.zone, zone_version=version,
        box=box_at(NORTH, *HERE), first_seen_at=city.now - timedelta(seconds=60),
    )  # fmt: skip
    made = [
        casework.open_event(city.session, new, policy=city.policy, at=city.now) for _ in range(2)
    ]
    assert made[0] is made[1]
    assert (made[0].master_id, first.flags) == (first.id, [])
