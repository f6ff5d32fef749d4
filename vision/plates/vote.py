"""Many readings of one standing vehicle, one answer (domain.md A7, W04; peers.md P14, P15, P19).

Readings of equal length are aligned position by position and their log-probabilities added. The
answer must obey the grammar of the plate's colour. Its confidence is its lowest character's, the
province stands apart, and the lead over the runner-up is kept. Most of the readings that say the
answer must be good enough for a text message each by itself: what one picture misreads, glare on a
letter, the next pictures of a standing car misread alike, and no number of them makes it truer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from math import exp, log
from typing import Final

from vision.plates import grammar
from vision.types import Box, PlateColour, PlateReading, PlateVote

EQUAL_READS: Final = 5
"""domain.md A7: at least five readings that say exactly the same."""
CONFIDENCE: Final = 0.95
"""domain.md A7: of the vote, and of the province by itself."""
MARGIN: Final = 0.50
"""The weakest position must lead its runner-up by this much."""
DISSENT: Final = 0.20
"""Larger share of readings that say another text: two plates, or a guess (W07)."""
_KEPT: Final = 50
_FLOOR: Final = 1e-3


class PlateVoter:
    """Collects the readings of one vehicle; `vote` may be asked for at any time."""

    def __init__(self) -> None:
        self._readings: list[tuple[datetime, PlateReading]] = []

    def add(self, reading: PlateReading, at: datetime) -> bool:
        """Whether the reading takes part.

        It must be readable, lie inside its vehicle (P17), and come from another picture than the
        ones before it: the same picture twice is one witness.
        """
        if reading.text is None or not _inside(reading.box, reading.vehicle_box):
            return False
        if any(at == before for before, _ in self._readings):
            return False
        self._readings.append((at, reading))
        if len(self._readings) > _KEPT:
            # The least sure one goes: the best crops say most (P18).
            self._readings.remove(min(self._readings, key=lambda item: item[1].confidence))
        return True

    @property
    def settled(self) -> bool:
        """Consensus holds: reading on would cost and change nothing (P19)."""
        return self.vote().accepted

    def vote(self) -> PlateVote:
        readings = tuple(reading for _, reading in self._readings)
        if not readings:
            return _no_answer("unreadable")
        colour = _colour(readings)
        text, scores = _consensus(readings)
        equal = [reading for reading in readings if reading.text == text]
        if not equal:
            return _no_answer("disagreement", colour, readings)
        tops = [_lead(position) for position in scores]
        confidence = min([top for top, _ in tops] + [_ceiling([r.confidence for r in equal])])
        province = _ceiling([r.province_confidence for r in equal])
        place = grammar.province_position(text)
        if place >= 0:
            province = min(province, tops[place][0])
        margin = min([lead for _, lead in tops] + [_ceiling([r.margin for r in equal])])
        kind = grammar.parse(text, colour)
        reasons = _reasons(len(readings), len(equal), confidence, province, margin)
        if 2 * sum(reading.accepted for reading in equal) <= len(equal):
            reasons.append("unsure_alone")
        if kind is None or colour is PlateColour.UNKNOWN:
            reasons.append("colour_mismatch")
        reasons += grammar.suspicions(text)
        return PlateVote(
            text=text,
            colour=colour,
            kind=kind,
            confidence=confidence,
            province_confidence=province,
            margin=margin,
            reads=len(readings),
            equal_reads=len(equal),
            accepted=not reasons,
            reasons=tuple(reasons),
            readings=readings,
        )


def _no_answer(
    reason: str,
    colour: PlateColour = PlateColour.UNKNOWN,
    readings: tuple[PlateReading, ...] = (),
) -> PlateVote:
    return PlateVote(
        None, colour, None, 0.0, 0.0, 0.0, len(readings), 0, False, (reason,), readings
    )


def _consensus(readings: Sequence[PlateReading]) -> tuple[str, list[dict[str, float]]]:
    """The text of the most trusted length, and per position the summed log-probabilities."""
    weight: dict[int, float] = {}
    for reading in readings:
        length = len(reading.characters)
        weight[length] = weight.get(length, 0.0) + 1 + reading.confidence
    length = max(weight, key=lambda n: weight[n])
    taking_part = [r for r in readings if len(r.characters) == length]
    scores: list[dict[str, float]] = []
    for position in range(length):
        heard = {c for r in taking_part for c in _heard(r, position)}
        scores.append(
            {
                symbol: sum(log(_heard(r, position).get(symbol, _FLOOR)) for r in taking_part)
                for symbol in heard
            }
        )
    return "".join(max(s, key=lambda c: (s[c], c)) for s in scores), scores


def _heard(reading: PlateReading, position: int) -> dict[str, float]:
    character = reading.characters[position]
    heard = {character.best: max(character.confidence, _FLOOR)}
    if character.second:
        heard[character.second] = max(character.second_confidence, _FLOOR)
    return heard


def _lead(scores: dict[str, float]) -> tuple[float, float]:
    """Posterior of the best symbol and its lead over the next."""
    ranked = sorted(scores.values(), reverse=True)
    weights = [exp(max(score - ranked[0], -700.0)) for score in ranked]
    total = sum(weights)
    return weights[0] / total, (weights[0] - (weights[1] if len(weights) > 1 else 0.0)) / total


def _ceiling(equal: Sequence[float]) -> float:
    """Mean of the better half (at least five) of the single readings' confidences.

    Adding log-probabilities supposes that the readings are independent. Frames of a parked car
    are nearly the same picture: five equal misreadings of one blur are one misreading, not five
    witnesses. So a vote is never surer than its readings are by themselves; repetition takes away
    flicker, it does not add light. The better half, because a frame blurred by a passer-by says
    nothing against a clear one (P18); half and not the best few, because among many frames of a
    blur some are surely wrong by chance.
    """
    best = sorted(equal, reverse=True)[: max(EQUAL_READS, (len(equal) + 1) // 2)]
    return sum(best) / len(best)


def _reasons(
    reads: int, equal: int, confidence: float, province: float, margin: float
) -> list[str]:
    checks = (
        ("too_few_reads", equal < EQUAL_READS),
        ("low_confidence", confidence < CONFIDENCE),
        ("low_province", province < CONFIDENCE),
        ("small_margin", margin < MARGIN),
        ("disagreement", reads - equal > DISSENT * reads),
    )
    return [name for name, failed in checks if failed]


def _colour(readings: Sequence[PlateReading]) -> PlateColour:
    """The colour most readings measured; unknown ones abstain unless all are."""
    known = Counter(r.colour for r in readings if r.colour is not PlateColour.UNKNOWN)
    return known.most_common(1)[0][0] if known else PlateColour.UNKNOWN


def _inside(box: Box, vehicle: Box | None, *, slack: float = 0.01) -> bool:
    return vehicle is None or (
        box[0] >= vehicle[0] - slack
        and box[1] >= vehicle[1] - slack
        and box[2] <= vehicle[2] + slack
        and box[3] <= vehicle[3] + slack
    )
