"""One file of evidence: whatever is changed in it is found and named, from the file alone."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import random
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from api.cli import app
from models import secret
from models.audit import AuditEntry, Viewing
from models.event import Event
from models.evidence import Evidence, EvidenceAlarm
from models.notice import Notice
from models.store import Store
from pipeline.evidence import EvidenceStore
from pipeline.pack_build import without_phones
from pipeline.pack_file import PackEntry, canonical, pack_bytes, regions, seal_of, self_hash
from pipeline.pack_verify import verify_pack
from pipeline.settings import load_settings, prepare_data_dir
from tests.pipeline.kit import Theatre
from tests.vision.stage import Car, Stay

ROOT = Path(__file__).resolve().parent.parent.parent
OTHER = Car(plate="浙B67890", box=(0.62, 0.5, 0.82, 0.8))


def qifen(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """An installation in which one car stayed until an officer must decide, another beside it;
    gives its folder and the number of the first one's event."""
    folder = tmp_path_factory.mktemp("pack")
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secret, "_fernet", secret._fernet)
        patch.setattr(secret, "_hash_key", secret._hash_key)
        patch.setenv("QIFEN_DATA_DIR", str(folder / "data"))
        settings = load_settings()
        prepare_data_dir(settings)
        store = Store(settings.database)
        store.migrate()
        scene = Theatre(store=store)
        scene.play([Stay(Car(), arrives=6.0), Stay(OTHER, arrives=9.0)], until=130)
        kept = EvidenceStore(settings.evidence_dir)
        with store.read() as session:
            for row in session.scalars(select(Evidence)):
                data = scene.services.evidence.get(row.storage_key)
                assert kept.put(data, row.storage_key.rpartition(".")[2]) == row.storage_key
            number = session.scalar(
                select(Event.event_no).where(Event.state == "REVIEW_PENDING").order_by(Event.id)
            )
        assert number is not None
        yield folder, number
        store.dispose()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture(scope="module")
def exported(city: tuple[Path, str]) -> tuple[Path, str]:
    """The pack and what the export said."""
    folder, number = city
    out = folder / "pack.zip"
    result = qifen("evidence", "export", number, "--reason", "复议 2026-7", "--out", out)
    assert result.exit_code == 0, result.output
    return out, result.stdout


@pytest.fixture(scope="module")
def pack(exported: tuple[Path, str]) -> bytes:
    return exported[0].read_bytes()


def contents(pack: bytes) -> list[PackEntry]:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return [PackEntry(name, archive.read(name)) for name in archive.namelist()]


def manifest_of(pack: bytes) -> dict[str, Any]:
    return json.loads(contents(pack)[0].data)


def test_a_pack_holds_everything_and_is_a_plain_zip(pack: bytes, city: tuple[Path, str]) -> None:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    kinds = {name.split("/")[1][:2] for name in names if name.startswith("originals/")}
    assert {"E1", "E2", "E3", "E4", "E5", "E6"} <= kinds
    assert {"facts.json", "transitions.json", "texts.json", "chain.json", "report.pdf"} <= set(
        names
    )
    manifest = manifest_of(pack)
    for entry in manifest["entries"]:
        if entry["role"] == "original":
            assert {
                "sha256", "size", "kind", "captured_at", "clock_offset_seconds", "pts",
                "zone_version", "zone_phase", "rule", "model_sha256", "software",
            } <= set(entry)  # fmt: skip
            assert (entry["zone_version"], entry["zone_phase"]) == (1, "live")
            assert entry["rule"]
            assert entry["model_sha256"]
    assert manifest["event_no"] == city[1]
    assert verify_pack(pack).problems == ()
    chain = json.loads(next(e.data for e in contents(pack) if e.name == "chain.json"))
    assert len(chain["links"]) > len(chain["records"]), "the other car's records lie between"


