"""What a Chinese plate may say: kinds, alphabets and lengths of GA 36-2018 (domain.md 2.6).

A kind is written once, as one set of characters per position (`Shape`). The regular expressions
and the recogniser's decoder are both made from these shapes, so they cannot drift apart.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, TypeAlias

from vision.types import PlateColour, PlateKind

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""I and O are never used in serials."""
DIGITS: Final = "0123456789"
SERIAL: Final = LETTERS + DIGITS
OFFICE: Final = LETTERS + "O"
"""Issuing office. O was a police letter and is retired: it is read, and flagged (`suspicions`)."""
NEV_LETTERS: Final = "ABCDEFGHJK"
"""A B C D E pure electric, F G H J K not pure."""

PROVINCE_NAMES: Final = {
    **{"京": "Jing", "津": "Jin", "沪": "Hu", "渝": "Yu", "冀": "Ji", "豫": "Yu", "云": "Yun"},
    **{"辽": "Liao", "黑": "Hei", "湘": "Xiang", "皖": "Wan", "鲁": "Lu", "新": "Xin", "苏": "Su"},
    **{"浙": "Zhe", "赣": "Gan", "鄂": "E", "桂": "Gui", "甘": "Gan", "晋": "Jin", "蒙": "Meng"},
    **{"陕": "Shaan", "吉": "Ji", "闽": "Min", "贵": "Gui", "粤": "Yue", "青": "Qing"},
    **{"藏": "Zang", "川": "Chuan", "宁": "Ning", "琼": "Qiong"},
    **{"挂": "Gua", "学": "Xue", "警": "Jing", "港": "Gang", "澳": "Ao", "领": "Ling"},
    **{"使": "Shi", "应": "Ying", "急": "Ji"},
}
"""Pinyin, for where no Chinese character can be drawn."""

Shape: TypeAlias = tuple[str, ...]
"""One alphabet per position."""

SHAPES: Final[dict[PlateKind, tuple[Shape, ...]]] = {
    PlateKind.SMALL: ((PROVINCES, OFFICE, *[SERIAL] * 5),),
    PlateKind.LARGE: ((PROVINCES, OFFICE, *[SERIAL] * 5),),
    PlateKind.TRAILER: ((PROVINCES, OFFICE, *[SERIAL] * 4, "挂"),),
    PlateKind.NEV_SMALL: ((PROVINCES, OFFICE, NEV_LETTERS, SERIAL, *[DIGITS] * 4),),
    PlateKind.NEV_LARGE: ((PROVINCES, OFFICE, *[DIGITS] * 5, NEV_LETTERS),),
    PlateKind.COACH: ((PROVINCES, OFFICE, *[SERIAL] * 4, "学"),),
    PlateKind.POLICE: ((PROVINCES, OFFICE, *[SERIAL] * 4, "警"),),
    PlateKind.CONSULATE: ((PROVINCES, OFFICE, *[SERIAL] * 4, "领"), (*[DIGITS] * 6, "领")),
    PlateKind.EMBASSY: (("使", *[DIGITS] * 6), (*[DIGITS] * 6, "使")),
    PlateKind.HK_MACAO: (("粤", "Z", *[SERIAL] * 4, "港澳"),),
    PlateKind.EMERGENCY: ((PROVINCES, "XS", *[SERIAL] * 4, "应", "急"),),
    PlateKind.ARMED_POLICE: (("W", "J", PROVINCES, *[DIGITS] * 4, SERIAL),),
    PlateKind.MILITARY: ((LETTERS, LETTERS, *[DIGITS] * 5),),
}

COLOURS: Final[dict[PlateKind, PlateColour]] = {
    PlateKind.SMALL: PlateColour.BLUE,
    PlateKind.LARGE: PlateColour.YELLOW,
    PlateKind.TRAILER: PlateColour.YELLOW,
    PlateKind.NEV_SMALL: PlateColour.GREEN,
    PlateKind.NEV_LARGE: PlateColour.GREEN,
    PlateKind.COACH: PlateColour.YELLOW,
    PlateKind.POLICE: PlateColour.WHITE,
    PlateKind.CONSULATE: PlateColour.BLACK,
    PlateKind.EMBASSY: PlateColour.BLACK,
    PlateKind.HK_MACAO: PlateColour.BLACK,
    PlateKind.EMERGENCY: PlateColour.WHITE,
    PlateKind.ARMED_POLICE: PlateColour.WHITE,
    PlateKind.MILITARY: PlateColour.WHITE,
}


