"""The best text that the plates' grammar allows, from what two networks saw.

Our own network proposes: under every shape of the grammar, on every colour it may have, the
likeliest texts. The second opinion (`vision.plates.read`) says how hard each is to believe. Both
are added as natural logs, and the answer is the likeliest of the candidates; per position it
carries the probability of its character among them all, and of the runner-up. Two networks that
were taught by different people on different plates seldom make the same mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.plates import grammar
from vision.plates.network import Seen
from vision.plates.read import Line, disbelief
from vision.plates.symbols import COLOURS, END, MARKS, POSITIONS
from vision.types import CharacterRead, PlateColour, PlateKind

SECOND_WEIGHT: Final = 0.5
"""What a natural log of the second opinion counts beside one of ours."""
CAUTION: Final = 1.4
"""The sum of both is divided by this before it becomes a probability: the networks share doubts
(a small Q is a 0 to both), and 0.95 shall mean what it says, also to the vote."""
_ALIKE: Final = "0QO"
"""Between these the second opinion is no witness (a small Q is a 0 to it): our own word counts,
with the same caution."""
_FLOOR: Final = 1e-6
_ALSO: Final = ((PlateKind.SMALL, PlateColour.BLACK),)
"""Dark blue at night looks black: the text is read, though no kind of black plate fits it."""
_KEPT: Final = 48
"""Candidates a shape, and in all."""
_EACH: Final = 8
_BEHIND: Final = 7.0
"""Natural log: a character that is less likely than the best of its position by more is no
candidate."""
_MOST_DISBELIEF: Final = 25.0
"""One lost character must not outweigh all that our own network saw."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    text: str
    colour: PlateColour
    score: float
    """Natural log of the probability that our own network gives it."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One plate under the grammar."""

    text: str
    colour: PlateColour
    colour_confidence: float
    """0..1, of the colour; the rest are other colours or no plate at all."""
    plate_confidence: float
    """0..1, that the whole of a plate is seen."""
    characters: tuple[CharacterRead, ...]
    gap: float
    """Natural log of how much likelier our own network finds some text that is no plate's."""
    disbelief: float
    """What the second opinion holds against the text; 0 where it reads the same."""
    raw: str
    """What our own network said before the grammar."""

    @property
    def lowest(self) -> float:
        """Confidence of the least sure character."""
        return min(c.confidence for c in self.characters)


def _pairs() -> list[tuple[PlateKind, PlateColour]]:
    return [*grammar.COLOURS.items(), *_ALSO]


@cache
def _shapes() -> tuple[NDArray[np.bool_], tuple[PlateColour, ...]]:
    """Masks (shapes x POSITIONS x symbols) of every shape on its colour, and the colours."""
    found = dict.fromkeys(
        (shape, colour) for kind, colour in _pairs() for shape in grammar.SHAPES[kind]
    )
    masks = np.zeros((len(found), POSITIONS, END + 1), bool)
    for mask, (shape, _) in zip(masks, found, strict=True):
        for position, alphabet in enumerate(shape):
            mask[position, [MARKS.index(c) for c in alphabet]] = True
        mask[len(shape) :, END] = True
    return masks, tuple(colour for _, colour in found)


def candidates(seen: Seen) -> list[Candidate]:
    """The likeliest plates in the views, best first; at least one."""
    log = np.log(np.maximum(seen.characters.mean(axis=0), _FLOOR))
    ground = np.log(np.maximum(seen.colours.mean(axis=0), _FLOOR))
    found: dict[str, Candidate] = {}
    masks, colours = _shapes()
    bounds = np.where(masks, log, -np.inf).max(axis=2).sum(axis=1)
    bounds += np.array([ground[COLOURS.index(colour)] for colour in colours])
    least = bounds.max() - 2 * _BEHIND
    for mask, colour, bound in zip(masks, colours, bounds, strict=True):
        if bound < least:
            continue
        for text, score in _beam(np.where(mask, log, -np.inf)):
            whole = score + float(ground[COLOURS.index(colour)])
            if text not in found or found[text].score < whole:
                found[text] = Candidate(text, colour, whole)
    return sorted(found.values(), key=lambda c: -c.score)[:_KEPT]


