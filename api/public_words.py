"""The words of the public pages, Chinese and English. The law's own terms stay Chinese."""

from __future__ import annotations

from collections.abc import Mapping

PLACES: Mapping[str, tuple[str, str]] = {
    "street": ("道路", "street"),
    "square": ("广场", "square"),
    "park": ("公园", "park"),
    "station": ("车站", "station"),
    "market": ("市场", "market"),
    "school_gate": ("学校门口", "school gate"),
    "hospital_gate": ("医院门口", "hospital gate"),
    "car_park": ("停车场", "car park"),
    "other_public": ("其他公共场所", "another public place"),
}
SURFACES: Mapping[str, tuple[str, str]] = {
    "sidewalk": ("人行道", "pavement"),
    "blind_track": ("盲道", "tactile track"),
    "non_motor_lane": ("非机动车道", "cycle lane"),
    "motor_lane": ("机动车道", "carriageway"),
    "square": ("广场", "square"),
}

WORDS: Mapping[str, tuple[str, str]] = {
    "brand": ("七分", "Qifen"),
    "other": ("English", "中文"),
    "nav_cameras": ("摄像头位置", "Where cameras stand"),
    "nav_rules": ("标准、依据、程序与救济", "Standards, basis, procedure, remedies"),
    "nav_privacy": ("个人信息处理规则", "How personal data are processed"),
    "nav_owner": ("车主查询与申辩", "For owners: look and object"),
    "phone": ("咨询电话", "Questions"),
    "kind_parking": ("人行道违停", "parking on the pavement"),
    "kind_hanging": ("沿街晾挂", "things hung out over the street"),
    "kind_poster": ("违规宣传物", "posters without approval"),
    "kind_crowd": ("人员聚集计数（不识别个人）", "counting crowds (nobody is identified)"),
    # cameras
    "cameras_title": ("电子技术监控设备设置地点", "Where cameras stand"),
    "cameras_intro": (
        "依据《行政处罚法》第四十一条，电子技术监控设备须经法制和技术审核，设置合理、标志明显，"
        "设置地点向社会公布。",
        "Under art. 41 of the Administrative Penalty Law (行政处罚法) a camera is reviewed in law "
        "and technique, stands sensibly and is marked, and its place is published.",
    ),
    "place": ("地点", "Place"),
    "place_kind": ("场所", "Kind of place"),
    "direction": ("朝向", "Looks"),
    "purpose": ("用途", "Purpose"),
    "detects": ("识别内容", "Looks for"),
    "published_on": ("公布日期", "Published"),
    "none": ("目前没有公布的设备。", "No camera is published at present."),
    "machine": ("机器可读", "For machines"),
    # rules
    "rules_title": ("标准、依据、程序与救济", "Standards, basis, procedure and remedies"),
    "rules_where": ("何处管什么", "What is asked where"),
    "rules_none": ("目前没有生效的区域。", "No zone is in force at present."),
    "surface": ("路面", "Ground"),
    "basis": ("依据", "Basis"),
    "minutes": ("宽容期", "Grace"),
    "minutes_unit": ("分钟", "minutes"),
    "reminder_only": ("仅提醒", "reminders only"),
    "no_grace": ("不设宽容期", "no grace"),
    "procedure": ("程序", "Procedure"),
    "step_seen": (
        "摄像头发现车辆在禁停处停留超过规定时间；识别存疑的由执法人员确认。",
        "A camera sees a vehicle stand too long where it may not; in doubt an officer confirms it.",
    ),
    "step_text": (
        "向车主发送提醒短信。短信送达后开始计时，时限内驶离的不予处罚。",
        "The owner gets a text. Its arrival starts the time; who leaves within it is not punished.",
    ),
    "step_look": (
        "期满后复核。看不清、无法确认的，按有利于当事人结案。",
        "After that a second look. What cannot be seen clearly is closed in the owner's favour.",
    ),
    "step_officers": (
        "仍未驶离的，由两名执法人员依法审核；系统不作处罚决定，也不计算罚款。",
        "Who stayed is judged by two officers under the law; the system punishes nobody and "
        "knows no amounts.",
    ),
    "step_tell": (
        "作出决定前告知拟处罚的内容及事实、理由、依据，听取陈述申辩；申辩不加重处罚。",
        "Before any decision its content, facts, reasons and basis are told, and objections are "
        "heard; objecting never makes it harsher.",
    ),
    "step_hanging": (
        "晾挂、宣传物先提醒，再由两名执法人员责令限期改正，逾期不改正的方可处罚。",
        "For things hung out and posters a reminder comes first, then an order of two officers "
        "with a period; only after it a penalty is possible.",
    ),
    "standards": ("标准", "Standards"),
    "standards_law": (
        "违法行为轻微并及时改正、没有造成危害后果的，不予处罚（《行政处罚法》第三十三条）。"
        "处罚裁量基准由执法机关另行公布。",
        "Minor offences that are corrected in time and did no harm are not punished (行政处罚法 "
        "art. 33). The authority publishes its discretion standards itself.",
    ),
    "standards_count": (
        "处罚数量和罚款数额不作为考核依据（《行政处罚法》第七十四条）。",
        "Neither the number of penalties nor their amounts count in any assessment (art. 74).",
    ),
    "exempt": ("不处罚的情形", "Not punished"),
    "exempt_list": (
        "执行紧急任务的警车、消防车、救护车、工程救险车；被盗抢或号牌被冒用；紧急避险、救助；"
        "现场已被处理；标志标线矛盾；记录不清；号牌误识；经批准的作业、残疾人停放等。",
        "Police, fire, ambulance and rescue vehicles on urgent duty; stolen cars and abused "
        "plates; emergencies; handled on the spot; contradicting signs; unclear records; plates "
        "misread; approved work, disabled drivers' permits and the like.",
    ),
    "remedies": ("救济", "Remedies"),
    "remedy_object": (
        "在决定作出前，任何时候都可以陈述、申辩：用短信中的编号和验证码在线提交，"
        "或拨打电话、到窗口。",
        "You may object at any time before a decision: online with number and code of the text, by "
        "phone or at the counter.",
    ),
    "remedy_answer": (
        "申辩在五个工作日内复核答复。",
        "An objection is answered within five work days.",
    ),
    "remedy_review": (
        "对行政处罚决定不服的，可以自知道之日起六十日内申请行政复议，"
        "或者在六个月内依法提起行政诉讼；依法应当先行复议的，先申请复议。",
        "Against a decision you may ask for administrative reconsideration (行政复议) within sixty "
        "days, or sue within six months; where the law asks for reconsideration first, that comes "
        "first.",
    ),
    # privacy
    "privacy_title": ("个人信息处理规则", "How personal data are processed"),
    "who": ("处理者", "Who processes"),
    "why": ("目的和依据", "Why, and by what right"),
    "why_text": (
        "为履行城市管理法定职责所必需，在法定权限内处理（《个人信息保护法》第十三条、第三十四条），"
        "并依第二十六条仅用于维护公共安全的目的。不用于营销、催收，不向雇主等他人提供。",
        "Needed for statutory duties of city management and within their limits (PIPL art. 13, "
        "34); images serve public safety only (art. 26). No marketing, no debt collecting, nothing "
        "for employers or other people.",
    ),
    "what": ("处理什么", "What"),
    "what_text": (
        "违停等事件的现场图像、号牌、车主预留的手机号码、短信和电话告知记录、您的陈述。"
        "没有事件的画面不保存。不识别人脸，不推断年龄，不作跨摄像头轨迹查询。",
        "Pictures of an event, the plate, the phone number that the owner left, texts and "
        "calls, your statements. Pictures without an event are not kept. No face is recognised, no "
        "age guessed, nobody followed from camera to camera.",
    ),
    "machine_decides": ("自动化", "Automation"),
    "machine_text": (
        "机器只发现并提醒；任何处罚都由两名执法人员决定。每个事件都可查看为何被识别。",
        "Machines find and remind; any penalty is decided by two officers. Each event shows why it "
        "was found.",
    ),
    "how_long": ("保存多久", "For how long"),
    "keep_left": ("按时驶离等已改正的图像", "Pictures of what was corrected in time"),
    "keep_no_penalty": (
        "无法认定、不予认定的图像",
        "Pictures of what was undetermined or rejected",
    ),
    "keep_case": ("立案的，结案后", "Case files, after closing"),
    "keep_sms": ("短信和电话告知记录", "Texts and calls"),
    "keep_log": ("操作和访问日志", "Logs of acts and looks"),
    "keep_crowd_count": ("人数统计（只有数字）", "Counts of crowds (numbers only)"),
    "days_unit": ("日", "days"),
    "how_long_text": (
        "届时自动删除并留删除记录；法律要求继续保存的除外。",
        "Deleting is automatic and logged, unless the law asks to keep something longer.",
    ),
    "protect": ("如何保护", "How they are protected"),
    "protect_text": (
        "电话号码加密存放；每次查看图像都须写明理由并留痕；离开证据库的图片遮盖人脸和其他车辆号牌。",
        "Phone numbers are encrypted; every look at a picture needs a reason and is logged; faces "
        "and other plates are blurred in every copy that leaves the store.",
    ),
    "rights": ("您的权利", "Your rights"),
    "rights_text": (
        "您可以凭短信中的编号和验证码查阅自己的记录，要求更正、删除或说明处理规则；"
        "十五个工作日内答复。",
        "With number and code of the text you see your own record, and may ask for correction, "
        "deletion or an explanation; the answer comes within fifteen work days.",
    ),
}
