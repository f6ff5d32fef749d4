"""W28 from frames to the pack: two cameras film one pavement, and one of them reads the plate."""

from __future__ import annotations

import pytest

from api.commands.evidence import _gather
from api.explanation import explain
from models.event import Event
from models.ground_plane import metres_per_degree
from models.ground_reference import save_reference
from models.policy import Policy
from models.registry import get_camera
from models.same_stay import joined_sightings
from pipeline.pack_build import build_pack
from pipeline.pack_verify import verify_pack
from tests.pipeline.test_ground import TwoCameras
from tests.vision.stage import PLACE, START, Box, Car, Stay

METRES_WIDE, METRES_DEEP = 20.0, 12.0
"""What the drawn street measures from edge to edge, in this story."""
CORNER = (30.25, 120.16)


def tied(city: TwoCameras) -> TwoCameras:
    """Both cameras with the same four points, for both are shown the same drawn street."""
    north, east = metres_per_degree(CORNER[0])
    points = [
        {
            "x": x, "y": y,
            "latitude": CORNER[0] - y * METRES_DEEP / north,
            "longitude": CORNER[1] + x * METRES_WIDE / east,
        }
        for x, y in ((0.02, 0.3), (0.98, 0.3), (0.98, 0.98), (0.02, 0.98))
    ]  # fmt: skip
    with city.first.store.begin() as session:
        for camera_id in (city.first.camera_id, city.other_id):
            camera = get_camera(session, camera_id)
            save_reference(session, camera, points, at=START, actor="olive")
    return city


def moved(box: Box, metres: float) -> Box:
    """The same box that many metres further east."""
    x1, y1, x2, y2 = box
    return (x1 + metres / METRES_WIDE, y1, x2 + metres / METRES_WIDE, y2)


def test_w28_l07_one_car_before_two_cameras_is_one_event_one_text_one_pack() -> None:
    """The second camera cannot read the plate and sees the foot a metre off: its pictures belong
    to the first one's event, which goes its way to the officers alone."""
    city = tied(TwoCameras())
    here = [Stay(Car(), arrives=6.0)]
    there = [Stay(Car(readable=False, box=moved(PLACE, 1.0)), arrives=6.0)]
    city.play(here, there, until=140)
    master, twin = city.first.events()
    assert (master.state, master.camera_id) == ("REVIEW_PENDING", city.first.camera_id)
    assert (twin.state, twin.master_id, twin.camera_id) == ("DUPLICATE", master.id, city.other_id)
    assert twin.measured["joined_metres"] == pytest.approx(1.0, abs=0.3)
    assert [t for t in city.first.texts() if t.startswith("N1")] == ["N1:delivered"]
    with city.first.store.read() as session:
        event = session.get_one(Event, master.id)
        (seen,) = explain(session, event, policy=Policy(), full_plate=True)["joined"]
        assert (seen["camera"], seen["by"]) == ("second", "ground")
        assert "E1" in [row["kind"] for row in seen["evidence"]]
        assert {row["event_id"] for row in seen["evidence"]} == {twin.id}
    source = _gather(city.first.services, master.event_no, "review", "")
    pack = build_pack(source, city.first.services.evidence)
    told = verify_pack(pack)
    assert told.problems == ()
    said = f'"event_id": {twin.id},\n   "event_no": "{twin.event_no}"'
    assert said.encode() in pack, "the manifest says whose pictures are in it"
    records = {record["event_id"] for record in source.chain["records"]}
    assert records == {master.id, twin.id}


def test_w28_two_cars_side_by_side_are_never_mixed_up() -> None:
    """Each camera reads one of the two plates only. Eight metres apart each sighting finds its own
    event; nobody is texted for the other's car and no picture is kept with it."""
    city = tied(TwoCameras())
    a, b = PLACE, moved(PLACE, 8.0)
    here = [Stay(Car(box=a), arrives=6.0), Stay(Car(model=5, readable=False, box=b), arrives=6.0)]
    there = [
        Stay(Car(readable=False, box=a), arrives=6.0),
        Stay(Car(model=5, plate="浙B66666", box=b), arrives=6.0),
    ]
    city.play(here, there, until=60)
    events = city.first.events()
    with city.first.store.read() as session:
        masters = [event for event in events if event.state != "DUPLICATE"]
        assert len(masters) == 2
        for master in masters:
            left = master.box[0] < 0.5
            joined = joined_sightings(session, session.get_one(Event, master.id))
            assert len(joined) == 1
            assert (joined[0].box[0] < 0.5) is left
    texted = [t for t in city.first.texts() if t.startswith("N1")]
    assert texted == ["N1:delivered"], "the other waits for an officer, who has its plate now"


def test_w28_two_candidates_leave_a_doubt_and_no_text() -> None:
    """The second camera reads a plate, a metre and a half from two cars of the first one that has
    read neither: it may be either of them, so nobody is texted and nothing is joined."""
    city = tied(TwoCameras())
    here = [
        Stay(Car(readable=False, box=moved(PLACE, -2.0)), arrives=6.0),
        Stay(Car(model=5, readable=False, box=moved(PLACE, 2.2)), arrives=6.0),
    ]
    there = [Stay(Car(model=7), arrives=10.0)]
    city.play(here, there, until=100)
    events = city.first.events()
    (doubtful,) = [event for event in events if event.camera_id == city.other_id]
    assert "ground_doubt" in doubtful.flags
    assert doubtful.master_id is None
    assert city.first.texts() == []
    assert {event.state for event in events} <= {"CONFIRM_PENDING", "PATROL_ASSIGNED"}
