"""The entries of the zone form that every kind of zone has, and the usual legal bases."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from api.console.codes import AUTHORITIES, SURFACES, coded
from api.console.layout import Visitor
from models.zone import Authority, ConfirmMode, Surface, ZoneKind, ZonePhase

LEGAL_BASES = {
    ZoneKind.PARKING.value: "《道路交通安全法》第五十六条",
    ZoneKind.POSTER.value: "《城市市容和环境卫生管理条例》第十七条",
}
"""What forbids it everywhere. Hanging is regulated on designated streets only, and the basis of
such a zone is that very designation (L50): a person has to name it. A crowd breaks no law."""


def entries_of(who: Visitor) -> dict[str, Any]:
    """The form's entries by the names of the zone's fields, filled as a new zone begins."""
    word = who.word

    def choice(key: str, words: dict[str, str], value: str) -> ui.select:
        return ui.select(words, label=word(key), value=value)

    surfaces = {s.value: coded(SURFACES, s.value, who.language) for s in Surface}
    authorities = {a.value: coded(AUTHORITIES, a.value, who.language) for a in Authority}
    modes = {m.value: word(f"mode_{m.value}") for m in ConfirmMode}
    phases = {p.value: word(f"phase_{p.value}") for p in ZonePhase}
    kinds = {k.value: word(f"kind_{k.value}") for k in ZoneKind}
    entries: dict[str, Any] = {
        "name": ui.input(word("zone_name")),
        "kind": choice("zone_kind", kinds, ZoneKind.PARKING.value),
        "area": ui.input(word("area_name")),
        "place": ui.input(word("area_place")).props("maxlength=10"),
        "dwell_seconds": ui.number(word("dwell"), value=60, min=1, max=86400, step=1),
        "threshold": ui.number(word("threshold"), min=0),
        "slow_look_seconds": ui.number(word("slow_look_seconds"), min=10, max=30, step=1),
        "area_m2": ui.number(word("area_m2"), min=1, step=1),
        "density_threshold": ui.number(word("density_threshold"), min=0.01, step=0.1),
        "grace_seconds": ui.number(word("grace"), value=420, min=5, max=3600, step=1),
        "confirm_mode": choice("confirm_mode", modes, ConfirmMode.OFFICER.value),
        "phase": choice("phase", phases, ZonePhase.WARNING.value),
        "surface": choice("surface", surfaces, Surface.SIDEWALK.value),
        "authority": choice("authority", authorities, Authority.CHENGGUAN.value),
        "sms_from": ui.input(word("sms_from"), value="07:00").props("maxlength=5"),
        "sms_until": ui.input(word("sms_until"), value="22:00").props("maxlength=5"),
        "legal_basis": ui.input(word("legal_basis")),
        "designation_document": ui.input(word("designation_document")).props("maxlength=120"),
        "no_grace": ui.input(word("no_grace")).props("maxlength=40"),
    }
    wide = ("name", "area", "place", "legal_basis", "designation_document", "no_grace")
    for key in wide:
        entries[key].classes("wide")
    return entries
