"""L86: the numbers of registered texts are complete or refused, and so are their variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from models.errors import BadInput
from notify.registered import (
    MAX_VALUE_CHARACTERS,
    TemplateCodes,
    check_registrable,
    load_codes,
    registered_words,
    written,
)
from notify.templates import Template, load_templates
from tests.aliyun_server import codes_of, write_codes

TEXTS = load_templates()


def test_l86_every_text_of_ours_can_be_registered() -> None:
    """At most 20 variables, none beside another, at most 500 characters, no landline in one."""
    for template in TEXTS:
        check_registrable(template)
        words = registered_words(template, "0571-12345678")
        assert "{landline}" not in words
        assert ("0571-12345678" in words) == ("{landline}" in template.text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{plate} " + " x ".join(f"{{v{n}}}" for n in range(20)), "too many variables"),
        ("{plate}{place}", "beside another"),
        ("{plate} {place}", "beside another"),
        ("{plate}{landline}{place}", None),
        ("{plate}" + "长" * 500, "characters"),
    ],
)
def test_l86_what_cannot_be_registered_is_refused(text: str, fault: str | None) -> None:
    template = Template("N1", "zh", text, 1)
    if fault is None:
        check_registrable(template)
        return
    with pytest.raises(BadInput, match=fault) as refused:
        check_registrable(template)
    assert refused.value.field == "zh.N1"


def test_l86_a_missing_number_is_named(tmp_path: Path) -> None:
    """Every text in every language: the first one without a number is told, with the mend."""
    codes = codes_of()
    del codes["en"]["N3b"]
    with pytest.raises(BadInput, match=r"en\.N3b has no template number") as refused:
        load_codes(write_codes(tmp_path / "codes.toml", codes), TEXTS)
    assert (refused.value.field, refused.value.code) == ("en.N3b", "BAD_TEMPLATE_NUMBER")
    assert refused.value.hint


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ('[zh]\nN1 = "SMS 1"', "zh.N1"),
        ("[zh]\nN1 = 480000001", "zh.N1"),
        ('[zh]\nN99 = "SMS_1"', "zh.N99"),
        ('[fr]\nN1 = "SMS_1"', "fr"),
        ('zh = "SMS_1"', "zh"),
        ("[zh", "codes.toml"),
    ],
)
def test_a_file_of_numbers_that_makes_no_sense_is_refused(
    tmp_path: Path, file: str, field: str
) -> None:
    path = tmp_path / "codes.toml"
    path.write_text(file, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        load_codes(path, TEXTS)
    assert refused.value.field == field
    with pytest.raises(BadInput, match="cannot be read"):
        load_codes(tmp_path / "nowhere.toml", TEXTS)


def test_two_texts_with_one_number_are_refused() -> None:
    codes = codes_of()
    codes["zh"]["N2"] = codes["zh"]["N1"]
    with pytest.raises(BadInput, match=r"has the number of zh\.N1"):
        TemplateCodes(codes, TEXTS)


def test_l86_values_are_chosen_by_the_words_and_bounded() -> None:
    """No landline among them; one that is missing or too long is refused by name."""
    codes = TemplateCodes(codes_of(), TEXTS)
    given = {
        "plate": "浙A12**5", "time": "14:03", "place": "延安路", "grace": "7分钟",
        "number": "K7Q2", "code": "9F3M", "landline": "0571-12345678",
    }  # fmt: skip
    assert sorted(codes.values("N1", "zh", given)) == sorted(set(given) - {"landline"})
    assert codes.code("N1", "zh-CN") == codes.code("N1", "zh")
    assert codes.code("N1", "fr") == codes.code("N1", "en")
    for wrong in ("", "长" * (MAX_VALUE_CHARACTERS + 1)):
        with pytest.raises(BadInput) as refused:
            codes.values("N1", "zh", {**given, "place": wrong})
        assert refused.value.field == "place"
        assert "长" not in str(refused.value)


def test_the_words_to_register_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QIFEN_TEXTS", raising=False)
    printed = CliRunner().invoke(app, ["texts", "--landline", "0571-88880000", "--json"])
    assert printed.exit_code == 0, printed.output
    lines = [json.loads(line) for line in printed.output.splitlines()]
    n1 = next(line for line in lines if (line["language"], line["name"]) == ("zh", "N1"))
    assert "${plate}于${time}停${place}" in n1["words"]
    assert "申辩0571-88880000号${number}码${code}" in n1["words"]
    assert len(lines) == len(list(written(TEXTS)))
    assert "VC" not in {line["name"] for line in lines}, "a call is registered nowhere"
