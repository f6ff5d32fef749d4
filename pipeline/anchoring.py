"""The daily anchor (L80): written, exported to a folder, stamped where an authority is set."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.x509 import Certificate
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import deadlines
from models.anchors import (
    AnchorStamp,
    ChainAnchor,
    as_json,
    canonical,
    newest_anchor,
    stamp_of,
    unstamped,
    verify_anchors,
    write_anchor,
)
from models.errors import QifenError
from pipeline.logs import get_logger
from pipeline.services import Services
from pipeline.timestamps import ask, check, read_roots, stamped_at

_log = get_logger(__name__)


class Anchoring:
    """Writes the anchors of one installation."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._folder = services.settings.anchors

    def run_if_due(self) -> None:
        """Today's anchor where there is none yet, and what is missing of its export and of all
        stamps. Raises Unavailable while the database is away; an authority or folder that is away
        is only logged."""
        today = deadlines.local(self._services.clock.now()).date()
        with self._services.store.read() as session:
            latest = newest_anchor(session)
        if latest is None or latest.day < today:
            self.anchor()
        else:
            self._export(latest)  # a kill after the commit, or a folder that was away
        self.stamp_missing()

    def anchor(self) -> ChainAnchor:
        """Write today's anchor (or give the one that is there) and export it."""
        with self._services.store.begin() as session:
            row = write_anchor(session, at=self._services.clock.now())
        self._export(row)
        return row

    def stamp_missing(self) -> int:
        """Ask for the stamps that are missing, newest first, until the authority fails. Gives how
        many it gave; 0 where none is set."""
        url = self._services.settings.tsa_url
        if not url:
            return 0
        with self._services.store.read() as session:
            rows = unstamped(session)
        given = 0
        try:
            roots = read_roots(self._services.settings.tsa_ca)
            for row in rows:
                self._stamp(row, url, roots)
                given += 1
        except QifenError as error:
            self._services.metrics.errors.labels("tsa").inc()
            _log.warning("anchor without a stamp", error=str(error), waiting=len(rows) - given)
        return given

    def _stamp(self, row: ChainAnchor, url: str, roots: list[Certificate]) -> None:
        token = ask(url, canonical(as_json(row)), roots)
        with self._services.store.begin() as session:
            if stamp_of(session, row) is not None:
                return  # another machine was faster
            session.add(
                AnchorStamp(
                    anchor_id=row.id, authority=url[:200], stamped_at=stamped_at(token),
                    token=token,
                )
            )  # fmt: skip
        self._write(f"{row.day}.tsr", token)

    def _export(self, row: ChainAnchor) -> None:
        self._write(f"{row.day}.json", canonical(as_json(row)))

    def _write(self, name: str, data: bytes) -> None:
        """A file that is there stays as it is: an anchor is never written over."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._folder / name
            if path.exists():
                return
            part = path.with_name(f".{name}.part")
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError as error:
            _log.warning("anchor not exported", file=name, error=error.strerror or str(error))


def anchor_problems(session: Session, folder: Path, roots: list[Certificate]) -> list[str]:
    """What does not hold of the anchors in the database, of their exported files and stamps; one
    line each. An anchor that was never exported is no problem, one that differs is."""
    problems = [f"anchor {p.day}: {p.what}" for p in verify_anchors(session)]
    for row in session.scalars(select(ChainAnchor).order_by(ChainAnchor.day)):
        data = canonical(as_json(row))
        exported = folder / f"{row.day}.json"
        if exported.is_file() and exported.read_bytes() != data:
            problems.append(f"anchor {row.day}: the exported file says something else")
        stamp = stamp_of(session, row)
        wrong = check(stamp.token, data, roots) if stamp else ""
        if wrong:
            problems.append(f"anchor {row.day}: stamp: {wrong}")
    known = {f"{day}.json" for day in session.scalars(select(ChainAnchor.day))}
    if folder.is_dir():
        strangers = sorted(path.name for path in folder.glob("*.json") if path.name not in known)
        problems += [f"anchor {name}: exported, but the database has none" for name in strangers]
    return problems
