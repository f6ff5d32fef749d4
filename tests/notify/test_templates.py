"""The words: what must and must not be said, and what a message costs (domain.md 6)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadInput
from models.policy import Policy
from notify.templates import (
    LANGUAGES,
    RULES,
    check_budget,
    load_templates,
    own_templates,
    render,
    segments,
)
from notify.templates.budget import LONGEST

POLICY = Policy()
VALUES: dict[str, Any] = {
    "plate": "浙A12**5",
    "place": "延安路人行道",
    "time": "14:03",
    "date": date(2026, 11, 22),
    "number": "K7Q2",
    "code": "9F3M",
    "event_no": "HZ1122-0031",
    "address": "延安路88号",
    "thing": "hanging",
    "people": "86",
    "limit": "60",
    "component": "0305-000031",
}
WRITTEN = [name for name, rule in RULES.items() if not rule.spoken]
EVERY = [(name, language) for language in LANGUAGES for name in WRITTEN]


def units(body: str) -> int:
    return len(body.encode("utf-16-le")) // 2


def test_the_notice_says_everything_in_one_segment() -> None:
    message = render("N1", "zh", VALUES, POLICY)
    assert message.body == (
        "【下城城管】浙A12**5于14:03停延安路人行道，请7分钟内驶离，不予处罚。"
        "申辩0571-12345678号K7Q2码9F3M"
    )
    assert message.segments == 1


def test_the_notice_fits_exactly_at_the_longest_values() -> None:
    """Plate 8, place 10 with 人行道, landline 13, number and code 4 each: 70 units, none left."""
    message = render("N1", "zh", LONGEST, POLICY)
    assert units(message.body) == 70
    assert "延安路体育场路人行道" in message.body


def test_the_english_notice_writes_the_plate_in_latin_letters() -> None:
    message = render("N1", "en", VALUES, POLICY)
    assert "ZheA12**5" in message.body
    assert "Leave in 7 min: no penalty" in message.body
    assert message.segments == 2


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_text_holds_its_budget_at_the_longest_values(name: str, language: str) -> None:
    message = render(name, language, LONGEST, POLICY)
    assert message.segments <= load_templates().get(name, language).max_segments
    if name != "N1L":
        assert message.segments <= (1 if language == "zh" else 2)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_text_is_signed_and_shows_no_whole_plate(name: str, language: str) -> None:
    body = render(name, language, VALUES, POLICY).body
    assert body.startswith("【下城城管】")
    assert "浙A12345" not in body
    assert "{" not in body


def test_a_shop_is_told_what_hangs_there_and_until_when() -> None:
    """N7 (domain.md 6): no plate, no code, and the promise of 按时整改不予处罚."""
    assert render("N7", "zh", VALUES, POLICY).body == (
        "【下城城管】您处（延安路88号）14:03有沿街晾挂物，请7分钟内自行整改，"
        "按时整改不予处罚。咨询0571-12345678"
    )
    assert "违规张贴物" in render("N7", "zh", {**VALUES, "thing": "poster"}, POLICY).body
    assert "不予处罚" not in render("N7b", "zh", VALUES, POLICY).body


def test_a_thing_without_a_word_is_refused() -> None:
    with pytest.raises(BadInput, match="thing"):
        render("N7", "zh", {**VALUES, "thing": "parking"}, POLICY)


def test_only_a_text_with_a_promise_promises() -> None:
    """N1b stands where a no-grace condition applies: no promise there (domain.md 6)."""
    assert "不予处罚" not in render("N1b", "zh", VALUES, POLICY).body
    assert "no penalty" not in render("N1b", "en", VALUES, POLICY).body


@pytest.mark.parametrize(
    ("units", "parts"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
)
def test_segments_are_seventy_or_sixty_seven_units_each(units: int, parts: int) -> None:
    assert segments("停" * units) == parts


def test_a_character_beyond_the_first_plane_counts_twice() -> None:
    assert segments("🚗" * 35) == 1
    assert segments("🚗" * 36) == 2


@given(
    place=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60),
    grace=st.integers(min_value=60, max_value=5940),
)
def test_no_place_makes_the_notice_dearer(place: str, grace: int) -> None:
    """Property: whatever a zone is called, N1 stays in its budget and keeps all the rest."""
    values = {**VALUES, "plate": "浙A12***5", "place": place, "grace_seconds": grace}
    message = render("N1", "zh", values, POLICY)
    assert message.segments == 1
    assert "不予处罚。申辩0571-12345678号K7Q2码9F3M" in message.body


def test_a_long_place_loses_its_brackets_first() -> None:
    values = {**VALUES, "place": "延安路（体育场路口东侧）人行道"}
    assert "停延安路人行道，" in render("N1", "zh", values, POLICY).body


def test_a_place_that_is_long_without_brackets_is_cut_and_says_so() -> None:
    values = {**VALUES, "place": "延安路与体育场路交叉口东北侧人行道"}
    body = render("N1", "zh", values, POLICY).body
    assert "停延安路与体育场路交叉…，" in body
    assert segments(body) == 1


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (420, "7分钟", "7 min"),
        (600, "10分钟", "10 min"),
        (20, "20秒", "20 s"),
        (90, "90秒", "90 s"),
    ],
)
def test_the_promise_is_the_true_one(seconds: float, zh: str, en: str) -> None:
    """A zone's own grace, or a demo's, is printed as it is: never more than will be kept."""
    values = {**VALUES, "grace_seconds": seconds}
    assert f"请{zh}内驶离" in render("N1", "zh", values, POLICY).body
    assert f"Leave in {en}:" in render("N1", "en", values, POLICY).body


def test_without_a_grace_of_its_own_the_citys_counts() -> None:
    policy = replace(POLICY, grace_seconds=300.0)
    assert "请5分钟内驶离" in render("N1", "zh", VALUES, policy).body


def test_a_date_is_spoken_in_the_language() -> None:
    assert "于11月22日（14:03）在" in render("N1L", "zh", VALUES, POLICY).body
    assert "on 22 Nov at 14:03" in render("N1L", "en", VALUES, POLICY).body


def test_whoever_does_not_read_chinese_reads_english() -> None:
    assert "no penalty" in render("N1", "de", VALUES, POLICY).body
    assert "不予处罚" in render("N1", "zh-CN", VALUES, POLICY).body


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("place", "", "no value for place"),
        ("place", "延安路 http://x.cn", "a link"),
        ("place", "找13800138000", "a phone number"),
        ("place", "【广告】", "brackets"),
        ("plate", "浙A12345", "not masked"),
        ("code", None, "no value for code"),
    ],
)
def test_a_value_that_must_not_be_sent_is_refused(name: str, value: Any, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        render("N1", "zh", {**VALUES, name: value}, POLICY)


def test_an_unknown_template_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="N99") as caught:
        render("N99", "zh", VALUES, POLICY)
    assert "N1b" in caught.value.hint


GOOD = "{plate}于{time}停{place}，请{grace}内驶离，不予处罚。申辩{landline}号{number}码{code}"

BAD_TEXTS = [
    # (text of N1, what the refusal says)
    (GOOD.replace("{plate}", "浙A12345"), "lacks {plate}"),
    (GOOD + "浙A12345", "a whole plate"),
    (GOOD.replace("{landline}", ""), "lacks {landline}"),
    (GOOD.replace("驶离", "离开"), "does not say '驶离'"),
    (GOOD.replace("不予处罚", "谢谢"), "does not say '不予处罚'"),
    (GOOD + "【城管】", "brackets"),
    (GOOD + "★", "a symbol"),
    (GOOD + "罚款200元", "a fine"),
    (GOOD + "已处罚", "a fine"),
    (GOOD + "详见http://t.cn/a", "a link"),
    (GOOD + "详见city.gov.cn", "a link"),
    (GOOD + "电13800138000", "a person's phone"),
    (GOOD + "否则后果自负", "a threat"),
    (GOOD + "退订回T", "an opt-out"),
    (GOOD + "洗车优惠", "marketing"),
    (GOOD + "请回复身份证", "a question for secrets"),
    (GOOD + "330102199001011234", "an identity number"),
    (GOOD + "{plate}{time}", "side by side"),
    (GOOD + "{plate} {time}", "side by side"),
    (GOOD + "{owner}", "knows no variable {owner}"),
    (GOOD + "{plate", "cannot be read"),
    (GOOD + "{plate.name}", "cannot be read"),
    (GOOD + "停" * 500, "characters"),
    (GOOD + "停{plate}" * 20, "variables"),
]


def own_file(tmp_path: Path, content: dict[str, Any]) -> Path:
    path = tmp_path / "texts.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "fault"), BAD_TEXTS)
def test_a_text_that_breaks_a_rule_is_refused_at_load(
    tmp_path: Path, text: str, fault: str
) -> None:
    """Each refusal names the template, the fault and the mend."""
    path = own_file(tmp_path, {"zh": {"N1": {"text": text}}})
    with pytest.raises(BadInput) as caught:
        load_templates(path)
    assert caught.value.code == "BAD_TEMPLATE"
    assert caught.value.field == "zh.N1"
    assert fault in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", ["You get a ticket.", "See you in court.", "Reply STOP."])
def test_english_texts_are_held_to_the_same(tmp_path: Path, text: str) -> None:
    own = load_templates().get("N3b", "en").text
    with pytest.raises(BadInput, match=r"en\.N3b"):
        load_templates(own_file(tmp_path, {"en": {"N3b": {"text": f"{own} {text}"}}}))


def test_a_no_grace_notice_may_not_promise(tmp_path: Path) -> None:
    own = load_templates().get("N1b", "zh").text
    with pytest.raises(BadInput, match="promises"):
        load_templates(own_file(tmp_path, {"zh": {"N1b": {"text": own + "驶离不予处罚"}}}))


def test_a_city_may_say_it_in_its_own_words(tmp_path: Path) -> None:
    """Only the texts it names change."""
    path = tmp_path / "texts.toml"
    words = "{plate}于{time}停{place}，{grace}内驶离不予处罚，申辩{landline}号{number}码{code}"
    path.write_text(f'[zh.N1]\ntext = "{words}"\nmax_segments = 2\n', encoding="utf-8")
    templates = load_templates(path)
    assert "，7分钟内驶离不予处罚，" in render("N1", "zh", VALUES, POLICY, templates).body
    assert templates.get("N2", "zh") == load_templates().get("N2", "zh")
    check_budget(templates, POLICY)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"fr": {}}, "fr"),
        ({"zh": {"N77": {"text": "x"}}}, "zh.N77"),
        ({"zh": {"N1": {"text": ""}}}, "zh.N1.text"),
        ({"zh": {"N1": {"text": GOOD, "max_segments": 0}}}, "zh.N1.max_segments"),
        ({"zh": {"N1": {"text": GOOD, "max_segments": True}}}, "zh.N1.max_segments"),
        ({"zh": {"N1": {"text": GOOD, "colour": "red"}}}, "zh.N1.colour"),
        ({"zh": {"N1": "words"}}, "zh.N1"),
        ({"zh": []}, "zh"),
        ([], "file"),
    ],
)
def test_a_file_of_the_wrong_shape_names_the_place(
    tmp_path: Path, content: Any, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        load_templates(own_file(tmp_path, content))
    assert caught.value.field == field


def test_a_file_that_is_no_toml_or_is_missing_says_so(tmp_path: Path) -> None:
    path = tmp_path / "texts.toml"
    with pytest.raises(BadInput, match=r"texts\.toml"):
        load_templates(path)
    path.write_text("not [ toml", encoding="utf-8")
    with pytest.raises(BadInput, match=r"texts\.toml"):
        load_templates(path)


def test_a_missing_text_is_refused() -> None:
    from notify.templates import TemplateSet

    with pytest.raises(BadInput, match=r"zh\.N1 is missing"):
        TemplateSet({})


def test_a_citys_text_that_costs_too_much_is_refused_at_load(tmp_path: Path) -> None:
    own = load_templates().get("N1", "zh").text
    path = own_file(tmp_path, {"zh": {"N1": {"text": f"尊敬的车主您好，{own}"}}})
    with pytest.raises(BadInput, match=r"zh\.N1 does not fit into 1 segments") as caught:
        load_templates(path)
    assert "max_segments" in caught.value.hint


def test_a_long_signature_breaks_the_budget_and_is_refused() -> None:
    """Fifteen characters of signature leave too little for the shortest place."""
    policy = replace(POLICY, signature="杭州市下城区综合行政执法局某队")
    with pytest.raises(BadInput, match="segments") as caught:
        check_budget(load_templates(), policy)
    assert "shorten" in caught.value.hint


@pytest.mark.parametrize("signature", ["城", "长" * 17, "【城管】", "城 管"])
def test_a_signature_that_gateways_refuse_is_refused(signature: str) -> None:
    with pytest.raises(BadInput, match="sender's name"):
        check_budget(load_templates(), replace(POLICY, signature=signature))


def test_our_own_texts_hold_the_budget_with_the_default_policy() -> None:
    check_budget(load_templates(), POLICY)


# Said, not written


def test_a13_the_call_says_what_the_notice_says() -> None:
    """Who, which car (masked), where, when, what to do, what follows, whom to ask; said sign by
    sign, and without the owner page's code."""
    assert render("VC", "zh", VALUES, POLICY).body == (
        "这里是下城城管。您的浙 A 1 2 某 某 5车，14点03分停在延安路人行道，请7分钟内驶离，"
        "按时驶离不予处罚。短信未能送达，特此电话告知。申辩，或非您的车辆，"
        "请拨打0 5 7 1, 1 2 3 4 5 6 7 8。"
    )
    assert render("VC", "en", VALUES, POLICY).body == (
        "This is 下城城管. Car Zhe A 1 2 star star 5 has been on the sidewalk, 延安路人行道, since "
        "14:03. Leave in 7 min: no penalty. A text about it did not arrive. Objection, or not your "
        "car? Call 0 5 7 1, 1 2 3 4 5 6 7 8."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a13_a_call_is_short_and_gives_no_code_away(language: str) -> None:
    message = render("VC", language, LONGEST, POLICY)
    assert message.segments <= load_templates().get("VC", language).max_segments
    assert "9F3M" not in message.body
    assert "【" not in message.body


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{plate}{place}{time}{grace}{landline}{code}，驶离，不予处罚，申辩", "whoever picks up"),
        ("{plate}于{time}停{place}，请{grace}内驶离，不予处罚。", "landline"),
        ("{plate}于{time}停{place}，请{grace}内驶离，不予处罚。咨询{landline}", "申辩"),
        ("{plate}于{time}停{place}，请{grace}内驶离，申辩{landline}。", "不予处罚"),
        ("{plate}于{time}停{place}，请{grace}内驶离，不予处罚，否则罚款。申辩{landline}", "a fine"),
    ],
)
def test_a13_a_citys_own_words_for_the_call_are_held_to_the_rules(text: str, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        own_templates().changed({"zh": {"VC": {"text": text}}}, "city.toml")


def test_a13_a_call_without_a_masked_plate_is_refused() -> None:
    with pytest.raises(BadInput, match="not masked"):
        render("VC", "zh", {**VALUES, "plate": "浙A12345"}, POLICY)
