"""Texts for a provider that sends registered templates only: which number each has there (L86).

Mainland providers send no free words. A city registers every text of ours once, gets a number for
each, and writes the numbers into a file:

    [zh]
    N1 = "SMS_480000001"
    N2 = "SMS_480000002"

What is handed over is then the number and the variables. The landline is no variable, for a
telephone number in a variable is refused (L86, L87): it stands in the registered words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from models.errors import BadInput
from notify.templates import LANGUAGES, RULES, Template, TemplateSet
from notify.templates.lint import MAX_CHARACTERS, MAX_VARIABLES, placeholders

MAX_VALUE_CHARACTERS = 35
"""No variable of ours is longer; a long one is how words that were never registered get in."""

_LONGEST_LANDLINE = "0" * 13
_CODE = re.compile(r"[A-Za-z0-9_]{3,40}")
_ADJACENT = re.compile(r"\}\s*\$\{")


class TemplateCodes:
    """The provider's number of every text in every language: complete, or it does not exist.

    Raises BadInput naming the text (`zh.N1`) whose number is missing, doubled or no number, or
    whose words cannot be registered.
    """

    def __init__(self, codes: Mapping[str, Mapping[str, str]], templates: TemplateSet) -> None:
        self._codes: dict[tuple[str, str], str] = {}
        self._variables: dict[tuple[str, str], tuple[str, ...]] = {}
        owner: dict[str, str] = {}
        for template in written(templates):
            field = f"{template.language}.{template.name}"
            code = codes.get(template.language, {}).get(template.name, "")
            if not code:
                raise _bad(field, "has no template number", "register it and write its number")
            if not _CODE.fullmatch(code):
                raise _bad(field, f"{code!r} is no template number", "such as SMS_480000001")
            if code in owner:
                raise _bad(field, f"has the number of {owner[code]}", "each text has its own")
            owner[code] = field
            check_registrable(template)
            self._codes[template.name, template.language] = code
            self._variables[template.name, template.language] = _variables(template)

    def code(self, template: str, language: str) -> str:
        return self._codes[template, _spoken(language)]

    def values(self, template: str, language: str, given: Mapping[str, str]) -> dict[str, str]:
        """The variables of one message, in the order of the words.

        Raises BadInput naming a variable that is missing or too long.
        """
        chosen: dict[str, str] = {}
        for name in self._variables[template, _spoken(language)]:
            value = given.get(name, "")
            if not 0 < len(value) <= MAX_VALUE_CHARACTERS:
                raise _bad(
                    name,
                    f"has {len(value)} characters",
                    f"a variable has 1 to {MAX_VALUE_CHARACTERS}",
                )
            chosen[name] = value
        return chosen


def load_codes(path: Path, templates: TemplateSet) -> TemplateCodes:
    """The numbers in a city's TOML file. Raises BadInput naming the file or the text."""
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad(path.name, f"cannot be read: {error.strerror}", "name a TOML file") from None
    except ValueError as error:
        raise _bad(path.name, f"is no TOML in UTF-8: {error}", 'write N1 = "SMS_1"') from None
    codes: dict[str, Mapping[str, str]] = {}
    for language, table in loaded.items():
        if language not in LANGUAGES or not isinstance(table, dict):
            raise _bad(language, "is no language of ours", f"[{'], ['.join(LANGUAGES)}]")
        for name, code in cast("dict[str, Any]", table).items():
            if name not in RULES or not isinstance(code, str):
                raise _bad(f"{language}.{name}", "is no text of ours", ", ".join(RULES))
        codes[language] = cast("Mapping[str, str]", table)
    return TemplateCodes(codes, templates)


def written(templates: TemplateSet) -> Iterator[Template]:
    """The texts among the templates: a call is registered nowhere."""
    return (template for template in templates if not RULES[template.name].spoken)


def registered_words(template: Template, landline: str) -> str:
    """The words to register: variables as ${name}, the landline as it is called."""
    names = dict.fromkeys(placeholders(template.text))
    words = {name: landline if name == "landline" else f"${{{name}}}" for name in names}
    return template.text.format_map(words)


def check_registrable(template: Template) -> None:
    """L86: at most 20 variables, none beside another, at most 500 characters.

    Raises BadInput naming the text.
    """
    field = f"{template.language}.{template.name}"
    words = registered_words(template, _LONGEST_LANDLINE)
    if len(_variables(template)) > MAX_VARIABLES:
        raise _bad(field, "has too many variables", f"at most {MAX_VARIABLES}")
    if _ADJACENT.search(words):
        raise _bad(field, "has a variable beside another", "put a word between them")
    if len(words) > MAX_CHARACTERS:
        raise _bad(field, f"has {len(words)} characters", f"at most {MAX_CHARACTERS}")


def _variables(template: Template) -> tuple[str, ...]:
    return tuple(n for n in dict.fromkeys(placeholders(template.text)) if n != "landline")


def _spoken(language: str) -> str:
    """As `TemplateSet.get`: Chinese for zh..., English for everybody else."""
    return "zh" if language.lower().startswith("zh") else "en"


def _bad(field: str, fault: str, mend: str) -> BadInput:
    return BadInput(f"{field} {fault}", field=field, code="BAD_TEMPLATE_NUMBER", hint=mend)