def test_originals_are_the_stored_bytes_and_copies_are_others(pack: bytes) -> None:
    by_name = {e.name: e.data for e in contents(pack)}
    store = EvidenceStore(load_settings().evidence_dir)
    records = json.loads(by_name["chain.json"])["records"]
    for record in records:
        stem = f"{record['kind']}-{record['sequence']:08d}"
        original = by_name[f"originals/{stem}.jpg"]
        assert original == store.get(record["storage_key"])
        assert by_name[f"copies/{stem}-marked.jpg"] != original


def test_the_plate_is_in_it_and_no_phone_and_no_code(pack: bytes, city: tuple[Path, str]) -> None:
    with Store(load_settings().database).read() as session:
        event = session.scalar(select(Event).where(Event.event_no == city[1]))
        assert event is not None
        phone = session.scalar(select(Notice.phone).where(Notice.event_id == event.id))
        assert phone
    text = b"".join(e.data for e in contents(pack) if e.name.endswith(".json")).decode()
    assert f'"{event.plate}"' in text
    assert phone.removeprefix("+86") not in text
    assert event.query_code not in json.loads(
        next(e.data for e in contents(pack) if e.name == "texts.json")
    )[0]["body"]  # fmt: skip
    assert without_phones({"a": ["请打 13812345678", "x1381234567812"]}) == {
        "a": ["请打 ***5678", "x1381234567812"]
    }


def test_the_report_speaks_both_languages(pack: bytes, tmp_path: Path) -> None:
    """Each character's way back from its glyph is in the file: it can be searched and read out."""
    pdf = next(e.data for e in contents(pack) if e.name == "report.pdf")
    assert pdf.startswith(b"%PDF-")
    assert b"NotoSans" in pdf or b"/FontFile" in pdf
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf)
    codes = _letters(pdf)
    assert set("证据包经过短信完整性Evidencpack") <= codes


def _letters(pdf: bytes) -> set[str]:
    found: set[str] = set()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(stream.rstrip(b"\r\n"))
        except zlib.error:
            text = stream
        if b"beginbfchar" in text:
            for digits in re.findall(rb"<[0-9A-Fa-f]{4}> <([0-9A-Fa-f]+)>", text):
                found |= set(bytes.fromhex(digits.decode()).decode("utf-16-be"))
    return found


def test_a_thousand_random_changes_are_all_found_and_named(pack: bytes) -> None:
    """Issue 4, tamper test: single bytes anywhere, entries dropped, swapped and reordered."""
    draw = random.Random(20261122)
    entries = contents(pack)
    for n in range(1000):
        told = verify_pack(_changed(draw, n, pack, entries, named := []))
        assert not told.intact, (n, named)
        said = "\n".join(told.problems)
        assert any(name in said for name in named), (n, named, told.problems)


def _changed(
    draw: random.Random, n: int, pack: bytes, entries: list[PackEntry], named: list[str]
) -> bytes:
    """One change; `named` gets the names of which at least one must be in a problem."""
    first, second = draw.sample(range(1, len(entries)), 2)
    changed = list(entries)
    match n % 5:
        case 0:  # any byte of the file, zip structure and seal included
            at = draw.randrange(len(pack))
            sizes = [(e.name, len(e.data)) for e in entries]
            named.append(next(r.what for r in regions(sizes) if r.start <= at < r.end))
            return pack[:at] + bytes([pack[at] ^ draw.randrange(1, 256)]) + pack[at + 1 :]
        case 1:  # a byte of one entry, everything else made anew to fit
            index = draw.randrange(len(entries))
            data, at = entries[index].data, draw.randrange(len(entries[index].data))
            flipped = data[:at] + bytes([data[at] ^ draw.randrange(1, 256)]) + data[at + 1 :]
            changed[index] = PackEntry(entries[index].name, flipped)
            named.append(entries[index].name)
        case 2:
            named.append(changed.pop(draw.randrange(len(entries))).name)
        case 3:  # contents under each other's names
            one, two = entries[first], entries[second]
            changed[first], changed[second] = (
                PackEntry(one.name, two.data), PackEntry(two.name, one.data),
            )  # fmt: skip
            named += [one.name]
        case _:
            changed[first], changed[second] = changed[second], changed[first]
            named += [entries[first].name, entries[second].name]
    return pack_bytes(changed)


