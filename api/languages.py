"""Two languages: words out of a table of pairs, and the language that a browser wishes for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from fastapi import Request

Pair: TypeAlias = tuple[str, str]
"""The same said in Chinese and in English."""


def pick(pair: Pair, language: str) -> str:
    """Chinese for "zh" and "zh-CN", English for anything else."""
    return pair[0 if language.startswith("zh") else 1]


def words_in(table: Mapping[str, Pair], language: str) -> dict[str, str]:
    """All words of a table in one language."""
    return {key: pick(pair, language) for key, pair in table.items()}


def wished(request: Request, lang: str | None) -> str:
    """The chosen language, else the first of the browser's that we have, else Chinese."""
    for wish in (lang or "", *request.headers.get("accept-language", "").split(",")):
        if wish.strip().lower()[:2] in ("zh", "en"):
            return wish.strip().lower()[:2]
    return "zh"
