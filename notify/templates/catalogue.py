"""Loading the texts: ours, and a city's own words over them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from models.errors import BadInput
from notify.templates.lint import LANGUAGES, RULES, Language, lint


@dataclass(frozen=True, slots=True)
class Template:
    """One text in one language. `max_segments` is what a message may cost at the longest values."""

    name: str
    language: Language
    text: str
    max_segments: int


class TemplateSet:
    """Every text in every language: complete and linted, or it does not exist."""

    def __init__(self, templates: Mapping[tuple[str, Language], Template]) -> None:
        self._templates = dict(templates)
        for language in LANGUAGES:
            for name in RULES:
                if (name, language) not in self._templates:
                    raise BadInput(
                        f"template {language}.{name} is missing",
                        field=f"{language}.{name}",
                        code="BAD_TEMPLATE",
                        hint="give it a text",
                    )
        for template in self:
            lint(template.name, template.language, template.text)

    def __iter__(self) -> Iterator[Template]:
        return iter(self._templates.values())

    def get(self, name: str, language: str) -> Template:
        """The text `name` in Chinese for `zh...`, in English for everybody else.

        Raises BadInput for a name that no rule knows.
        """
        spoken: Language = "zh" if language.lower().startswith("zh") else "en"
        if name not in RULES:
            raise BadInput(
                f"no template is called {name!r}",
                field="template",
                code="BAD_TEMPLATE",
                hint=f"choose among {', '.join(RULES)}",
            )
        return self._templates[name, spoken]

    def changed(self, own: Mapping[str, Any], source: str) -> TemplateSet:
        """This set with a city's own texts over it: {"zh": {"N1": {"text", "max_segments"?}}}."""
        templates = dict(self._templates)
        for language, texts in own.items():
            if language not in LANGUAGES:
                raise _bad_file(source, language, f"languages are {', '.join(LANGUAGES)}")
            for name, entry in _table(texts, source, language).items():
                if name not in RULES:
                    raise _bad_file(source, f"{language}.{name}", f"names are {', '.join(RULES)}")
                templates[name, language] = _template(
                    name, language, entry, source, templates[name, language].max_segments
                )
        return TemplateSet(templates)


def city_templates(path: Path | str) -> TemplateSet:
    """Our texts with a city's TOML or JSON file over them. Raises BadInput as `TemplateSet`."""
    source = Path(path)
    return own_templates().changed(_read(source), source.name)


@cache
def own_templates() -> TemplateSet:
    """The texts that come with Qifen."""
    templates: dict[tuple[str, Language], Template] = {}
    for language in LANGUAGES:
        source = f"{language}.toml"
        texts = tomllib.loads((files("notify.templates") / source).read_text(encoding="utf-8"))
        for name, entry in texts.items():
            templates[name, language] = _template(name, language, entry, source, 0)
    return TemplateSet(templates)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = path.read_text(encoding="utf-8")
        loaded: Any = json.loads(content) if path.suffix == ".json" else tomllib.loads(content)
    except OSError as error:
        raise _bad_file(path.name, "file", f"it cannot be read: {error.strerror}") from None
    except ValueError as error:  # JSON, TOML and UTF-8 faults alike
        raise _bad_file(path.name, "file", f"write TOML or JSON in UTF-8: {error}") from None
    return _table(loaded, path.name, "file")


def _template(
    name: str, language: Language, entry: Any, source: str, max_segments: int
) -> Template:
    field = f"{language}.{name}"
    fields = _table(entry, source, field)
    text, limit = fields.get("text"), fields.get("max_segments", max_segments)
    if not isinstance(text, str) or not text.strip():
        raise _bad_file(source, f"{field}.text", "write the words in quotes")
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 5:
        raise _bad_file(source, f"{field}.max_segments", "a whole number from 1 to 5")
    if unknown := sorted(set(fields) - {"text", "max_segments"}):
        raise _bad_file(source, f"{field}.{unknown[0]}", "only text and max_segments are known")
    return Template(name, language, text.strip(), limit)


def _table(value: Any, source: str, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad_file(source, field, "a table is expected, such as [zh.N1]")
    return cast("dict[str, Any]", value)


def _bad_file(source: str, field: str, mend: str) -> BadInput:
    return BadInput(f"{source}: {field} is wrong", field=field, code="BAD_TEMPLATE", hint=mend)
