"""How values sound: a voice reads a plate and a number as people say them, sign by sign."""

from __future__ import annotations

import re

from notify.templates.lint import Language

_HIDDEN: dict[Language, str] = {"zh": "某", "en": "star"}
_CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")

VOICES: dict[Language, str] = {"zh": "zh-CN", "en": "en-US"}


def aloud(name: str, value: str, language: Language) -> str:
    """A variable's value as it is said: "浙A12**5" is "浙 A 1 2 某 某 5", "0571-12345678" is
    "0 5 7 1, 1 2 3 4 5 6 7 8", and 14:03 in Chinese is 14点03分."""
    if name == "plate":
        signs = re.findall(r"[A-Z][a-z]+|.", value)
        return " ".join(_HIDDEN[language] if sign == "*" else sign for sign in signs)
    if name == "landline":
        return ", ".join(" ".join(part) for part in value.split("-"))
    if name == "time" and language == "zh":
        return value.replace(":", "点") + "分"
    return value


def voiced(words: str, language: str) -> list[tuple[str, str]]:
    """`words` in the parts that one voice can say: (voice, part). Chinese names of streets and
    signatures stand in English texts too, and an English voice would leave them out."""
    if language.lower().startswith("zh"):
        return [(VOICES["zh"], words)]
    parts: list[tuple[str, str]] = []
    begin = 0
    for found in _CHINESE.finditer(words):
        parts += [(VOICES["en"], words[begin : found.start()]), (VOICES["zh"], found.group())]
        begin = found.end()
    parts.append((VOICES["en"], words[begin:]))
    said = ((voice, part.lstrip(" ,.").rstrip()) for voice, part in parts)
    return [(voice, part) for voice, part in said if part]
