"""The pages say what the code does; those made from code are fresh; none names this machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from api.console.words import WORDS
from models.event import EventState
from scripts.generate_docs import PAGES

ROOT = Path(__file__).resolve().parent.parent


def tracked(*endings: str) -> list[Path]:
    """Files of the project with these endings, as git knows them (all files where there is no
    git, as in a source archive)."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    files = [ROOT / name for name in listed if name] or list(ROOT.rglob("*"))
    return [f for f in files if f.is_file() and f.suffix in endings]


@pytest.mark.parametrize("name", PAGES)
def test_pages_made_from_code_are_fresh(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


def test_links_of_pages_lead_somewhere() -> None:
    for page in tracked(".md"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links {target}"


def test_decisions_are_numbered_without_a_gap() -> None:
    names = sorted(p.name for p in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_no_page_or_source_names_a_folder_of_one_machine() -> None:
    pattern = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/")
    for file in tracked(".py", ".md", ".toml", ".css", ".html", ".json", ".csv", ""):
        found = pattern.search(file.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{file.relative_to(ROOT)}: {found}"


def test_console_has_a_word_for_every_state() -> None:
    for state in EventState:
        assert all(WORDS[state.value]), state


def test_console_uses_only_words_that_exist() -> None:
    used: set[str] = set()
    for file in (ROOT / "api" / "console").glob("*.py"):
        source = file.read_text(encoding="utf-8")
        used |= set(re.findall(r"""\bword\(\s*["']([a-z_]+)["']\s*[,)]""", source))
    assert len(used) > 50
    assert used <= set(WORDS), used - set(WORDS)


def test_changelog_has_a_section_for_what_is_to_come() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
