"""Measured numbers in people's words: what was found, in which unit, and what was asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.console.codes import Table, coded
from api.languages import pick

SHARE, SECONDS, COUNT, TEXT, MOMENT = "share", "seconds", "count", "text", "moment"
PAINT = "paint"

MEASURED: Mapping[str, tuple[str, tuple[str, str]]] = {
    "dwell_seconds": (SECONDS, ("停留", "stood for")),
    "samples_seen": (COUNT, ("看见次数", "looks that saw it")),
    "samples_missed": (COUNT, ("未看见次数", "looks that missed it")),
    "confidence_mean": (SHARE, ("平均检测置信度", "mean detection confidence")),
    "confident_share": (SHARE, ("检测置信度达标的占比", "share of looks that were sure")),
    "longest_gap_seconds": (SECONDS, ("宽容期内最长中断", "longest time out of sight")),
    "samples": (COUNT, ("观察次数", "looks")),
    "round": (TEXT, ("第几轮聚集", "round of this gathering")),
    "people": (TEXT, ("人数", "people")),
    "peak": (TEXT, ("峰值人数", "most people")),
    "threshold": (TEXT, ("人数阈值", "threshold of people")),
    "density": (TEXT, ("密度（人/平方米）", "people a square metre")),
    "falling_from": (TEXT, ("下降起算人数", "fewer since there were")),
    "falling_since": (MOMENT, ("下降起算时间", "fewer since")),
    "object_id": (TEXT, ("目标编号", "object number")),
    "body_colour": (PAINT, ("车身颜色", "paint of the vehicle")),
    "joined_metres": (TEXT, ("与主事件车辆位置相距（米）", "metres from its master's vehicle")),
    "joined_shared_seconds": (SECONDS, ("两摄像头同时看见", "seen by both cameras for")),
    "rule": (TEXT, ("规则版本", "rule version")),
    "software": (TEXT, ("软件版本", "software version")),
}
"""Key of `event.measured`: its unit and its words. What is not here is shown under its key."""

GATES: Mapping[str, tuple[str, tuple[str, str]]] = {
    "detection_share": (SHARE, ("检测置信度达标的占比", "share of looks that were sure")),
    "plate_valid": (TEXT, ("号牌符合编排规则", "plate fits the grammar")),
    "plate_confidence": (SHARE, ("号牌最低字符置信度", "plate's lowest character")),
    "plate_equal_reads": (COUNT, ("号牌一致读数", "equal reads of the plate")),
    "province_confidence": (SHARE, ("省份字符置信度", "province character")),
    "colour_agrees": (TEXT, ("底色与号牌种类相符", "colour agrees with the plate's kind")),
    "plates_disagree": (TEXT, ("读数互相矛盾", "reads contradict each other")),
    "official_plate": (TEXT, ("警用、军用等号牌", "police, military or emergency plate")),
    "registry_found": (TEXT, ("登记库中有此车", "vehicle found in the register")),
    "registry_contradicts": (TEXT, ("与登记车型矛盾", "contradicts the register")),
    "contact_found": (TEXT, ("有车主联系方式", "a contact of the owner is known")),
    "clock_offset_seconds": (SECONDS, ("摄像头时钟偏差", "camera's clock is off by")),
    "clone_suspected": (TEXT, ("疑似套牌", "cloned plate suspected")),
}

COLOURS: Table = {
    "blue": ("蓝", "blue"),
    "yellow": ("黄", "yellow"),
    "green": ("绿", "green"),
    "white": ("白", "white"),
    "black": ("黑", "black"),
    "grey": ("灰", "grey"),
    "red": ("红", "red"),
    "brown": ("棕", "brown"),
    "unknown": ("未知", "unknown"),
}
"""Of plates and of paint."""
KINDS: Table = {
    "small": ("小型汽车", "small car"),
    "large": ("大型汽车", "large vehicle"),
    "trailer": ("挂车", "trailer"),
    "nev_small": ("小型新能源", "small electric car"),
    "nev_large": ("大型新能源", "large electric vehicle"),
    "coach": ("教练车", "learner's car"),
    "police": ("警用", "police"),
    "consulate": ("领馆", "consulate"),
    "embassy": ("使馆", "embassy"),
    "hk_macao": ("港澳", "Hong Kong or Macao"),
    "emergency": ("应急救援", "emergency"),
    "armed_police": ("武警", "armed police"),
    "military": ("军用", "military"),
}
DOUBTS: Table = {
    "too_few_reads": ("读数太少", "too few reads"),
    "low_confidence": ("最低字符置信度不足", "lowest character too weak"),
    "low_province": ("省份字符置信度不足", "province too weak"),
    "small_margin": ("与次优答案差距过小", "lead over the second answer too small"),
    "unsure_alone": ("多数单次读数不足以采信", "most readings not sure enough by themselves"),
    "disagreement": ("读数互相矛盾", "reads contradict each other"),
    "colour_mismatch": ("底色与种类不符", "colour does not fit the kind"),
    "unreadable": ("无法辨认", "unreadable"),
}
_ZONE = ZoneInfo("Asia/Shanghai")
_YES_NO = {True: ("是", "yes"), False: ("否", "no")}
_UNITS = {SECONDS: ("秒", "s"), COUNT: ("次", "")}
_SIGNS = {">=": "≥", "<=": "≤"}


@dataclass(frozen=True)
class Line:
    """`key` is the raw name, for the tooltip."""

    key: str
    name: str
    value: str


@dataclass(frozen=True)
class GateLine:
    key: str
    name: str
    found: str
    needed: str
    passed: bool


@dataclass(frozen=True)
class Read:
    """One reading of the plate, as shown; empty where a value was not kept."""

    text: str
    colour: str
    lowest: str
    province: str
    margin: str


def in_unit(value: Any, unit: str, language: str) -> str:
    """A value as people read it: 93.5 %, 12.4 s, yes; an empty string for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return pick(_YES_NO[value], language)
    if unit == MOMENT and isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(_ZONE).strftime("%m-%d %H:%M:%S")
    if not isinstance(value, int | float):
        return coded(COLOURS, str(value), language) if unit == PAINT else str(value)
    if unit == SHARE:
        return f"{_plain(value * 100, 1)}%"
    words = _UNITS.get(unit)
    number = _plain(value, 2)
    return number if words is None else f"{number} {pick(words, language)}".rstrip()


