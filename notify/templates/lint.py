"""What a text must and must not say. A text that breaks a rule is refused when it is loaded.

Sources: domain.md 6 (must contain, must not contain), L05, L38 (time, place, fact), L85 to L87,
L90.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Literal

from models.errors import BadInput
from models.notice import VOICE_CALL

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

VARIABLES = frozenset(
    {
        "plate",
        "place",
        "time",
        "date",
        "grace",
        "number",
        "code",
        "event_no",
        "landline",
        "address",
        "thing",
        "people",
        "limit",
        "component",
    }
)
"""Every `{name}` a text may use. `landline` is the city's, the others are the event's."""

MAX_VARIABLES = 20
MAX_CHARACTERS = 500
MAX_NUMBERS = 2

_WHO_WHAT_WHERE = frozenset({"plate", "place", "time", "landline", "number", "code"})


@dataclass(frozen=True, slots=True)
class Rule:
    """What one template has to carry.

    needs: variables that must stand in the text.
    words: a language's words of which each must stand in the text: what to do and, honestly,
        what follows. Who is not punished is asked to park properly (L05, 处罚法 art. 33(3)).
    spoken: it is said by telephone (A13), to whoever picks up: it needs no segments, and must not
        give away the owner page's code.
    promises: the text promises that leaving in time goes unpunished. Only then may it say so
        about the future (a no-grace notice must not, domain.md 6).
    """

    needs: frozenset[str]
    words: Mapping[Language, tuple[str, ...]]
    promises: bool = True
    spoken: bool = False


RULES: dict[str, Rule] = {
    "N1": Rule(
        _WHO_WHAT_WHERE | {"grace"},
        {"zh": ("驶离", "不予处罚", "申辩"), "en": ("Leave", "no penalty", "Objection")},
    ),
    "N1b": Rule(
        _WHO_WHAT_WHERE,
        {"zh": ("驶离", "执法人员"), "en": ("Leave", "officer")},
        promises=False,
    ),
    "N1L": Rule(
        _WHO_WHAT_WHERE | {"grace", "date"},
        {
            "zh": ("驶离", "不予处罚", "《道路交通安全法》第五十六条"),
            "en": ("Leave", "no penalty", "art. 56 of the Road Traffic Safety Law"),
        },
    ),
    "N2": Rule(
        frozenset({"plate", "place", "time", "event_no"}),
        {"zh": ("驶离", "不予处罚", "请规范停车"), "en": ("left", "No penalty", "Please park")},
    ),
    "N3": Rule(
        frozenset({"plate", "place", "grace", "landline", "number", "code"}),
        {"zh": ("人工审核", "尚未处罚"), "en": ("officer", "no penalty yet")},
        promises=False,
    ),
    "N3b": Rule(
        frozenset({"plate", "event_no"}),
        {"zh": ("不予处罚", "请规范停车"), "en": ("no penalty", "Please park")},
    ),
    "N4": Rule(
        frozenset({"event_no", "landline"}),
        {
            "zh": ("5个工作日", "申辩不加重处罚"),
            "en": ("5 working days", "never raises a penalty"),
        },
        promises=False,
    ),
    "N5": Rule(
        frozenset({"event_no"}),
        {"zh": ("已撤销", "不予处罚"), "en": ("cancelled", "no penalty")},
    ),
    "N6": Rule(
        frozenset({"event_no", "landline"}),
        {"zh": ("理由", "权利"), "en": ("reasons", "rights")},
        promises=False,
    ),
    "N7": Rule(
        frozenset({"address", "thing", "time", "grace", "landline"}),
        {"zh": ("自行整改", "不予处罚", "咨询"), "en": ("take", "no penalty", "Questions")},
    ),
    "N7b": Rule(
        frozenset({"address", "thing", "landline"}),
        {"zh": ("责令限期改正", "尚未作出处罚"), "en": ("officer", "no penalty yet")},
        promises=False,
    ),
    "N8": Rule(
        frozenset({"landline"}),
        {
            "zh": ("误发", "与您无关", "致歉"),
            "en": ("mistake", "does not concern you", "apologise"),
        },
        promises=False,
    ),
    "S1": Rule(
        frozenset({"place", "time", "people", "limit", "grace", "event_no"}),
        {"zh": ("响应", "回报"), "en": ("Answer", "report")},
        promises=False,
    ),
    "S2": Rule(
        frozenset({"address", "component", "time", "grace", "event_no"}),
        {"zh": ("满溢", "处置", "回报"), "en": ("full", "Empty", "report")},
        promises=False,
    ),
    "R1": Rule(
        frozenset({"time", "event_no", "landline"}),
        {"zh": ("已受理", "查询"), "en": ("received", "Call")},
        promises=False,
    ),
    VOICE_CALL: Rule(
        _WHO_WHAT_WHERE - {"number", "code"} | {"grace"},
        {"zh": ("驶离", "不予处罚", "申辩"), "en": ("Leave", "no penalty", "Objection")},
        spoken=True,
    ),
    "T1": Rule(
        frozenset({"number"}),
        {"zh": ("测试",), "en": ("Test",)},
        promises=False,
    ),
}

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PHONE = r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d{9}(?!\d)"
_LINK = r"(?i:https?:|www\.|[a-z0-9-]+\.(?:cn|com|net|org|gov|top|xyz|cc|me)\b)"

_FORBIDDEN: tuple[tuple[str, str, str], ...] = (
    (r"[【】]", "brackets of the signature", "leave 【】 out; the signature is put first for you"),
    (r"[¥￥★√※\[\]]", "a symbol that gateways refuse", "leave out ¥ ★ √ ※ [ ]"),
    (_LINK, "a link", "give the number and the code; the city's site is known"),
    (_PHONE, "a person's phone number", "only {landline} may be called"),
    (rf"[{_PROVINCES}][A-Z][A-Z0-9]{{5,6}}", "a whole plate", "write {plate}, which is masked"),
    (r"(?<!\d)\d{17}[\dXx](?!\d)", "an identity number", "leave it out"),
    (r"罚款|罚单|已处罚|已经处罚|处以|\d+元", "a fine before a decision", "no officer has decided"),
    (r"(?i)\b(?:fine[ds]?|ticket(?:ed)?|penali[sz]ed|yuan|rmb)\b", "a fine before a decision",
     "no officer has decided"),
    (r"法院|诉讼|传票|起诉|拘留|征信|催款|后果自负|严惩|强制执行", "a threat", "say what to do"),
    (r"(?i)\b(?:court|lawsuit|arrest(?:ed)?|prosecut\w+|or else)\b", "a threat", "say what to do"),
    (r"优惠|促销|抽奖|中奖|点击|领取|扫码|二维码|QR", "marketing", "a notice sells nothing"),
    (r"退订|回T|回复T|(?i:unsubscribe|reply stop)", "an opt-out",
     "a notice is not advertising; gateways refuse an opt-out text"),
    (r"验证码|转账|汇款|身份证|(?i:bank account|password|transfer money)", "a question for secrets",
     "never ask for money, identity or codes (L90)"),
)  # fmt: skip

_CALLABLE = re.compile(
    r"(?<![\d-])(?:0\d{2,3}-?\d{7,8}|[48]00-?\d{3}-?\d{4}|9[56]\d{3,4})(?![\d-])"
)
"""Numbers that may be called, written out: landlines, 400 and 95 numbers (L87)."""
_PROMISE = re.compile(r"不予处罚|驶离不罚|免予处罚|(?i:no penalty(?! yet))")
_ADJACENT = re.compile(r"\}\s*\{")


def placeholders(text: str) -> list[str]:
    """Names of the variables in `text`, in order. Raises ValueError for broken braces."""
    names: list[str] = []
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            raise ValueError(f"{{{name}}} is not a plain variable")
        names.append(name)
    return names


def lint(template: str, language: Language, text: str) -> None:
    """Refuse a text that breaks a rule: BadInput naming the template, the fault and the mend."""
    field = f"{language}.{template}"
    try:
        names = placeholders(text)
    except ValueError as error:
        raise _refusal(field, f"cannot be read: {error}", "write variables as {name}") from None
    _lint_variables(field, text, names, RULES[template])
    for pattern, what, mend in _FORBIDDEN:
        if found := re.search(pattern, text):
            raise _refusal(field, f"contains {what} ({found.group()!r})", mend)
    for word in RULES[template].words[language]:
        if word not in text:
            raise _refusal(field, f"does not say {word!r}", "say what to do and what follows")
    if not RULES[template].promises and (found := _PROMISE.search(text)):
        raise _refusal(
            field,
            f"promises {found.group()!r} where nothing is promised",
            "leave the promise to N1",
        )
    if len(text) > MAX_CHARACTERS:
        raise _refusal(field, f"has {len(text)} characters", f"at most {MAX_CHARACTERS}")


def _lint_variables(field: str, text: str, names: list[str], rule: Rule) -> None:
    if unknown := sorted(set(names) - VARIABLES):
        known = ", ".join(sorted(VARIABLES))
        raise _refusal(field, f"knows no variable {{{unknown[0]}}}", f"choose among {known}")
    if missing := sorted(rule.needs - set(names)):
        raise _refusal(field, f"lacks {{{missing[0]}}}", f"put {{{missing[0]}}} into the text")
    if rule.spoken and "code" in names:
        raise _refusal(field, "says {code} to whoever picks up", "leave {code} to the texts")
    if len(names) > MAX_VARIABLES:
        raise _refusal(field, f"has {len(names)} variables", f"at most {MAX_VARIABLES}")
    if names.count("landline") + len(_CALLABLE.findall(text)) > MAX_NUMBERS:
        raise _refusal(field, "has too many numbers to call", f"at most {MAX_NUMBERS} (L87)")
    if _ADJACENT.search(text):
        raise _refusal(field, "has two variables side by side", "put a word between them (L86)")


def lint_signature(signature: str) -> None:
    """The sender's name between 【】: 2 to 16 characters (L85)."""
    if not 2 <= len(signature) <= 16 or re.search(r"[【】\s]", signature):
        raise _refusal(
            "signature", f"{signature!r} is not a sender's name", "2 to 16 characters, no brackets"
        )


def lint_value(template: str, name: str, value: str) -> None:
    """A variable's value must not smuggle in what the text itself must not say (L86)."""
    if name == "landline":
        return
    for pattern, what in ((_LINK, "a link"), (_PHONE, "a phone number"), (r"[【】]", "brackets")):
        if re.search(pattern, value):
            raise _refusal(template, f"variable {name} contains {what}", "leave it out")
    if name == "plate" and "*" not in value:
        raise _refusal(template, "variable plate is not masked", "use models.plate.mask")


def _refusal(field: str, fault: str, mend: str) -> BadInput:
    return BadInput(f"template {field} {fault}", field=field, code="BAD_TEMPLATE", hint=mend)
