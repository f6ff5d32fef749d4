"""L22: who was reminded is nobody's business. L62, L74: nobody is recognised, nobody's age is
guessed."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from models.clock import FakeClock
from models.event import EventState
from models.tables import metadata
from pipeline.services import Services
from tests.models.city import CONTACT, PLATE, City
from vision.faces import shared_face_finder
from vision.weights import list_weights, resolve_weights

ROOT = Path(__file__).resolve().parent.parent.parent
PHONE_OF_PARTY = CONTACT.phone.removeprefix("+86")
OPEN_PAGES = ("/", "/o", "/o/case", "/public/cameras", "/public/rules", "/public/privacy")
PERSONAL = (PLATE, PLATE[1:], PHONE_OF_PARTY, "wang", "行人被迫走上机动车道")


@pytest.fixture
def told_city(services: Services, clock: FakeClock) -> list[str]:
    """A stay that two officers escalated and one that ended well; gives their codes."""
    with services.store.begin() as session:
        city = City(session)
        found = city.to_escalated()
        left = city.to_grace(plate="浙A54321", box=(0.7, 0.7, 0.8, 0.8))
        city.watch(left, "absent", 40)
        assert (found.state, left.state) == (EventState.ESCALATED, EventState.LEFT_IN_TIME)
        clock.set(city.now)
        return [found.query_code, left.query_code]


def paths_to_read(services: Services) -> list[str]:
    """Every GET of the description, with number 1 wherever it asks for one, and the pages that
    are in no description."""
    spec = create_app(services).openapi()
    described = [path for path, ways in spec["paths"].items() if "get" in ways]
    assert len(described) > 30
    return [re.sub(r"\{[^}]+\}", "1", path) for path in described] + [*OPEN_PAGES]


def test_l22_nobody_reads_who_was_reminded_or_found(
    nobody: httpx.Client, services: Services, told_city: list[str]
) -> None:
    """行政处罚法 art. 48, 50: no list, no page and no address open to all names a vehicle, a
    phone, an officer, an event's code or what was found."""
    opened = 0
    for path in paths_to_read(services):
        answer = nobody.get(path, params={"reason": "curious", "plate": PLATE})
        assert answer.status_code < 500, path
        opened += answer.status_code == 200
        for secret in (*PERSONAL, *told_city):
            assert secret not in answer.text.replace(f"plate={PLATE}", ""), (path, secret)
    assert opened >= 3, "health, camera places and the owner's door are open to all"


def test_l62_faces_are_found_to_be_hidden_and_for_nothing_else() -> None:
    """The face finder gives boxes, only the blur asks it, and no table can keep a face."""
    assert shared_face_finder().find.__annotations__["return"] == "list[Box]"
    users = {
        str(file.relative_to(ROOT))
        for room in ("vision", "pipeline", "notify", "api", "models")
        for file in (ROOT / room).rglob("*.py")
        if re.search(r"vision\.faces|FaceFinder|FaceRecognizer|face_recogni", file.read_text())
    }
    assert users == {"vision/blur.py", "vision/faces.py"}


def test_l62_l74_no_column_describes_a_person() -> None:
    """No biometrics, no age, no sex, no name of whoever was seen."""
    words = {
        "face", "faces", "embedding", "feature", "gait", "age", "minor", "child", "gender", "sex",
        "birth", "birthday", "id_card", "identity",
    }  # fmt: skip
    names = [(table.name, column.name) for table in metadata.sorted_tables for column in table.c]
    assert len(names) > 200
    assert [n for n in names if words & set(n[1].split("_"))] == []


def test_l74_no_eyes_of_qifen_tell_ages() -> None:
    """All that the bundled weights can name: things, and that somebody is a person."""
    bundled = {name for file in list_weights() for name in file.names}
    assert "person" in bundled
    assert bundled <= {"person", "car", "truck", "bus", "van", "bicycle", "motorcycle",
                       "hanging", "advert", "tricycle"}  # fmt: skip
    assert "person" in resolve_weights(None).names