def measured(values: Mapping[str, Any], language: str) -> list[Line]:
    """Every measured number but the plate's votes, which `reads` shows."""
    lines: list[Line] = []
    for key, value in values.items():
        if key == "plate_vote":
            continue
        if key == "model":
            lines.append(Line(key, pick(("识别模型", "model"), language), _model(value)))
            continue
        unit, words = MEASURED.get(key, (TEXT, (key, key)))
        lines.append(Line(key, pick(words, language), in_unit(value, unit, language)))
    return lines


def gates(rows: Sequence[Mapping[str, Any]], language: str) -> list[GateLine]:
    """The gates of A7, each with what was found and what was needed."""
    lines: list[GateLine] = []
    for row in rows:
        key = str(row.get("gate", ""))
        unit, words = GATES.get(key, (TEXT, (key, key)))
        lines.append(
            GateLine(
                key,
                pick(words, language),
                in_unit(row.get("measured"), unit, language),
                _needed(row.get("needed"), unit, language),
                row.get("passed") is True,
            )
        )
    return lines


def vote(found: Mapping[str, Any] | None, language: str) -> list[Line]:
    """What all readings of the plate say together."""
    if not found:
        return []

    def line(key: str, words: tuple[str, str], value: str) -> Line:
        return Line(key, pick(words, language), value)

    colour = coded(COLOURS, str(found.get("colour", "")), language)
    kind = coded(KINDS, str(found.get("kind") or ""), language)
    doubts = [coded(DOUBTS, str(reason), language) for reason in found.get("reasons", [])]
    enough = pick(_YES_NO[found.get("accepted") is True], language)
    return [
        line("text", ("读出", "reads"), str(found.get("text") or "–")),
        line("colour", ("底色、种类", "colour, kind"), " · ".join(filter(None, (colour, kind)))),
        line("confidence", ("最低字符", "lowest character"), _share(found, "confidence")),
        line("province_confidence", ("省份字符", "province"), _share(found, "province_confidence")),
        line("margin", ("与次优差距", "lead over the second answer"), _share(found, "margin")),
        line(
            "equal_reads",
            ("一致读数 / 全部读数", "equal reads / all reads"),
            f"{found.get('equal_reads', 0)} / {found.get('reads', 0)}",
        ),
        line(
            "accepted",
            ("足以发短信", "good enough for a text"),
            f"{enough} ({', '.join(doubts)})" if doubts else enough,
        ),
    ]


def reads(found: Mapping[str, Any] | None, language: str) -> list[Read]:
    """The readings one by one, as they were taken."""
    return [
        Read(
            str(reading.get("text") or pick(("无法辨认", "unreadable"), language)),
            coded(COLOURS, str(reading.get("colour", "")), language),
            _share(reading, "confidence"),
            _share(reading, "province_confidence"),
            _share(reading, "margin"),
        )
        for reading in (found or {}).get("readings", [])
    ]


def _share(values: Mapping[str, Any], key: str) -> str:
    return in_unit(values.get(key), SHARE, "")


def _needed(needed: Any, unit: str, language: str) -> str:
    """ ">= 0.8" becomes "≥ 80%"."""
    sign, _, number = needed.partition(" ") if isinstance(needed, str) else ("", "", "")
    if sign not in _SIGNS:
        return in_unit(needed, unit, language)
    return f"{_SIGNS[sign]} {in_unit(float(number), unit, language)}"


def _model(model: Any) -> str:
    if not isinstance(model, Mapping):
        return "–"
    parts = [str(model.get(key)) for key in ("name", "layout", "backend") if model.get(key)]
    return " · ".join([*parts, f"sha256 {str(model.get('sha256', ''))[:12]}…"])


def _plain(number: float, digits: int) -> str:
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
