"""The one file of an event's evidence: a zip whose every byte follows from what is in it.

Entries are stored uncompressed, in the order given, with one fixed time and no extra fields, so
that the same contents always give the same bytes: a checker makes the file again and compares. The
archive's comment is the last line of the file, a SHA-256 over all bytes before it (the seal). Any
program that opens zip files opens it.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import BadInput

MANIFEST = "manifest.json"
FORMAT = "qifen-evidence-1"
LOCAL = struct.Struct("<4s5H3I2H")
LOCAL_MARK = b"PK\x03\x04"
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_SEAL_HEAD = f"{FORMAT} sha256 ".encode()
SEAL_LENGTH = len(_SEAL_HEAD) + 64 + 1
_VERSION, _UTF8, _STORED, _MIDNIGHT, _FIRST_DAY = 20, 0x0800, 0, 0, 0x21
_UNIX_FILE = 0o100644 << 16
_LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class PackEntry:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Region:
    """Bytes `start` to `end` of a pack and what they are, for people."""

    start: int
    end: int
    what: str


def pack_bytes(entries: Sequence[PackEntry]) -> bytes:
    """The whole file, seal included. Raises BadInput where zip's plain form cannot hold it."""
    body = bytearray()
    directory = bytearray()
    for entry in entries:
        name, size, crc = entry.name.encode(), len(entry.data), zlib.crc32(entry.data)
        offset = len(body)
        if size > _LARGEST or offset > _LARGEST - size or len(entries) > 0xFFFF:
            raise BadInput("the evidence is larger than one file of 4 GB can hold", field="event")
        body += LOCAL.pack(
            LOCAL_MARK, _VERSION, _UTF8, _STORED, _MIDNIGHT, _FIRST_DAY, crc, size, size,
            len(name), 0,
        )  # fmt: skip
        body += name + entry.data
        directory += _CENTRAL.pack(
            b"PK\x01\x02", 3 << 8 | _VERSION, _VERSION, _UTF8, _STORED, _MIDNIGHT, _FIRST_DAY,
            crc, size, size, len(name), 0, 0, 0, 0, _UNIX_FILE, offset,
        )  # fmt: skip
        directory += name
    start, count = len(body), len(entries)
    body += directory
    body += _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), start, SEAL_LENGTH)
    return bytes(body) + seal_line(bytes(body))


def seal_line(body: bytes) -> bytes:
    """The last line of a pack, over all bytes before it."""
    return _SEAL_HEAD + hashlib.sha256(body).hexdigest().encode() + b"\n"


def seal_of(pack: bytes) -> str:
    """The seal as the file says it, whether it is true or not; empty where there is none."""
    line = pack[-SEAL_LENGTH:]
    if not line.startswith(_SEAL_HEAD):
        return ""
    return line[len(_SEAL_HEAD) : -1].decode("ascii", "replace")


def regions(sizes: Sequence[tuple[str, int]]) -> list[Region]:
    """The layout of a pack of entries with these names and sizes (bytes), from its beginning to
    its end without a gap."""
    found: list[Region] = []
    at = 0

    def add(length: int, what: str) -> None:
        nonlocal at
        found.append(Region(at, at + length, what))
        at += length

    for name, size in sizes:
        add(LOCAL.size + len(name.encode()), f"{name}: zip header")
        add(size, name)
    for name, _ in sizes:
        add(_CENTRAL.size + len(name.encode()), f"{name}: zip directory record")
    add(_END.size, "zip end record")
    add(SEAL_LENGTH, "seal line")
    return found


def canonical(value: Any) -> bytes:
    """JSON in the one spelling that a pack uses: keys sorted, one space a level, a last newline."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return (text + "\n").encode()


def self_hash(manifest: Mapping[str, Any]) -> str:
    """SHA-256 over the manifest without its own field `manifest_sha256`."""
    rest = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    return hashlib.sha256(canonical(rest)).hexdigest()
