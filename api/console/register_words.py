"""Words of the registers: who answers for a frontage, what is permitted, whom to call."""

from __future__ import annotations

from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]

WORDS: dict[str, Pair] = {
    "registers": ("登记", "Registers"),
    "reg_parties": ("责任主体", "Who answers"),
    "reg_permits": ("许可", "Permits"),
    "reg_responders": ("应急联络", "Whom to call"),
    "reg_calls": ("我的呼叫", "My calls"),
    "reg_none": ("尚无登记。", "Nothing is registered yet."),
    "reg_add": ("登记", "Add"),
    "reg_end": ("终止", "End"),
    "reg_added": ("已登记", "Added"),
    "reg_kind": ("类别", "Kind"),
    "reg_shop": ("商铺", "shop"),
    "reg_household": ("住户", "household"),
    "reg_name": ("名称（住户只填门牌）", "Name (of a household the house number only)"),
    "reg_address": ("地址（20字内）", "Address (20 characters)"),
    "reg_phone": ("手机（可不填）", "Mobile phone (optional)"),
    "reg_party": ("责任主体", "Shop or household"),
    "reg_zone": ("区域", "Zone"),
    "reg_agreement": ("门前三包协议", "Frontage agreement"),
    "reg_document": ("文件编号", "Number of the document"),
    "reg_signed_on": ("签订日期 2026-11-22", "Signed on, 2026-11-22"),
    "reg_until_day": ("有效至（可不填）", "Until (optional)"),
    "reg_texts": ("同意接收短信提醒", "Agrees to be texted"),
    "reg_area_of_zone": (
        "范围同该区域；其他范围请用接口登记。",
        "It covers what the zone covers; other outlines come through the API.",
    ),
    "reg_approver": ("批准单位", "Approved by"),
    "reg_from": ("开始 2026-11-22 08:00", "From, 2026-11-22 08:00"),
    "reg_until": ("结束 2026-11-22 22:00", "Until, 2026-11-22 22:00"),
    "reg_max_people": ("批准人数（仅聚集活动）", "People approved (events only)"),
    "reg_area": ("路段（空为全部）", "Area (none: all)"),
    "reg_person": ("本系统人员（可不填）", "Member of staff (optional)"),
    "reg_active": ("在岗", "on duty"),
    "reg_inactive": ("不在岗", "off duty"),
    "reg_on_off": ("切换在岗", "On or off duty"),
    "police_station": ("派出所", "police station"),
    "cadre": ("社区干部", "community cadre"),
    "volunteer": ("志愿者", "volunteer"),
    "supervisor": ("督导", "supervisor"),
    "district_command": ("区指挥中心", "district command"),
    "call_waiting": ("待应答", "waits for an answer"),
    "call_accepted": ("已接受", "accepted"),
    "call_declined": ("已拒绝", "declined"),
    "call_no_answer": ("未应答", "not answered"),
    "calls_none": ("现在没有对您的呼叫。", "Nobody calls you just now."),
    "answer_by": ("应答时限", "Answer by"),
}
