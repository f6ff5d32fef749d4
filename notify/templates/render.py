"""From a text and an event's values to the words that are sent, and what they cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from models.errors import BadInput
from notify.templates.catalogue import Template, TemplateSet, own_templates
from notify.templates.lint import RULES, Language, lint_value, placeholders
from notify.templates.speech import aloud

_ONE_SEGMENT = 70
_EACH_OF_MANY = 67
"""UTF-16 units: a 【signature】 is not GSM-7, so every message is UCS-2 (domain.md 0.11)."""

_SHORTEST_PLACE = 3
LEAST_PLACE = 6
"""Brackets in a place are left out only where so much remains; a text must leave room for it."""

_PINYIN = {
    "京": "Jing", "津": "Jin", "沪": "Hu", "渝": "Yu", "冀": "Ji", "豫": "Yu", "云": "Yun",
    "辽": "Liao", "黑": "Hei", "湘": "Xiang", "皖": "Wan", "鲁": "Lu", "新": "Xin", "苏": "Su",
    "浙": "Zhe", "赣": "Gan", "鄂": "E", "桂": "Gui", "甘": "Gan", "晋": "Jin", "蒙": "Meng",
    "陕": "Shaan", "吉": "Ji", "闽": "Min", "贵": "Gui", "粤": "Yue", "青": "Qing", "藏": "Zang",
    "川": "Chuan", "宁": "Ning", "琼": "Qiong",
}  # fmt: skip

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


_THINGS: dict[tuple[str, Language], str] = {
    ("hanging", "zh"): "沿街晾挂物",
    ("hanging", "en"): "washing hung out",
    ("poster", "zh"): "违规张贴物",
    ("poster", "en"): "a poster",
}
"""What a reminder to a shop or household speaks of."""


class CityTexts(Protocol):
    """What rendering needs of `models.policy.Policy`."""

    @property
    def signature(self) -> str: ...
    @property
    def landline(self) -> str: ...
    @property
    def grace_seconds(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Message:
    """The words as sent, signature first, and the segments they are charged as."""

    body: str
    segments: int
    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What was filled in, by variable: for a provider that puts the words together itself."""


def segments(body: str) -> int:
    """Charged parts of `body`: one up to 70 UTF-16 units, else one for each 67."""
    units = len(body.encode("utf-16-le")) // 2
    return 1 if units <= _ONE_SEGMENT else -(-units // _EACH_OF_MANY)


def render(
    template: str,
    language: str,
    variables: Mapping[str, Any],
    policy: CityTexts,
    templates: TemplateSet | None = None,
) -> Message:
    """The message `template` in `language` with an event's `variables`.

    The landline and the signature are the city's (`policy`). The minutes are those of
    `variables["grace_seconds"]`, or else the policy's. A place so long that the message would
    cost more than its text promises is shortened: the owner's page shows it whole.

    Raises BadInput for an unknown template, a missing value, or a value that must not be sent.
    """
    chosen = (templates or own_templates()).get(template, language)
    values = _values(chosen, variables, policy)
    body = _compose(chosen, values, policy)
    while segments(body) > chosen.max_segments and len(values.get("place", "")) > _SHORTEST_PLACE:
        values["place"] = _shorter(values["place"])
        body = _compose(chosen, values, policy)
    return Message(body, segments(body), values)


def _compose(template: Template, values: Mapping[str, str], policy: CityTexts) -> str:
    if RULES[template.name].spoken:
        who = (
            f"这里是{policy.signature}。"
            if template.language == "zh"
            else (f"This is {policy.signature}. ")
        )
        return who + template.text.format_map(values)
    return f"【{policy.signature}】{template.text.format_map(values)}"


def _values(template: Template, variables: Mapping[str, Any], policy: CityTexts) -> dict[str, str]:
    given = {**variables, "landline": policy.landline}
    given["grace"] = _grace(template.language, variables, policy)
    spoken = RULES[template.name].spoken
    values: dict[str, str] = {}
    for name in placeholders(template.text):
        value = _spoken(name, given.get(name), template.language)
        if not value:
            raise BadInput(
                f"template {template.language}.{template.name} has no value for {name}",
                field=name,
                code="BAD_TEMPLATE",
            )
        lint_value(template.name, name, value)
        values[name] = aloud(name, value, template.language) if spoken else value
    return values


def _spoken(name: str, value: Any, language: Language) -> str:
    """A value in the language's own form."""
    if isinstance(value, date):
        zh = f"{value.month}月{value.day}日"
        return zh if language == "zh" else f"{value.day} {_MONTHS[value.month - 1]}"
    text = "" if value is None else str(value).strip()
    if name == "thing":
        return _THINGS.get((text, language), "")
    if name == "plate" and language == "en":
        return _PINYIN.get(text[:1], text[:1]) + text[1:]
    return text


def _grace(language: Language, variables: Mapping[str, Any], policy: CityTexts) -> str:
    seconds = round(float(variables.get("grace_seconds", policy.grace_seconds)))
    if seconds % 60 == 0:
        return f"{seconds // 60}分钟" if language == "zh" else f"{seconds // 60} min"
    return f"{seconds}秒" if language == "zh" else f"{seconds} s"


def _shorter(place: str) -> str:
    """One step shorter: first without what stands in brackets, then from the end."""
    plain = re.sub(r"[（(][^（()）]*[）)]", "", place)
    if len(plain) >= LEAST_PLACE and plain != place:
        return plain
    return place.rstrip("…")[:-1].rstrip() + "…"
