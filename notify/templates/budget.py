"""Loading the texts, and what each may cost: the limit holds at the longest values."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from models.errors import BadInput
from models.policy import Policy
from notify.templates.catalogue import TemplateSet, city_templates, own_templates
from notify.templates.lint import lint_signature
from notify.templates.render import LEAST_PLACE, CityTexts, render

LONGEST: dict[str, Any] = {
    "plate": "陕A12***5",
    "place": "延安路体育场路人行道",
    "time": "14:03",
    "date": date(2026, 12, 22),
    "number": "K7Q2",
    "code": "9F3M",
    "event_no": "HZ1122-0031",
    "address": "延安路体育场路口188号",
    "thing": "hanging",
    "people": "1000",
    "limit": "1000",
    "component": "0305-000031",
}
"""The longest values that a budget has to hold: plate 8, place 10, address 12, event number 11."""


def load_templates(path: Path | str | None = None, policy: CityTexts | None = None) -> TemplateSet:
    """Our texts, or, with `path`, a city's TOML or JSON file over them; `policy` is the city's
    (its signature and landline count), the default one if None.

    Raises BadInput naming the template that breaks a rule or costs too much, and the mend.
    """
    templates = own_templates() if path is None else city_templates(path)
    check_budget(templates, policy or Policy())
    return templates


def check_budget(templates: TemplateSet, policy: CityTexts) -> None:
    """Refuse a signature, landline or text with which a message would cost more than it promises.

    All values are at their longest but for the place, which is shortened where it has to be: a
    text must leave room for six of its ten characters.

    Raises BadInput naming the template, by how much it is too long, and the mend.
    """
    lint_signature(policy.signature)
    for template in templates:
        values = {**LONGEST, "place": LONGEST["place"][:LEAST_PLACE]}
        message = render(template.name, template.language, values, policy, templates)
        whole = "{place}" not in template.text or values["place"] in message.body
        if message.segments > template.max_segments or not whole:
            field = f"{template.language}.{template.name}"
            raise BadInput(
                f"template {field} does not fit into {template.max_segments} segments "
                "at the longest values",
                field=field,
                code="BAD_TEMPLATE",
                hint="shorten the text or the signature, or allow more in max_segments",
            )
