"""Whose car is it? A directory of owners behind a protocol; every question is recorded.

The directory knows phones; nobody else does. What is recorded of a question is a keyed hash of
the plate, its purpose and who asked (domain.md 8.7, PIPL 51).
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from models.errors import BadInput
from models.event import Event
from models.flow import Actor
from models.notice import OwnerLookup
from models.secret import keyed_hash
from notify.phones import mobile_number

_REQUIRED = ("plate", "phone")
_OPTIONAL = ("language", "colour", "vehicle_kind", "authorised")
_YES = frozenset({"1", "true", "yes", "y", "是"})
_NO = frozenset({"0", "false", "no", "n", "否"})


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is to be told, and what the register says of the car (for the gates of A7)."""

    phone: str = field(repr=False)
    """E.164, a mobile number"""
    language: str = "zh"
    colour: str = ""
    vehicle_kind: str = ""
    authorised: bool = True
    """False: a company's or renter's contact that did not agree to be told (W19)."""


class OwnerDirectory(Protocol):
    """A register of owners. Ask it through `look_up` only, which records the question."""

    @property
    def name(self) -> str: ...

    def find(self, plate: str) -> Owner | None:
        """The owner of `plate` (normalised). Raises models.errors.Unavailable if it is away."""
        ...


class NoOwners:
    """The directory of an installation that has none: nobody is known, a person is sent."""

    name = "none"

    def find(self, plate: str) -> Owner | None:
        del plate
        return None


class CsvOwnerDirectory:
    """Owners from a CSV file with a header line: plate, phone and, as wanted, language (zh, en),
    colour, vehicle_kind, authorised (yes, no). UTF-8, or GB 18030 as Chinese Excel writes it.

    Read once. Raises BadInput naming the line and the column that is wrong, and never a phone.
    """

    name = "csv"

    def __init__(self, path: Path | str) -> None:
        self._owners: dict[str, Owner] = {}
        first_seen: dict[str, int] = {}
        for line, row in _rows(Path(path)):
            plate = _normalised(row["plate"])
            if not plate:
                raise _bad(line, "plate", "it is empty")
            if plate in first_seen:
                raise _bad(line, "plate", f"it stands in line {first_seen[plate]} already")
            first_seen[plate] = line
            self._owners[plate] = _owner(line, row)

    def __len__(self) -> int:
        return len(self._owners)

    def find(self, plate: str) -> Owner | None:
        return self._owners.get(_normalised(plate))


def look_up(
    session: Session,
    directory: OwnerDirectory,
    plate: str,
    *,
    event: Event | None,
    purpose: str,
    actor: Actor,
    at: datetime,
) -> Owner | None:
    """Ask `directory` for the owner of `plate`, and record that it was asked, by whom, and why."""
    owner = directory.find(plate)
    session.add(
        OwnerLookup(
            at=at,
            event_id=None if event is None else event.id,
            plate_hash=keyed_hash(_normalised(plate)),
            purpose=purpose[:60],
            actor=f"{actor.kind}:{actor.id}"[:40] if actor.id else str(actor.kind),
            found=owner is not None,
            directory=directory.name,
        )
    )
    return owner


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number in the file (the header is 1) and its cells by column."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), restkey="", strict=True)
    columns = [name.strip() for name in reader.fieldnames or ()]
    for name in _REQUIRED:
        if name not in columns:
            raise _bad(1, name, "the column is missing")
    for name in columns:
        if name not in _REQUIRED + _OPTIONAL:
            raise _bad(1, name or "(nameless)", f"columns are {', '.join(_REQUIRED + _OPTIONAL)}")
    reader.fieldnames = columns
    try:
        for row in reader:
            if "" in row:
                raise _bad(reader.line_num, columns[-1], "the line has more cells than columns")
            yield reader.line_num, {name: (row[name] or "").strip() for name in columns}
    except csv.Error as error:
        raise _bad(reader.reader.line_num, columns[0], str(error)) from None


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"the owners' file {path.name} cannot be read: {error.strerror}", field="owners_csv"
        ) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(
        f"the owners' file {path.name} is neither UTF-8 nor GB 18030", field="owners_csv"
    )


def _owner(line: int, row: dict[str, str]) -> Owner:
    language = row.get("language", "").lower() or "zh"
    if language not in ("zh", "en"):
        raise _bad(line, "language", "write zh or en")
    authorised = row.get("authorised", "").lower() or "yes"
    if authorised not in _YES | _NO:
        raise _bad(line, "authorised", "write yes or no")
    try:
        phone = mobile_number(row["phone"])
    except BadInput as error:
        raise _bad(line, "phone", error.message) from None
    return Owner(
        phone=phone,
        language=language,
        colour=row.get("colour", ""),
        vehicle_kind=row.get("vehicle_kind", ""),
        authorised=authorised in _YES,
    )


def _normalised(plate: str) -> str:
    """As plates are compared (domain.md 2.6): half width, upper case, without dots and spaces."""
    return "".join(c for c in unicodedata.normalize("NFKC", plate).upper() if c.isalnum())


def _bad(line: int, column: str, mend: str) -> BadInput:
    return BadInput(
        f"owners' file, line {line}, column {column}: {mend}", field=column, code="BAD_OWNERS"
    )
