"""What the gates of A7 are told: numbers of the eyes, and what the register of owners says."""

from __future__ import annotations

from collections.abc import Mapping

from models.casework import Contact, GateFacts
from models.facts import OFFICIAL_PLATE_KINDS
from models.zone import ConfirmMode, ZoneVersion
from notify.owners import Owner
from vision.body_colour import BodyColour, body_colour, differ
from vision.types import PlateVote, Sighting

BODY_COLOUR = "body_colour"
"""Name of the paint among a sighting's measured details."""

_FAMILIES = {
    "car": "car", "sedan": "car", "suv": "car", "hatchback": "car", "mpv": "car", "van": "car",
    "pickup": "car", "小型轿车": "car", "小型客车": "car", "轿车": "car",
    "truck": "truck", "lorry": "truck", "货车": "truck",
    "bus": "bus", "coach": "bus", "大型客车": "bus", "客车": "bus",
    "motorcycle": "motorcycle", "摩托车": "motorcycle",
}  # fmt: skip
"""Classes that a detector tells apart for sure. Car, van and pickup are one family: mixing them up
is the detector's everyday error, and must not make a clone of anybody's car (W33)."""


_PAINTS: Mapping[str, BodyColour] = {
    "白": BodyColour.WHITE, "white": BodyColour.WHITE, "a": BodyColour.WHITE,
    "灰": BodyColour.GREY, "银": BodyColour.GREY, "grey": BodyColour.GREY,
    "gray": BodyColour.GREY, "silver": BodyColour.GREY, "b": BodyColour.GREY,
    "黄": BodyColour.YELLOW, "金": BodyColour.YELLOW, "橙": BodyColour.YELLOW,
    "yellow": BodyColour.YELLOW, "gold": BodyColour.YELLOW, "orange": BodyColour.YELLOW,
    "c": BodyColour.YELLOW,
    "粉": BodyColour.RED, "红": BodyColour.RED, "紫": BodyColour.RED, "pink": BodyColour.RED,
    "red": BodyColour.RED, "purple": BodyColour.RED, "d": BodyColour.RED, "e": BodyColour.RED,
    "f": BodyColour.RED,
    "绿": BodyColour.GREEN, "green": BodyColour.GREEN, "g": BodyColour.GREEN,
    "蓝": BodyColour.BLUE, "blue": BodyColour.BLUE, "h": BodyColour.BLUE,
    "棕": BodyColour.BROWN, "褐": BodyColour.BROWN, "brown": BodyColour.BROWN,
    "i": BodyColour.BROWN,
    "黑": BodyColour.BLACK, "black": BodyColour.BLACK, "j": BodyColour.BLACK,
}  # fmt: skip
"""The register's words and letters (GA 24.8) by the paint that a camera can tell."""


def may_look_up(version: ZoneVersion, vote: PlateVote | None) -> bool:
    """Whether the owner is asked for now: the zone confirms by itself, and the plate is sure.

    In all other cases an officer looks first, and the question is asked when one has confirmed.
    """
    return (
        version.confirm_mode == ConfirmMode.AUTO
        and vote is not None
        and vote.accepted
        and vote.kind not in OFFICIAL_PLATE_KINDS
    )


def gate_facts(sighting: Sighting, owner: Owner | None) -> GateFacts:
    """The measured side of A7."""
    vote = sighting.plate
    wrong_class = owner is not None and contradiction(sighting.object_kind, owner)
    wrong_paint = owner is not None and paint_differs(sighting, owner)
    return GateFacts(
        confident_share=sighting.confident_share,
        confidence_mean=sighting.confidence_mean,
        plate_valid=vote is not None and vote.text is not None and vote.kind is not None,
        plate_confidence=vote.confidence if vote else 0.0,
        plate_equal_reads=vote.equal_reads if vote else 0,
        province_confidence=vote.province_confidence if vote else 0.0,
        colour_agrees=vote is not None and "colour_mismatch" not in vote.reasons,
        registry_found=owner is not None,
        registry_contradicts=wrong_class or wrong_paint,
        contact_found=owner is not None and owner.authorised,
        plates_disagree=vote is not None and "disagreement" in vote.reasons,
        # Paint that daylight shows twice is sure: no text to the owner of the real plate, over to
        # the traffic police (W33). A class is not: a car in the rain is taken for a truck now and
        # then, so an officer looks first, and nobody is written to either.
        clone_suspected=wrong_paint,
    )


def paint_differs(sighting: Sighting, owner: Owner) -> bool:
    """Whether the body's colour, as measured for sure, is none of those in the register."""
    measured = sighting.details.get(BODY_COLOUR)
    registered = paints(owner.colour)
    if not measured or not registered:
        return False
    return all(differ(BodyColour(measured), paint) for paint in registered)


def paints(text: str) -> frozenset[BodyColour]:
    """The paints that an entry of the register names: 白, 蓝白, red, H; empty where it says nothing
    that a camera could tell."""
    plain = text.strip().lower()
    if plain in _PAINTS:
        return frozenset({_PAINTS[plain]})
    return frozenset(
        paint for word, paint in _PAINTS.items() if not word.isascii() and word in plain
    )


def sure_body_colour(sighting: Sighting) -> BodyColour | None:
    """The paint of a vehicle where every picture of it that is at hand says the same; else None."""
    frames = [frame for frame in (sighting.frame, sighting.first_frame) if frame is not None]
    found = {body_colour(frame.image, sighting.box) for frame in frames}
    return found.pop() if len(found) == 1 else None


def contradiction(object_kind: str, owner: Owner) -> bool:
    """Whether the register's class and the seen one cannot be the same vehicle."""
    registered = _FAMILIES.get(owner.vehicle_kind.strip().lower())
    seen = _FAMILIES.get(object_kind)
    return registered is not None and seen is not None and registered != seen


def contact_of(owner: Owner | None) -> Contact | None:
    return None if owner is None else Contact(owner.phone, owner.language, owner.authorised)
