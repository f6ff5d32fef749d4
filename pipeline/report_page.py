"""Pages of a printed document, in Chinese and English: A4 that fills from top to bottom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fontTools.ttLib import TTCollection
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from models.errors import Unavailable
from vision.picture_drawing import chinese_font

WIDTH = 180
"""Millimetres between the margins of A4."""


@dataclass(frozen=True, slots=True)
class ReportFont:
    path: str
    number: int
    """Which font of a collection (.ttc)."""


def report_font() -> ReportFont:
    """A font of this system with Chinese characters. Raises Unavailable, naming the package."""
    found = chinese_font()
    if found is None:
        raise Unavailable(
            "no font with Chinese characters is installed, and the report needs one",
            code="NO_CHINESE_FONT",
            hint="install Debian's package fonts-noto-cjk and export again",
        )
    regular = Path(found.replace("-Bold", "-Regular"))
    path = regular if regular.is_file() else Path(found)
    return ReportFont(str(path), _simplified(path))


def _simplified(path: Path) -> int:
    """The simplified Chinese one of a collection: others draw some characters the Japanese way."""
    if path.suffix.lower() != ".ttc":
        return 0
    with path.open("rb") as file:
        fonts = TTCollection(file, lazy=True).fonts
        names = [str(font["name"].getDebugName(4)) for font in fonts]
    return next((n for n, name in enumerate(names) if name.endswith(" SC")), 0)


class ReportPage:
    """One document; `pdf` is at its next free line."""

    def __init__(self, font: ReportFont, *, name: str, created: datetime, zone: ZoneInfo) -> None:
        self.pdf = FPDF(format="A4")
        self.pdf.set_margins(15, 15)
        self.pdf.set_auto_page_break(True, 18)
        self.pdf.add_font("report", fname=font.path, collection_font_number=font.number)
        self.pdf.set_font("report", size=9)
        self.pdf.set_creation_date(created)
        self.pdf.set_title(name)
        self.pdf.set_lang("zh-CN")
        self.pdf.add_page()
        self._zone = zone

    def when(self, instant: Any) -> str:
        """An ISO instant in the document's local time."""
        if not instant:
            return "-"
        at = datetime.fromisoformat(str(instant)).astimezone(self._zone)
        return f"{at:%Y-%m-%d %H:%M:%S} (UTC{at:%z})"

    def title(self, words: str, number: str) -> None:
        self.pdf.set_font_size(18)
        self.line(words, 10)
        self.pdf.set_font_size(13)
        self.line(number, 8)
        self.pdf.set_font_size(9)

    def heading(self, words: str, *, room: float = 40) -> None:
        """A heading, on the next page where less than `room` millimetres are left."""
        if self.pdf.get_y() > 279 - room:
            self.pdf.add_page()
        self.pdf.ln(4)
        self.pdf.set_font_size(12)
        self.line(words, 7)
        y = self.pdf.get_y()
        self.pdf.line(15, y, 15 + WIDTH, y)
        self.pdf.ln(1.5)
        self.pdf.set_font_size(9)

    def rows(self, rows: Iterable[tuple[str, str]]) -> None:
        """A name on the left, what it is on the right."""
        for name, words in rows:
            if self.pdf.get_y() > 268:
                self.pdf.add_page()
            top = self.pdf.get_y()
            self.pdf.set_text_color(90)
            self.cell(58, name)
            below, number = self.pdf.get_y(), self.pdf.page_no()
            self.pdf.set_text_color(0)
            self.pdf.set_xy(15 + 60, top)
            self.cell(WIDTH - 60, words)
            if self.pdf.page_no() == number:
                self.pdf.set_y(max(below, self.pdf.get_y()))

    def bytes(self) -> bytes:
        return bytes(self.pdf.output())

    def line(self, words: str, height: float) -> None:
        self.pdf.multi_cell(WIDTH, height, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def cell(self, width: float, words: str) -> None:
        self.pdf.multi_cell(width, 5, words or "-", align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
