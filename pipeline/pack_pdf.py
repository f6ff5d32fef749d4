"""The report in an evidence pack: a PDF in Chinese and English, for a file on paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from models.evidence import MASKED
from models.notice import CALLS
from pipeline.report_page import WIDTH, ReportFont, ReportPage

if TYPE_CHECKING:
    from pipeline.pack_build import PackSource, Picture

_MASKED = (
    "黑色部分为隐私遮挡，从未被看到或保存；录像片段无法遮挡，因此不保存。\n"
    "What is black was never seen or kept; a clip cannot be masked, so there is none."
)

_KINDS: Mapping[str, str] = {
    "E1": "首次全景 Panorama at the beginning",
    "E2": "首次号牌特写 Plate at the beginning",
    "E3": "间隔后全景 Panorama at least 10 s later",
    "E4": "限时届满后全景 Panorama after the deadline",
    "E5": "限时届满后号牌特写 Plate after the deadline",
    "E6": "届满后第二张全景 Second panorama after the deadline",
    "V1": "首次录像 Clip at the beginning",
    "V2": "复核录像 Clip at the re-check",
    "LEFT": "已驶离 The place after the vehicle left",
    "PAPER": "纸质告知照片 Photo of the paper notice",
    "ON_SITE": "现场照片 Photo on site",
    "STATEMENT": "陈述申辩附件 Photo with a statement",
}


def report_pdf(source: PackSource, pictures: Sequence[Picture], font: ReportFont) -> bytes:
    """The report: what, where, when, by which rule; each step, text and picture; every hash."""
    page = _Page(
        font,
        name=f"Qifen {source.event_no}",
        created=source.exported_at,
        zone=ZoneInfo(source.camera["time_zone"]),
    )
    page.title("证据包  Evidence pack", source.event_no)
    page.rows(_event_rows(source, page.when))
    page.heading("经过  What happened, step by step")
    page.rows(_steps(source, page.when))
    page.heading("短信记录  Texts")
    page.rows(text_rows(source.texts, page.when) or [("-", "无 none")])
    page.heading("人工审核与陈述申辩  Officers' decisions and the owner's statements")
    page.rows(_people(source.facts, page.when) or [("-", "无 none")])
    page.heading("图像证据  Pictures and clips", room=130)
    if any(picture.record["details"].get(MASKED) for picture in pictures):
        page.rows([("隐私遮挡 Privacy masks", _MASKED)])
    for picture in pictures:
        page.picture(picture)
    page.heading("完整性  Integrity")
    page.rows(_integrity(source, pictures))
    return page.bytes()


class _Page(ReportPage):
    """The report's pages, with pictures."""

    def picture(self, picture: Picture) -> None:
        record = picture.record
        kind = str(record["kind"])
        caption = f"{kind}  {_KINDS.get(kind, '')}  {self.when(record['captured_at'])}"
        if picture.copy:
            wide, tall = self._size(picture.copy)
            if self.pdf.get_y() + tall + 14 > 279:
                self.pdf.add_page()
            self.line(caption, 6)
            self.pdf.image(io.BytesIO(picture.copy), w=wide, h=tall)
            self.pdf.ln(1)
        else:
            left = (
                "已按保存期限删除 not kept any more" if picture.data is None else "见原始文件 see"
            )
            self.line(f"{caption}  {left}  {picture.entry['name']}", 6)
        self.cell(WIDTH, f"SHA-256 {record['sha256']}")
        self.pdf.ln(2)

    def _size(self, jpeg: bytes) -> tuple[float, float]:
        from PIL import Image  # noqa: PLC0415

        with Image.open(io.BytesIO(jpeg)) as image:
            wide, tall = image.size
        scale = min(150 / wide, 105 / tall)
        return wide * scale, tall * scale


def _event_rows(source: PackSource, when: Callable[[Any], str]) -> list[tuple[str, str]]:
    facts = source.facts
    return [
        ("号牌 Plate", str(facts["plate"] or "-")),
        ("地点 Place", f"{facts['place']}  {facts['zone']}"),
        ("设备 Camera", f"{source.camera['name']}  {source.camera['device']}"),
        ("发现 First seen", when(facts["first_seen_at"])),
        ("告知送达 Notice delivered", when(facts["notified_at"])),
        ("限时届满 Deadline", when(facts["grace_deadline_at"])),
        ("最后所见 Last seen", when(facts["last_seen_at"])),
        ("驶离 Left", when(facts["gone_at"])),
        ("状态 State", f"{_state(source, facts['state'])}  {facts['outcome'] or ''}"),
        ("依据 Legal basis", str(facts["legal_basis"] or "-")),
        ("区域版本与阶段 Zone version, phase", f"{source.zone_version}, {source.zone_phase}"),
        ("规则 Rule", source.rule or "-"),
        ("模型 Model sha256", source.model_sha256 or "-"),
        ("软件 Software", f"Qifen {source.software}"),
        ("导出 Exported", f"{when(source.exported_at.isoformat())}  {source.exported_by}"),
        ("事由 Reason", source.reason),
    ]


def _steps(source: PackSource, when: Callable[[Any], str]) -> list[tuple[str, str]]:
    return [
        (
            when(step["at"]),
            f"{step['transition']}  {_state(source, step['to'])}  "
            f"{step['actor_kind']} {step['reason']}".rstrip(),
        )
        for step in source.transitions
    ]


def _state(source: PackSource, state: str) -> str:
    return f"{state} {source.state_words.get(state, '')}".rstrip()


def text_rows(
    texts: Iterable[Mapping[str, Any]], when: Callable[[Any], str]
) -> list[tuple[str, str]]:
    """What was sent or said, when it arrived, and of a call what the provider says became of it."""
    rows: list[tuple[str, str]] = []
    for text in texts:
        is_call = text["template"] in CALLS
        arrived = "接通 picked up" if is_call else "送达 delivered"
        rows.append(
            (
                f"{text['template']}  {_outcome(text) if is_call else text['status']}",
                f"{text['body'] or '-'}\n{text['phone']}  {arrived} {when(text['delivered_at'])}",
            )
        )
    return rows


def _outcome(call: Mapping[str, Any]) -> str:
    said = [one["provider_status"] for one in call["receipts"] if one["counted"]]
    return f"电话 call  {said[-1] if said else call['status']}"


def _people(facts: Mapping[str, Any], when: Callable[[Any], str]) -> list[tuple[str, str]]:
    rows = [
        (
            f"{one['officer']}  {one['licence_no']}",
            f"{one['kind']}  {when(one['decided_at'])}  {one['reason'] or ''}",
        )
        for one in facts["decisions"]
    ]
    return rows + [
        (f"陈述申辩 Statement  {when(one['received_at'])}", f"{one['text']}  ({one['status']})")
        for one in facts["statements"]
    ]


def _integrity(source: PackSource, pictures: Sequence[Picture]) -> list[tuple[str, str]]:
    head = source.chain["head"]
    rows = [
        ("链头 Chain head", f"{head['sequence']}  {head['chain_hash']}"),
        ("核验 To verify", "qifen evidence verify <本文件 this file>"),
    ]
    return rows + [
        (f"链 Chain {p.record['sequence']}  {p.record['kind']}", str(p.record["chain_hash"]))
        for p in pictures
    ]
