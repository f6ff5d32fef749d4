"""The pre-notice on paper (事先告知书): what art. 44 asks to be told, and its receipt (送达回证).

The one place outside the evidence pack where the full plate is printed: a party has to know which
vehicle is meant (L38). Names and addresses are written in by hand; this system knows none.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import deadlines, pre_notice
from models.audit_log import record_viewing
from models.errors import Conflict, NotFound
from models.event import Event, EventState
from models.handover import reply_until
from models.penalty import PreNotice
from models.people import Decision, User
from models.policy import LOCAL_ZONE, Policy
from models.recusal import signers
from pipeline.report_page import ReportPage, report_font

BLANK = "____________________________"
_SANCTIONS = {
    "NONE": "不予处罚 No penalty",
    "WARNING": "警告 Warning",
    "CRITICISM": "通报批评 Public criticism",
    "FINE": "罚款 Fine",
}
_DEGREES = {
    "LENIENT": "从轻、减轻 lenient",
    "ORDINARY": "一般 ordinary",
    "SEVERE": "从重 severe",
}
_HOW = {
    "in_person": "直接送达 In person",
    "left_at_place": "留置送达 Left at the place",
    "post": "邮寄送达 By post",
    "electronic": "电子送达 Electronically",
}
_WHO = {
    "party": "本人 The party",
    "family": "同住成年家属 An adult of the household",
    "unit": "单位收发部门 The unit's mail room",
    "agent": "代理人或指定代收人 An agent",
    "witness": "见证人 A witness",
}


def print_sheet(
    session: Session, event: Event, user: User, *, policy: Policy, at: datetime
) -> bytes:
    """The latest version as a PDF, and a line in the viewing log for its full plate.

    Raises NotAllowed for who may not decide it, NotFound without a sheet, Conflict where nothing
    is established (any more), Unavailable without a Chinese font.
    """
    pre_notice.check_officer(session, event, user, at)
    sheet = pre_notice.latest(session, event)
    if sheet is None:
        raise NotFound(f"event {event.event_no} has no pre-notice")
    if event.state != EventState.ESCALATED or event.purged_at is not None:
        raise Conflict("nothing follows from this event any more", code="NOT_ESCALATED")
    record_viewing(
        session, at=at, viewer=user.username, user_id=user.id, event=event, reason="pre-notice"
    )
    # Sheets of an installation that gave them no numbers yet have none.
    number = sheet.number or pre_notice.own_number(event, sheet.version)
    page = ReportPage(report_font(), name=number, created=at, zone=LOCAL_ZONE)
    page.title("行政处罚事先告知书  Pre-notice", number)
    page.line("本告知不是处罚决定。 This is no decision.", 6)
    _told(page, event, sheet)
    _days(page, sheet, policy)
    _issued(page, session, event, sheet, policy)
    _receipt(page, sheet)
    return page.bytes()


def _told(page: ReportPage, event: Event, sheet: PreNotice) -> None:
    """The five fields and the remedies, in the order of art. 44."""
    page.rows(
        [
            ("当事人 Party", BLANK),
            ("车辆 Vehicle", event.plate or "-"),
            ("地点 Place", event.zone.area.place or event.zone.area.name),
            ("时间 Time", page.when(event.flagged_at.isoformat())),
            ("事件编号 Event", event.event_no),
        ]
    )
    page.heading("一、拟作出的处理  What is proposed")
    page.rows(
        [
            ("种类 Kind", _SANCTIONS[sheet.sanction]),
            ("裁量 Discretion", _DEGREES[sheet.degree]),
            ("内容 Content", sheet.content),
        ]
    )
    for title, words in (
        ("二、事实  Facts", sheet.facts),
        ("三、理由  Reasons", sheet.reasons),
        ("四、依据  Legal basis", sheet.basis),
        ("五、您的权利  Your rights", sheet.rights),
        ("六、救济途径  Remedies", sheet.remedies),
    ):
        page.heading(title, room=25)
        page.line(words, 5)


def _days(page: ReportPage, sheet: PreNotice, policy: Policy) -> None:
    days = policy.pre_notice_work_days
    until = reply_until(sheet, policy)
    page.heading("七、期限  Time to speak", room=25)
    page.rows(
        [
            (
                "陈述、申辩、要求听证\nStatement, defence, hearing",
                f"收到本告知之日起{days}个工作日内  within {days} work days of receiving this",
            ),
            ("至 Until", BLANK if until is None else page.when(until.isoformat())),
            ("联系电话 Phone", policy.landline),
        ]
    )


def _issued(
    page: ReportPage, session: Session, event: Event, sheet: PreNotice, policy: Policy
) -> None:
    """Who found it (L08: two officers with their licences), and whose sheet it is."""
    signed = signers(session, event.id)
    rows = session.execute(
        select(User, Decision.licence_no)
        .join(Decision, Decision.officer_id == User.id)
        .where(Decision.event_id == event.id, User.id.in_(signed))
        .order_by(Decision.id)
    )
    officers = [
        (
            "执法人员 Officer",
            f"{user.display_name or user.username}  执法证号 licence {number}\n签名 signed {BLANK}",
        )
        for user, number in rows
    ]
    page.heading("执法机关  Authority", room=50)
    page.rows(
        [
            *officers,
            ("机关 Authority", f"{policy.signature}（印章 seal）"),
            ("日期 Date", f"{deadlines.local(sheet.written_at):%Y-%m-%d}"),
        ]
    )


def _receipt(page: ReportPage, sheet: PreNotice) -> None:
    """送达回证: as it was recorded, or lines to fill in by hand."""
    page.heading("送达回证  Receipt", room=60)
    if sheet.waived_at is not None:
        page.rows([("放弃陈述申辩的记录 Record of the waiver", sheet.waiver)])
        return
    at = None if sheet.delivered_at is None else sheet.delivered_at.isoformat()
    page.rows(
        [
            ("方式 How", _HOW.get(sheet.delivered_how, BLANK)),
            ("时间 When", BLANK if at is None else page.when(at)),
            ("收件人 Taken by", _WHO.get(sheet.received_by, BLANK)),
            ("回证编号 Number of the receipt", sheet.proof or BLANK),
            ("签收人签名 Signed", BLANK),
            ("送达人签名 Served by", f"{BLANK}  {BLANK}"),
        ]
    )