def _beam(log: Floats) -> list[tuple[str, float]]:
    """The likeliest texts of one shape: POSITIONS x symbols, -inf where it forbids."""
    beam: list[tuple[str, float]] = [("", 0.0)]
    for row in log:
        order = row.argsort()[::-1][:_EACH]
        chosen = [
            ("" if s == END else MARKS[int(s)], float(row[s]))
            for s in order
            if row[s] >= row[order[0]] - _BEHIND
        ]
        longer = [(text + c, score + more) for text, score in beam for c, more in chosen]
        beam = sorted(longer, key=lambda item: -item[1])[:_KEPT]
    return beam


def decode(seen: Seen, lines: Sequence[Line]) -> Decoded:
    """The likeliest plate; its confidences say whether it may be believed.

    `lines`: what the second opinion saw in one or more views of the same plate; may be empty.
    """
    known = candidates(seen)
    known += _proposed(seen, {line.raw for line in lines}, {c.text for c in known})
    texts = [candidate.text for candidate in known]
    doubts = np.zeros(len(known))
    if lines:
        heard = [np.minimum(disbelief(line, texts), _MOST_DISBELIEF) for line in lines]
        doubts = np.mean(heard, axis=0)
    scores = np.array([c.score for c in known]) - SECOND_WEIGHT * doubts
    shares = np.exp((scores - scores.max()) / CAUTION)
    shares /= shares.sum()
    best = int(shares.argmax())
    mean, ground = seen.characters.mean(axis=0), seen.colours.mean(axis=0)
    log = np.log(np.maximum(mean, _FLOOR))
    own = known[best].score - float(np.log(max(ground[COLOURS.index(known[best].colour)], _FLOOR)))
    return Decoded(
        text=texts[best],
        colour=known[best].colour,
        colour_confidence=float(ground[COLOURS.index(known[best].colour)]),
        plate_confidence=1.0 - float(ground[COLOURS.index(PlateColour.UNKNOWN)]),
        characters=_characters(texts, shares, best, mean),
        gap=max(0.0, float(log.max(axis=1).sum()) - own),
        disbelief=float(doubts[best]),
        raw="".join(MARKS[int(s)] for s in mean.argmax(axis=1) if s != END),
    )


def _proposed(seen: Seen, raws: set[str], known: set[str]) -> list[Candidate]:
    """What the second opinion reads and no beam reached, as our own network weighs it."""
    log = np.log(np.maximum(seen.characters.mean(axis=0), _FLOOR))
    ground = np.log(np.maximum(seen.colours.mean(axis=0), _FLOOR))
    found: list[Candidate] = []
    for text in sorted({grammar.normalize(raw) for raw in raws} - known):
        fitting = [c for k, c in _pairs() if grammar.PLATE_PATTERNS[k].fullmatch(text)]
        if fitting:
            symbols = [MARKS.index(c) for c in text] + [END] * (POSITIONS - len(text))
            score = float(log[range(POSITIONS), symbols].sum())
            colour = max(fitting, key=lambda c: float(ground[COLOURS.index(c)]))
            found.append(Candidate(text, colour, score + float(ground[COLOURS.index(colour)])))
    return found


def _characters(
    texts: Sequence[str], shares: NDArray[np.float64], best: int, own: Floats
) -> tuple[CharacterRead, ...]:
    """Per position the shares of all candidates that agree with the best, and of the next."""
    found: list[CharacterRead] = []
    for position, character in enumerate(texts[best]):
        heard: dict[str, float] = {}
        for text, share in zip(texts, shares, strict=True):
            said = text[position] if position < len(text) else ""
            heard[said] = heard.get(said, 0.0) + float(share)
        sure = min(1.0, heard.pop(character))
        if character in _ALIKE:
            likely = [max(_FLOOR, float(own[position, MARKS.index(c)])) for c in _ALIKE]
            cautious = np.power(likely, 1 / CAUTION)
            sure = min(sure, float(cautious[_ALIKE.index(character)] / cautious.sum()))
        second = max(heard, key=lambda c: heard[c], default="")
        found.append(CharacterRead(character, sure, second, heard.get(second, 0.0)))
    return tuple(found)
