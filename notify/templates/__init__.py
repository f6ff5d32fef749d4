"""The words of every notice: data in zh.toml and en.toml, linted when loaded (domain.md 6)."""

from notify.templates.catalogue import Template, TemplateSet, load_templates
from notify.templates.lint import LANGUAGES, RULES, Rule
from notify.templates.render import CityTexts, Message, check_budget, render, segments

__all__ = [
    "LANGUAGES",
    "RULES",
    "CityTexts",
    "Message",
    "Rule",
    "Template",
    "TemplateSet",
    "check_budget",
    "load_templates",
    "render",
    "segments",
]
