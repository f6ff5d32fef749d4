"""Is a pack what was exported? Answered from the file alone: no database, no settings, no network.

Each problem is one line that names what it is about. What nobody can tell from the file alone is
whether somebody made the whole file anew, all hashes with it: for that compare the seal, which
the export prints and writes into the installation's audit log.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cryptography.x509 import Certificate

from models.errors import BadInput
from pipeline.pack_anchors import ANCHORS, check_anchors
from pipeline.pack_chain import CHAIN, check_chain
from pipeline.pack_file import (
    FORMAT,
    LOCAL,
    LOCAL_MARK,
    MANIFEST,
    SEAL_LENGTH,
    PackEntry,
    canonical,
    pack_bytes,
    regions,
    seal_line,
    seal_of,
    self_hash,
)

_MANIFEST_AT = LOCAL.size + len(MANIFEST)
_MANIFEST_END = b"\n}\n"
"""In the one spelling of JSON that a pack uses, only the outermost brace begins a line."""
_WRONG_FORM = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class PackReport:
    event_no: str
    entries: int
    seal: str
    """As the file's last line says it."""
    head: str
    """Last record of the installation's chain at export, as the manifest says it."""
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry as the headers in the file tell it."""

    name: str
    data: bytes
    crc_holds: bool


def verify_pack(
    data: bytes, *, seal: str = "", head: str = "", roots: Sequence[Certificate] = ()
) -> PackReport:
    """Check every byte of a pack; with `seal` or `head` (64 hex digits, as the export printed
    them) also that it is this one; with `roots`, who signed its time stamps.

    Raises BadInput where `data` is no pack of ours at all.
    """
    begins_so = data.startswith(LOCAL_MARK) and MANIFEST.encode() in data[:64]
    if not (begins_so or seal_of(data)):  # one of the two may be what was tampered with
        raise BadInput(
            "this is not an evidence pack", field="file", hint="give a file of `evidence export`"
        )
    found = _walk(data)
    manifest, problems = _manifest(data)
    if manifest is None:
        problems += [f"{f.name}: changed" for f in found if not f.crc_holds]
        problems += _seal_problems(data)
        return PackReport("", len(found), seal_of(data), "", tuple(_once(problems)))
    try:
        problems += _check(data, manifest, found, roots)
        told = str(manifest["event_no"]), str(manifest["chain_head"]["chain_hash"])
    except _WRONG_FORM:
        problems.append(f"{MANIFEST}: not of the form {FORMAT}")
        told = "", ""
    problems += _outside(data, told[1], seal, head)
    return PackReport(told[0], len(found), seal_of(data), told[1], tuple(_once(problems)))


def _manifest(data: bytes) -> tuple[dict[str, Any] | None, list[str]]:
    """The manifest, found without help of any zip header, or None with what is wrong with it."""
    end = data.find(_MANIFEST_END, _MANIFEST_AT)
    raw = data[_MANIFEST_AT : end + len(_MANIFEST_END)] if end >= 0 else b""
    try:
        manifest = json.loads(raw)
        if canonical(manifest) != raw or not isinstance(manifest, dict):
            return None, [f"{MANIFEST}: changed (not as it was written)"]
    except _WRONG_FORM:
        return None, [f"{MANIFEST}: missing or changed (cannot be read)"]
    known = cast("dict[str, Any]", manifest)
    if known.get("manifest_sha256") != self_hash(known):
        return None, [f"{MANIFEST}: changed (its own hash does not match)"]
    return known, []


def _check(
    data: bytes,
    manifest: Mapping[str, Any],
    found: Sequence[_Found],
    roots: Sequence[Certificate],
) -> list[str]:
    listed: list[dict[str, Any]] = manifest["entries"]
    raw_manifest = canonical(manifest)
    sizes = [(MANIFEST, len(raw_manifest))]
    sizes += [(str(e["name"]), int(e["size"])) for e in listed]
    layout = regions(sizes)
    placed = {r.what: data[r.start : r.end] for r in layout}
    if any(_sha256(placed[str(e["name"])]) != e["sha256"] for e in listed):
        problems = _entry_problems(listed, placed, found)
        problems += _order_problems([name for name, _ in sizes], found)
        # Whole, though not where they belong: something else lies between them.
        return problems + _seal_problems(data) or ["zip: bytes that do not belong there"]
    made = pack_bytes([PackEntry(name, placed[name]) for name, _ in sizes])
    problems = [f"{r.what}: changed" for r in layout if made[r.start : r.end] != placed[r.what]]
    if len(data) != len(made):
        problems.append(f"zip: {len(data) - len(made):+d} bytes at its end")
    chain = json.loads(placed[CHAIN])
    if canonical(chain) != placed[CHAIN]:
        problems.append(f"{CHAIN}: not as it is written by an export")
    problems += check_chain(chain, manifest)
    if ANCHORS in placed:  # packs of earlier versions have none
        anchors = json.loads(placed[ANCHORS])
        if canonical(anchors) != placed[ANCHORS]:
            problems.append(f"{ANCHORS}: not as it is written by an export")
        problems += check_anchors(anchors, chain, roots)
    return problems


def _entry_problems(
    listed: Sequence[Mapping[str, Any]], placed: Mapping[str, bytes], found: Sequence[_Found]
) -> list[str]:
    by_name = {f.name: f for f in found}
    names = {str(e["sha256"]): str(e["name"]) for e in listed}
    problems: list[str] = []
    for entry in listed:
        name, sha256 = str(entry["name"]), str(entry["sha256"])
        if _sha256(placed.get(name, b"")) == sha256:
            continue
        at_name = by_name.get(name)
        if at_name is None:
            problems.append(f"{name}: missing or changed")
            continue
        actual = _sha256(at_name.data)
        if actual == sha256:
            continue
        other = names.get(actual)
        problems.append(f"{name}: holds {other}" if other else f"{name}: changed")
    return problems


def _order_problems(expected: Sequence[str], found: Sequence[_Found]) -> list[str]:
    names = [f.name for f in found]
    problems = [f"{n}: twice" for n in dict.fromkeys(names) if names.count(n) > 1]
    problems += [f"{n}: added" for n in dict.fromkeys(names) if n not in expected]
    have = [n for n in names if n in expected]
    wanted = [n for n in expected if n in have]
    problems += [
        f"{n}: out of order"
        for n, right in zip(dict.fromkeys(have), wanted, strict=True)
        if n != right
    ]
    return problems


def _walk(data: bytes) -> list[_Found]:
    """Entries by their own headers, one after the other, as far as the headers make sense."""
    found: list[_Found] = []
    at = 0
    while data[at : at + 4] == LOCAL_MARK and at + LOCAL.size <= len(data):
        header = LOCAL.unpack_from(data, at)
        crc, size, name_length, extra = header[6], header[7], header[9], header[10]
        start = at + LOCAL.size + name_length + extra
        if start + size > len(data):
            break
        name = data[at + LOCAL.size : at + LOCAL.size + name_length].decode("utf-8", "replace")
        content = data[start : start + size]
        # A changed name goes to a terminal: nothing but what can be printed.
        shown = "".join(c if c.isprintable() else "?" for c in name)
        found.append(_Found(shown, content, zlib.crc32(content) == crc))
        at = start + size
    return found


def _seal_problems(data: bytes) -> list[str]:
    good = seal_line(data[:-SEAL_LENGTH]) == data[-SEAL_LENGTH:]
    return [] if good else ["seal line: does not match the bytes before it"]


def _outside(data: bytes, chain_head: str, seal: str, head: str) -> list[str]:
    problems: list[str] = []
    if seal and seal.lower() != seal_of(data):
        problems.append("seal line: not the seal that was printed at export; another file")
    if head and head.lower() != chain_head:
        problems.append(f"{MANIFEST}: not the chain head that was printed at export")
    return problems


def _once(problems: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(problems))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
