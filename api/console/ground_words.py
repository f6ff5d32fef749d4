"""Words of the pages about zones, cameras and exemptions as the law sees them."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "standing": ("法定要件", "Standing in law"),
    "exemptions": ("免责名单", "Exemptions"),
    "trial": ("试运行", "Trial"),
    # hours
    "hours_always": ("不限时段", "at all hours"),
    "hours_days": ("哪些日子", "Days"),
    "hours_start": ("自", "From"),
    "hours_end": ("至", "Until"),
    "hours_add": ("增加时段", "Add hours"),
    "day_mon": ("周一", "Monday"),
    "day_tue": ("周二", "Tuesday"),
    "day_wed": ("周三", "Wednesday"),
    "day_thu": ("周四", "Thursday"),
    "day_fri": ("周五", "Friday"),
    "day_sat": ("周六", "Saturday"),
    "day_sun": ("周日", "Sunday"),
    "day_work": ("工作日（含调休）", "work days (调休 counted)"),
    "day_rest": ("休息日、节假日", "days off and holidays"),
    "zone_hours": ("管控时段", "Hours of the zone"),
    "zone_hours_hint": (
        "留空为全天。时段外不启动识别；宽容期内时段结束的，按允许停放结案。",
        "Empty: always. Outside them nothing starts; if they end within a grace, it is closed.",
    ),
    # zone form
    "designation_document": ("严管街道公布文件（晾挂必填）", "Document that designates the street"),
    "no_grace": ("不设宽容期的理由（空：设）", "Why no grace is given (empty: it is)"),
    "sign_photo": ("禁停标志照片（JPEG）", "Photo of the sign (JPEG)"),
    "sign_photo_saved": ("标志照片已保存", "The sign's photo is saved"),
    "draw_bays": ("绘制泊位", "Draw bays"),
    "bay": ("泊位", "Bay"),
    "bay_done": ("泊位完成", "Bay done"),
    "bays_hint": (
        "打开后逐点画出泊位；须包住停放车辆的整个外框（含车顶）。可限定使用时段。",
        "Switch on and draw each bay round the whole outline of a parked vehicle, roof included. "
        "A bay may have hours of use.",
    ),
    "zone_gaps": (
        "仅提醒，不作证据，尚缺：",
        "Reminders only, no evidence. Still missing: ",
    ),
    "zone_complete": ("要件齐备", "nothing is missing"),
    # privacy masks
    "masks": ("隐私遮挡", "Privacy masks"),
    "masks_of": ("隐私遮挡：", "Privacy masks of "),
    "mask": ("遮挡", "Mask"),
    "masks_hint": (
        "遮住住宅、窗户等无关区域。遮挡处在识别、保存、显示之前即涂黑，任何人不能还原；有遮挡的摄像头"
        "不保存录像片段。要重新看到，请删除遮挡并保存。",
        "Cover windows, homes and whatever is of no concern. What lies under a mask is blacked out "
        "before anything looks at it, keeps it or shows it, for everybody and for good; a masked "
        "camera keeps no clips. To see it again, remove the mask and save.",
    ),
    "mask_draw_hint": (
        "逐点画出要遮住的范围，可拖动顶点；画完一块点“完成一块”，全部画完后保存。黄色为现有区域。",
        "Click corner by corner around what is to be covered, drag corners to move them. Mask done "
        "begins another one; save at the end. Zones are yellow.",
    ),
    "mask_done": ("完成一块", "Mask done"),
    "no_masks": ("没有遮挡", "No masks"),
    "masks_saved": ("已保存，数秒内生效", "Saved; in force within seconds"),
    "pictures_masked": (
        "黑色部分为隐私遮挡，从未被看到；有遮挡的摄像头不保存录像片段。",
        "What is black was never seen (privacy masks); a masked camera keeps no clips.",
    ),
    "mask_changes": ("修改记录", "Changes"),
    # points on the ground
    "ground": ("地面定位", "Points on the ground"),
    "ground_of": ("地面定位：", "Points on the ground of "),
    "ground_hint": (
        "在画面上点出至少四个地面标记（路缘、标线的角点，任意三点不在一条线上），并填写各点在地图上的"
        "经纬度。同一区域的各摄像头须用同一地图取点。有了定位，号牌未识别时也能知道两个摄像头看见的是"
        "否同一辆车；分不清时，不告知、不处罚。",
        "Click at least four marks on the ground (corners of kerbs and markings, no three on one "
        "line) and enter where each is on the map. All cameras of an area take them from the same "
        "map. Then two views of one car are known as one without its plate; in doubt nobody is "
        "texted and nothing is penalised.",
    ),
    "ground_draw_hint": (
        "点击增加一点，可拖动；点须落在地面上，最好围住车辆停放的范围。黄色为现有区域。",
        "Click to add a point, drag to move it. Points lie on the ground, best around where "
        "vehicles stand. Zones are yellow.",
    ),
    "ground_none": ("尚未定位", "Not tied to the ground yet"),
    "ground_in_force": ("定位生效", "The points are in force"),
    "ground_old": (
        "画面已变动，原定位不再生效，请重新核对并保存",
        "The view has changed since: check the points and save them again",
    ),
    "ground_more": ("至少四点", "Four points at least"),
    "ground_fits": ("吻合，最大偏差", "They fit, within"),
    "ground_misses": ("偏差", "misses by"),
    "ground_worst": ("请核对", "check this one"),
    "ground_bad_fit": (
        "各点最多相差 {metres} 米（允许 {limit} 米），请核对第 {number} 点",
        "The points miss by up to {metres} m ({limit} m are allowed): check point {number}",
    ),
    "ground_bad_degrees": (
        "请填写各点的经纬度，如 30.2501、120.1602",
        "Enter latitude and longitude of every point, as 30.2501 and 120.1602",
    ),
    "ground_remove": ("取消定位", "Remove all points"),
    "ground_saved": ("定位已保存", "Points saved"),
    "ground_removed": ("定位已取消", "Points removed"),
    "latitude": ("纬度", "Latitude"),
    "longitude": ("经度", "Longitude"),
    # standing
    "place_kind": ("场所类型", "Kind of place"),
    "legal_review": ("法制审核文号", "Legal review, number"),
    "technical_review": ("技术审核文号", "Technical review, number"),
    "sign_installed": ("已设提示标识", "Sign installed"),
    "published_on": ("设置地点公布日期", "Place published on"),
    "filing_no": ("公安备案号", "Filing number"),
    "purpose": ("用途", "Purpose"),
    "impact_assessment": ("个人信息保护影响评估编号", "Impact assessment, number"),
    "calibrated_on": ("检定有效期至", "Verified until"),
    "approved_detectors": ("批准的识别类型", "Approved detectors"),
    "standing_saved": ("已保存", "Saved"),
    "place_street": ("道路", "street"),
    "place_square": ("广场", "square"),
    "place_park": ("公园", "park"),
    "place_station": ("车站", "station"),
    "place_market": ("市场", "market"),
    "place_school_gate": ("学校门口", "school gate"),
    "place_hospital_gate": ("医院门口", "hospital gate"),
    "place_car_park": ("停车场", "car park"),
    "place_other_public": ("其他公共场所", "another public place"),
    # trial
    "trial_numbers": (
        "已核对 / 须核对",
        "answered / needed",
    ),
    "trial_right": ("其中正确", "of these right"),
    "trial_bound": ("正确率下限（95% 单侧）/ 标准", "lower bound (95 %, one side) / bar"),
    "trial_more": ("还需连续正确", "more right answers needed"),
    "trial_proven": ("已达标，可转正式", "Proven: it may be live"),
    "trial_waiting": ("等待核对", "Waits for an answer"),
    "trial_none": ("没有待核对的事件。", "Nothing waits for an answer."),
    "trial_is_right": ("识别正确", "Right"),
    "trial_is_wrong": ("识别错误", "Wrong"),
    "trial_why": ("错在哪里", "What is wrong"),
    "trial_hint": (
        "区域转正式前，须由执法人员按先后逐件核对。绘制区域的人不能核对。",
        "Before a zone is live officers answer for its events in order; who drew it may not.",
    ),
    # exemptions
    "exemption_kind": ("类别", "Kind"),
    "exemption_plate": ("号牌（考试、殡葬可空）", "Plate (may be empty for exam days, funerals)"),
    "exemption_area": ("执法区域", "Area"),
    "exemption_task": ("任务", "Task"),
    "exemption_document": ("文号", "Document"),
    "exemption_approver": ("批准人", "Approver"),
    "exemption_from": ("自（2026-11-22 07:00）", "From (2026-11-22 07:00)"),
    "exemption_until": ("至", "Until"),
    "exemption_add": ("增加免责", "Add an exemption"),
    "exemption_end": ("终止", "End it"),
    "exemption_end_why": ("终止理由", "Why it ends"),
    "exemption_added": ("已增加", "Added"),
    "exemption_ended": ("已终止", "Ended"),
    "exemption_none": ("名单为空。", "The list is empty."),
    "exemption_hint": (
        "免责以任务为准，不以号牌为准：须有文号、地点、期限和批准人。",
        "An exemption belongs to a task, not to a plate: document, place, period and approver.",
    ),
}
