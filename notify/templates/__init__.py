"""The words of every notice: data in zh.toml and en.toml, linted when loaded (domain.md 6)."""

from notify.templates.budget import check_budget, load_templates
from notify.templates.catalogue import Template, TemplateSet, own_templates
from notify.templates.lint import LANGUAGES, RULES, Rule
from notify.templates.render import CityTexts, Message, render, segments

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
    "own_templates",
    "render",
    "segments",
]