def test_every_byte_of_the_structure_counts(pack: bytes) -> None:
    """Headers, directory, end record, seal and the manifest's beginning: one bit each."""
    entries = contents(pack)
    body = sum(30 + len(e.name.encode()) + len(e.data) for e in entries)
    for at in [*range(43), *range(body, len(pack), 3)]:
        flipped = pack[:at] + bytes([pack[at] ^ 1]) + pack[at + 1 :]
        assert verify_pack(flipped).problems, at


@pytest.mark.parametrize("extra", [b"\n", b"PK\x05\x06" + bytes(18)])
def test_bytes_before_and_after_are_found(pack: bytes, extra: bytes) -> None:
    assert verify_pack(pack + extra).problems
    assert verify_pack(extra + pack).problems
    assert verify_pack(pack[:-90] + extra + pack[-90:]).problems
    assert verify_pack(pack[:-1000] + pack[-100:]).problems


def test_an_added_entry_is_named(pack: bytes) -> None:
    entries = contents(pack)
    forged = pack_bytes([*entries[:3], PackEntry("originals/E9.jpg", b"more"), *entries[3:]])
    assert "originals/E9.jpg: added" in verify_pack(forged).problems


def _remade(pack: bytes, name: str, data: bytes) -> bytes:
    """A clever forger: hash and size in the manifest, its own hash and the seal are made to fit."""
    entries = [PackEntry(e.name, data if e.name == name else e.data) for e in contents(pack)]
    manifest = json.loads(entries[0].data)
    for entry in manifest["entries"]:
        if entry["name"] == name:
            entry |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    manifest["manifest_sha256"] = self_hash(manifest)
    return pack_bytes([PackEntry("manifest.json", canonical(manifest)), *entries[1:]])


def test_a_forged_picture_with_a_new_manifest_contradicts_the_chain(pack: bytes) -> None:
    name = next(e["name"] for e in manifest_of(pack)["entries"] if e.get("kind") == "E4")
    told = verify_pack(_remade(pack, name, b"\xff\xd8 another picture"))
    assert told.problems == (f"{name}: the manifest and the chain differ",)


def test_a_forged_chain_record_does_not_give_its_hash(pack: bytes) -> None:
    chain = json.loads(next(e.data for e in contents(pack) if e.name == "chain.json"))
    chain["records"][1]["details"]["size"] = [1, 1]
    told = verify_pack(_remade(pack, "chain.json", canonical(chain)))
    assert any("its hash does not match" in problem for problem in told.problems)


def test_a_file_made_wholly_anew_is_found_with_the_seal(
    pack: bytes, exported: tuple[Path, str], tmp_path: Path
) -> None:
    seal, head = re.findall(r"(?:seal|head) ([0-9a-f]{64})", exported[1])
    facts = json.loads(next(e.data for e in contents(pack) if e.name == "facts.json"))
    forged = _remade(pack, "facts.json", canonical({**facts, "place": "elsewhere"}))
    assert verify_pack(forged).intact, "nobody can tell from the file alone"
    file = tmp_path / "forged.zip"
    file.write_bytes(forged)
    result = qifen("evidence", "verify", file, "--seal", seal)
    assert (result.exit_code, "another file" in result.stdout) == (1, True)
    assert qifen("evidence", "verify", exported[0], "--seal", seal, "--head", head).exit_code == 0
    assert qifen("evidence", "verify", exported[0], "--head", "0" * 64).exit_code == 1


