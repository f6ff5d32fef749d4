"""qifen texts: the words of every text, as a provider of registered templates wants them."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.common import print_json
from models.policy import Policy
from notify.registered import registered_words, written
from notify.templates import load_templates
from pipeline.settings import load_settings


def texts(
    landline: Annotated[
        str, typer.Option("--landline", help="The city's landline, which stands in the words.")
    ] = Policy().landline,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a text.")] = False,
) -> None:
    """The words to register, a line each: language, name, words with ${variables}.

    The signature is registered by itself. Write the number that each text gets into the file
    that QIFEN_ALIYUN_TEMPLATES names (docs/settings.md).
    """
    for template in written(load_templates(load_settings().texts)):
        words = registered_words(template, landline)
        if as_json:
            print_json({"language": template.language, "name": template.name, "words": words})
        else:
            typer.echo(f"{template.language}\t{template.name}\t{words}")
