"""即查即改 (I012): found, mended and closed by one patrol, with a photo before and after."""

from __future__ import annotations

import pytest

from models import case_photos
from models.case import Case
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed
from models.people import Role, User
from models.states import CaseState
from tests.models.city import City
from tests.models.test_case import Office

S = CaseState


@pytest.fixture
def office(city: City) -> Office:
    return Office(city)


def _photo(office: Office, case: Case, kind: str, user: User | None = None) -> None:
    office.city.advance(30)
    case_photos.keep_photo(
        office.city.session, case.id, user or office.patrol, kind=kind,
        data=f"{kind} {office.city.now}".encode(), storage_key=f"k/{kind}", at=office.city.now,
    )  # fmt: skip


def _fix(office: Office, case: Case, user: User | None = None, report: str = "已清理") -> Case:
    return office.act(case, "fix_on_spot", user or office.patrol, report=report)


def test_i012_one_step_with_two_photos(office: Office) -> None:
    case = office.collect()
    _photo(office, case, "BEFORE")
    _photo(office, case, "AFTER")
    _fix(office, case)
    assert (case.state, case.outcome, case.loop_mode) == (S.CLOSED, "FIXED_ON_SPOT", "FIX_ON_SPOT")
    assert (case.handled_by, case.closed_at) == (office.patrol.id, office.city.now)
    assert case.report == "已清理"


@pytest.mark.parametrize("kinds", [(), ("BEFORE",)])
def test_i012_without_both_photos_nothing_is_closed(office: Office, kinds: tuple[str, ...]) -> None:
    case = office.collect()
    for kind in kinds:
        _photo(office, case, kind)
    with pytest.raises(FlowRefused) as refused:
        _fix(office, case)
    assert (refused.value.code, case.state) == ("NO_PHOTO", S.COLLECTED)


def test_i012_by_whoever_took_the_photos(office: Office) -> None:
    case = office.collect()
    _photo(office, case, "BEFORE")
    other = office.city.person("wu", Role.PATROL)
    _photo(office, case, "AFTER", other)
    with pytest.raises(FlowRefused) as refused:
        _fix(office, case)
    assert refused.value.code == "OTHERS_PHOTO"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"source_category": "PUBLIC"}, "NOT_A_PATROLS"),
        ({"cell_code": "1"}, "CELL_MISSING"),
        ({"type_code": ""}, "TYPE_MISSING"),
    ],
)
def test_i012_only_what_a_patrol_found(office: Office, values: dict[str, str], code: str) -> None:
    """A citizen's report is answered to the citizen; a case without its cell counts nowhere."""
    case = office.collect(**values)
    _photo(office, case, "BEFORE")
    _photo(office, case, "AFTER")
    with pytest.raises(FlowRefused) as refused:
        _fix(office, case)
    assert code in [refusal.code for refusal in refused.value.refusals]


def test_i012_a_crew_cannot_and_words_are_needed(office: Office) -> None:
    case = office.collect()
    _photo(office, case, "BEFORE")
    _photo(office, case, "AFTER")
    with pytest.raises(FlowRefused):
        _fix(office, case, office.crew)
    with pytest.raises(FlowRefused) as refused:
        _fix(office, case, report=" ")
    assert refused.value.code == "REPORT_MISSING"


def test_i012_photos_in_their_order_and_once(office: Office) -> None:
    case = office.collect()
    with pytest.raises(Conflict):
        _photo(office, case, "AFTER")
    with pytest.raises(NotAllowed):
        _photo(office, case, "BEFORE", office.crew)
    with pytest.raises(BadInput):
        _photo(office, case, "DURING")
    _photo(office, case, "BEFORE")
    with pytest.raises(Conflict):
        _photo(office, case, "BEFORE")
    row = case_photos.photos_of(office.city.session, case.id)["BEFORE"]
    with pytest.raises(BadInput) as refused:
        case_photos.keep_photo(
            office.city.session, case.id, office.patrol, kind="AFTER",
            data=f"BEFORE {row.taken_at}".encode(), storage_key="k", at=office.city.now,
        )  # fmt: skip
    assert refused.value.code == "PHOTO_USED"
