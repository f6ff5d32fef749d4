"""What the gates of A7 are told: numbers of the eyes, and what the register of owners says."""

from __future__ import annotations

from models.casework import Contact, GateFacts
from models.facts import OFFICIAL_PLATE_KINDS
from models.zone import ConfirmMode, ZoneVersion
from notify.owners import Owner
from vision.types import PlateVote, Sighting

_FAMILIES = {
    "car": "car", "sedan": "car", "suv": "car", "hatchback": "car", "mpv": "car", "van": "car",
    "pickup": "car", "小型轿车": "car", "小型客车": "car", "轿车": "car",
    "truck": "truck", "lorry": "truck", "货车": "truck",
    "bus": "bus", "coach": "bus", "大型客车": "bus", "客车": "bus",
    "motorcycle": "motorcycle", "摩托车": "motorcycle",
}  # fmt: skip
"""Classes that a detector tells apart for sure. Car, van and pickup are one family: mixing them up
is the detector's everyday error, and must not make a clone of anybody's car (W33)."""


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
    contradicts = owner is not None and contradiction(sighting.object_kind, owner)
    return GateFacts(
        confident_share=sighting.confident_share,
        confidence_mean=sighting.confidence_mean,
        plate_valid=vote is not None and vote.text is not None and vote.kind is not None,
        plate_confidence=vote.confidence if vote else 0.0,
        plate_equal_reads=vote.equal_reads if vote else 0,
        province_confidence=vote.province_confidence if vote else 0.0,
        colour_agrees=vote is not None and "colour_mismatch" not in vote.reasons,
        registry_found=owner is not None,
        registry_contradicts=contradicts,
        contact_found=owner is not None and owner.authorised,
        plates_disagree=vote is not None and "disagreement" in vote.reasons,
        # A plate that belongs to another class of vehicle is a cloned plate until proven
        # otherwise: no text to the wrong owner, over to the traffic police (W33).
        clone_suspected=contradicts,
    )


def contradiction(object_kind: str, owner: Owner) -> bool:
    """Whether the register's class and the seen one cannot be the same vehicle."""
    registered = _FAMILIES.get(owner.vehicle_kind.strip().lower())
    seen = _FAMILIES.get(object_kind)
    return registered is not None and seen is not None and registered != seen


def contact_of(owner: Owner | None) -> Contact | None:
    return None if owner is None else Contact(owner.phone, owner.language, owner.authorised)