_NO_PROVINCE_FIRST: Final = frozenset(
    {
        PlateKind.LARGE,  # the same text as SMALL
        PlateKind.CONSULATE,
        PlateKind.EMBASSY,
        PlateKind.ARMED_POLICE,
        PlateKind.MILITARY,
    }
)


_OF_BLACK: Final = (PlateKind.CONSULATE, PlateKind.EMBASSY, PlateKind.HK_MACAO)


def _pattern(shapes: tuple[Shape, ...]) -> re.Pattern[str]:
    return re.compile("|".join("".join(f"[{a}]" for a in shape) for shape in shapes))


PLATE_PATTERNS: Final[dict[PlateKind, re.Pattern[str]]] = {
    kind: _pattern(shapes) for kind, shapes in SHAPES.items()
}
"""Use with `fullmatch` on normalised text. LARGE equals SMALL: only the colour tells them apart."""

_SEPARATORS: Final = re.compile(r"[\s·•・‧∙⋅.\-‐‑‒–—―−_]")


def normalize(text: str) -> str:
    """The one written form of a plate (domain.md 2.6).

    NFKC, upper case, separators removed; O becomes 0 and I becomes 1 in the serial positions
    only, never in the issuing letter. What is no plate comes back cleaned, not refused.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    # Without the separators a letter and an accent may stand side by side: compose them too.
    plain = unicodedata.normalize("NFKC", _SEPARATORS.sub("", plain))
    head = 1 if plain.startswith("使") or plain[:1].isdigit() else 2
    return plain[:head] + plain[head:].replace("O", "0").replace("I", "1")


def parse(text: str, colour: PlateColour = PlateColour.UNKNOWN) -> PlateKind | None:
    """The kind of plate that `text` is on a plate of `colour`, or None where they disagree.

    Length and colour must agree: eight characters only on green, or on white for the services.
    An unknown colour lets the text alone decide; SMALL then stands for LARGE too.
    """
    plain = normalize(text)
    fitting = [kind for kind, pattern in PLATE_PATTERNS.items() if pattern.fullmatch(plain)]
    if colour is PlateColour.UNKNOWN:
        return fitting[0] if fitting else None
    return next((kind for kind in fitting if COLOURS[kind] is colour), None)


def kinds_of(colour: PlateColour) -> tuple[PlateKind, ...]:
    """Kinds to read a plate of `colour` as; `parse` has the last word.

    An unknown colour leaves those that begin with a province: the others are mostly digits, and a
    plate whose province was lost in a blur would pass for one of them.
    """
    if colour is PlateColour.UNKNOWN:
        return tuple(kind for kind in PlateKind if kind not in _NO_PROVINCE_FIRST)
    if colour is PlateColour.BLACK:
        # Dark blue at night measures black; without SMALL its last digit would be forced into 领.
        return (PlateKind.SMALL, *_OF_BLACK)
    return tuple(kind for kind in PlateKind if COLOURS[kind] is colour)


def province_position(text: str) -> int:
    """Where the province stands: 0, or 2 behind WJ; -1 where the kind has none."""
    plain = normalize(text)
    if plain.startswith("WJ"):
        return 2 if plain[2:3] and plain[2] in PROVINCES else -1
    return 0 if plain[:1] and plain[0] in PROVINCES else -1


def suspicions(text: str) -> tuple[str, ...]:
    """Why a well-formed text may still be no plate of today; an officer looks at it then.

    `office_o`: issuing letter O, retired. `many_letters`: more than two letters in the serial of
    an ordinary plate (domain.md 2.6; new-energy and service plates have their own forms).
    """
    plain = normalize(text)
    found: list[str] = []
    if plain[1:2] == "O":
        found.append("office_o")
    ordinary = PLATE_PATTERNS[PlateKind.SMALL].fullmatch(plain)
    if ordinary and sum(c in LETTERS for c in plain[2:]) > 2:
        found.append("many_letters")
    return tuple(found)