def test_verify_needs_nothing_but_the_file(exported: tuple[Path, str], tmp_path: Path) -> None:
    """Another process in an empty folder with no settings and no database; none is made there."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("QIFEN_", "COVERAGE"))}
    done = subprocess.run(
        [sys.executable, "-m", "api.commands", "evidence", "verify", str(exported[0])],
        cwd=tmp_path, env=bare | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout[:7]) == (0, "intact:"), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_export_is_in_the_viewing_log_and_the_audit_log(
    exported: tuple[Path, str], pack: bytes
) -> None:
    with Store(load_settings().database).read() as session:
        looks = session.scalars(select(Viewing).where(Viewing.reason == "复议 2026-7")).all()
        originals = [e for e in manifest_of(pack)["entries"] if e["role"] == "original"]
        assert len([v for v in looks if v.evidence_id]) >= len(originals)
        audit = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "evidence.exported")
        ).all()
    assert seal_of(pack) in [entry.details["seal"] for entry in audit]


def test_w52_an_original_that_was_changed_or_lost_stops_the_export(
    city: tuple[Path, str], pack: bytes, tmp_path: Path
) -> None:
    """Nothing rests on such a pack: the event ends undetermined, and there is an alarm."""
    record = json.loads(next(e.data for e in contents(pack) if e.name == "chain.json"))["records"][
        0
    ]
    path = EvidenceStore(load_settings().evidence_dir).path(record["storage_key"])
    data, out = path.read_bytes(), tmp_path / "later.zip"
    words = ("evidence", "export", city[1], "--reason", "test", "--out", out)
    try:
        path.write_bytes(b"another")
        result = qifen(*words)
        assert (result.exit_code, "not what was recorded" in result.stderr) == (2, True)
        path.unlink()
        result = qifen(*words)
        assert (result.exit_code, "is missing" in result.stderr) == (2, True)
        assert not out.exists()
        result = qifen("evidence", "verify")
        assert (result.exit_code, result.stdout) == (1, "record 1: file_missing\n")
    finally:
        path.write_bytes(data)
    with Store(load_settings().database).read() as session:
        event = session.scalars(select(Event).where(Event.event_no == city[1])).one()
        (alarm,) = session.scalars(select(EvidenceAlarm)).all()
    assert (event.state, event.outcome) == ("UNDETERMINED", "EVIDENCE_BROKEN")
    assert (alarm.evidence_id, alarm.what) == (record["sequence"], "file_changed")
    assert qifen("evidence", "verify").exit_code == 0
    assert qifen(*words).exit_code == 0
    assert qifen(*words).exit_code == 2, "a file that is there is never written over"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "HZ0101-9999", "--reason", "x"], "there is no event"),
        (["export", "{event}", "--reason", "  "], "a reason is needed"),
        (["export", "{event}", "--reason", "x", "--by", "nobody"], "no active user"),
        (["export", "{event}", "--reason", "x", "--out", "/dev/null/x"], "Not a directory"),
        (["verify", "nofile.zip"], "No such file"),
        (["verify", "README.md"], "not an evidence pack"),
        (["verify", "README.md", "--seal", "12"], "64 hexadecimal"),
    ],
)
def test_bad_input_says_what_to_do(
    city: tuple[Path, str], words: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    result = qifen("evidence", *[word.replace("{event}", city[1]) for word in words])
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_without_a_chinese_font_the_package_is_named(
    city: tuple[Path, str], tmp_path: Path
) -> None:
    """A machine whose font folders are empty: nothing is written, and the mend is said."""
    script = (
        "import sys, vision.picture_drawing as drawing\n"
        "drawing._FOLDERS = (sys.argv[1],)\n"
        "from api.cli import app\n"
        "app(['evidence', 'export', sys.argv[2], '--reason', 'x', '--out', sys.argv[3]])\n"
    )
    out = tmp_path / "pack.zip"
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), city[1], str(out)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "fonts-noto-cjk" in done.stderr) == (2, True), done.stderr
    assert not out.exists()
