"""Every code that the flow, the eyes and the texts can produce has words in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import api.console
from api.console import codes, measures
from api.console.keeping_words import BASIS
from api.console.refusals import told
from api.console.typed_times import dated, typed_day, typed_instant
from api.console.words import WORDS, word
from models.case import Loop, UnitRole
from models.errors import BadInput, FlowRefused, Refusal
from models.event import ActorKind, Event, EventState, FlowName
from models.evidence import EvidenceKind
from models.facts import GateFacts, measure_gates
from models.flows.case import LINE
from models.flows.tables import FLOWS
from models.notice import NoticeStatus
from models.people import DecisionKind, Role, StatementStatus
from models.policy import Policy
from models.retention_rules import RULES
from models.review import RejectReason
from models.states import CaseState, CrowdState, PlaceState
from models.zone import Authority, ConfirmMode, Surface, ZoneKind, ZonePhase
from notify.templates import own_templates
from vision.body_colour import BodyColour
from vision.errors import BadZone, StreamTimeout
from vision.geometry import validate_polygon
from vision.types import PlateColour, PlateKind, ViewHealth, WatchAnswer

GATES = measure_gates(Event(plate="浙A12345"), GateFacts(), clock_offset_seconds=0, policy=Policy())


ROWS = [row for flow in FLOWS.values() for row in flow.transitions]


@pytest.mark.parametrize(
    ("table", "needed"),
    [
        (WORDS, EventState),
        (WORDS, PlaceState),
        (WORDS, CrowdState),
        (WORDS, CaseState),
        (WORDS, (f"stage_{stage}" for stage in LINE)),
        (WORDS, (f"flow_{name}" for name in FlowName)),
        (WORDS, (f"rule_{name}" for name in FlowName)),
        (WORDS, Loop),
        (WORDS, (f"unit_{role}" for role in UnitRole)),
        (WORDS, (f"kind_hint_{kind}" for kind in ZoneKind)),
        (WORDS, Role),
        (WORDS, (f"mode_{mode}" for mode in ConfirmMode)),
        (WORDS, (f"phase_{phase}" for phase in ZonePhase)),
        (
            codes.OUTCOMES,
            (row.reason for flow in FLOWS.values() for row in flow.transitions if row.reason),
        ),
        (codes.OUTCOMES, RejectReason),
        (codes.STEPS, (row.trigger for row in ROWS)),
        (codes.ACTORS, ActorKind),
        (codes.PICTURES, EvidenceKind),
        (codes.TEXTS, (template.name for template in own_templates())),
        (codes.TEXT_STATES, NoticeStatus),
        (codes.ANSWERS, WatchAnswer),
        (codes.ANSWER_REASONS, (h for h in ViewHealth if h not in ("ok", "moved"))),
        (codes.HEALTH, ViewHealth),
        (codes.DECISIONS, DecisionKind),
        (codes.STATEMENT_STATES, StatementStatus),
        (codes.SURFACES, Surface),
        (codes.AUTHORITIES, Authority),
        (measures.GATES, (gate["gate"] for gate in GATES)),
        (measures.COLOURS, PlateColour),
        (measures.KINDS, PlateKind),
    ],
)
def test_no_code_is_without_words(table: dict[str, object], needed: Iterable[str]) -> None:
    assert [str(code) for code in needed if code not in table] == []


def test_every_word_that_a_page_asks_for_is_there() -> None:
    """`word("...")` with a key that is missing would break a page, not a test."""
    room = Path(api.console.__path__[0])
    asked = {
        key
        for file in room.glob("*.py")
        for key in re.findall(r'\bword\("([A-Za-z_]+)"', file.read_text(encoding="utf-8"))
    }
    assert len(asked) > 50
    assert sorted(asked - set(WORDS)) == []


def test_both_languages_are_filled_in() -> None:
    for table in (WORDS, codes.OUTCOMES, codes.STEPS, codes.FLAGS, codes.PICTURES):
        for key, (chinese, english) in table.items():
            assert chinese, key
            assert english, key
    assert (word("grace", "zh"), word("grace", "en")) == ("宽容期（秒）", "Grace (seconds)")


def test_every_paint_has_its_word() -> None:
    assert set(BodyColour) <= set(measures.COLOURS)


def test_every_period_says_why_in_chinese() -> None:
    assert set(BASIS) == {rule.code for rule in RULES}


def test_a_time_that_people_type_is_the_citys_unless_it_says_otherwise() -> None:
    assert typed_instant("valid_from", " 2026-11-22 07:00 ").isoformat() == (
        "2026-11-22T07:00:00+08:00"
    )
    at = typed_instant("valid_from", "2026-11-21T23:30:00+00:00")
    assert dated(at) == "2026-11-22 07:30"
    assert typed_day("signed_on", "  ") is None
    with pytest.raises(BadInput, match="valid_from must be a day and time"):
        typed_instant("valid_from", None)
    with pytest.raises(BadInput, match="signed_on must be a day"):
        typed_day("signed_on", "22.11.2026")


def test_an_officers_own_reason_is_shown_as_it_is() -> None:
    assert codes.coded(codes.OUTCOMES, "车主在卸货", "en") == "车主在卸货"


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (0.9349, measures.SHARE, "93.5%", "93.5%"),
        (1.0, measures.SHARE, "100%", "100%"),
        (12.0, measures.SECONDS, "12 秒", "12 s"),
        (8.385, measures.SECONDS, "8.38 秒", "8.38 s"),
        (5, measures.COUNT, "5 次", "5"),
        (True, measures.TEXT, "是", "yes"),
        (False, measures.TEXT, "否", "no"),
        ("parking-1", measures.TEXT, "parking-1", "parking-1"),
        ("red", measures.PAINT, "红", "red"),
        (None, measures.SHARE, "", ""),
    ],
)
def test_values_carry_their_unit(value: object, unit: str, zh: str, en: str) -> None:
    assert measures.in_unit(value, unit, "zh") == zh
    assert measures.in_unit(value, unit, "en") == en


def test_gates_say_what_was_found_and_what_was_needed() -> None:
    lines = {line.key: line for line in measures.gates(GATES, "zh")}
    share = lines["detection_share"]
    assert (share.name, share.found, share.needed) == ("检测置信度达标的占比", "0%", "≥ 80%")
    assert not share.passed
    assert lines["plate_equal_reads"].needed == "≥ 5 次"
    assert lines["clock_offset_seconds"].needed == "≤ 1 秒"
    assert (lines["clone_suspected"].found, lines["clone_suspected"].passed) == ("否", True)


def test_a_measured_key_without_words_is_not_lost() -> None:
    (line,) = measures.measured({"new_number": 3}, "zh")
    assert (line.name, line.value) == ("new_number", "3")


VOTE = {
    "text": "浙A12345",
    "colour": "blue",
    "kind": "small",
    "confidence": 0.91,
    "province_confidence": 0.97,
    "margin": 0.6,
    "reads": 2,
    "equal_reads": 1,
    "accepted": False,
    "reasons": ["too_few_reads", "low_confidence"],
    "readings": [
        {
            "text": "浙A12345",
            "colour": "blue",
            "confidence": 0.91,
            "province_confidence": 0.97,
            "margin": 0.6,
        },
        {"text": None, "confidence": 0.0},
    ],
}


def test_plate_reads_stand_one_by_one() -> None:
    first, second = measures.reads(VOTE, "zh")
    assert first == measures.Read("浙A12345", "蓝", "91%", "97%", "60%")
    assert (second.text, second.margin) == ("无法辨认", ""), "older events kept less"
    said = {line.key: line.value for line in measures.vote(VOTE, "en")}
    assert said["colour"] == "blue · small car"
    assert said["equal_reads"] == "1 / 2"
    assert said["accepted"] == "no (too few reads, lowest character too weak)"
    assert measures.vote(None, "zh") == []
    assert measures.reads(None, "zh") == []


def _bad_zone(points: list[tuple[float, float]]) -> BadZone:
    with pytest.raises(BadZone) as refused:
        validate_polygon(points)
    return refused.value


@pytest.mark.parametrize(
    ("error", "zh"),
    [
        (
            FlowRefused(
                "no",
                [
                    Refusal("NO_LEGAL_BASIS", "the zone names no legal basis"),
                    Refusal("DEVICE_NOT_REVIEWED", "the camera lacks its review"),
                ],
            ),
            "区域未填写法律依据；设备未经法制和技术审核",
        ),
        (FlowRefused("no", [Refusal("BRAND_NEW", "a new guard says no")]), "a new guard says no"),
        (BadInput("is_true is not ticked", field="is_true"), "请勾选“真实”"),
        (BadInput("something else", field="elsewhere", hint="mend it"), "something else. mend it"),
        (StreamTimeout("no frame"), "视频流没有及时给出画面"),
        (_bad_zone([(0, 0), (1, 1), (1, 0), (0, 1)]), "区域的边互相交叉：请沿边界依次点出各顶点"),
        (_bad_zone([(0, 0), (0.5, 0.5), (1, 1)]), "各顶点在一条线上，没有面积：请画宽一些"),
        (_bad_zone([(0, 0), (0.5, 0.5)]), "顶点不足：区域至少要3个顶点"),
    ],
)
def test_refusals_are_told_in_chinese_with_the_mend(
    error: FlowRefused | BadInput | BadZone, zh: str
) -> None:
    assert told(error, "zh") == zh
    assert told(error, "en").startswith(error.message)


def test_every_guard_of_an_officers_step_has_its_chinese() -> None:
    """What an officer can be refused with, and what a camera is warned of on its page."""
    room = Path(__file__).resolve().parents[2] / "models"
    said = {
        code
        for file in ("flows/decision_guards.py", "fitness.py")
        for code in re.findall(r'Refusal\(\s*"([A-Z_]+)"', (room / file).read_text("utf-8"))
    }
    expected = said - {"REVIEW_OPEN", "CO_SIGNER_MISSING"}  # the clock's, and not an error
    assert len(expected) > 10
    missing = [
        code for code in expected if told(FlowRefused("x", [Refusal(code, "x")]), "zh") == "x"
    ]
    assert missing == []
