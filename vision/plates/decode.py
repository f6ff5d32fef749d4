"""The best text that a plate's grammar allows, from the recogniser's time steps.

A connectionist (CTC) line is decoded over all shapes of the grammar at once: Viterbi over
position x character, with silence between. The answer carries, per position, the best character
and its runner-up as the network itself weighed them (not renormalised over what the grammar
allows: a province that the network took for another word stays unsure).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.plates import grammar
from vision.plates.read import SYMBOLS, Line
from vision.types import CharacterRead, PlateKind

_FLOOR: Final = 1e-6
_PROVINCES: Final = [SYMBOLS.index(c) for c in grammar.PROVINCES]
_CUT_OFF: Final = 4.0
"""A view that fits the grammar so much worse than the clearest (natural log) lost an end of the
plate: its characters stand in the wrong places and are no dissent."""
_MINUS: Final = np.float32(-1e9)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One line under the grammar."""

    text: str
    characters: tuple[CharacterRead, ...]
    marks: NDArray[np.float32]
    """Positions x len(SYMBOLS): probability of every allowed symbol where it could be spoken."""
    gap: float
    """Natural log of how much likelier the unconstrained text is; 0 where both agree."""
    views: int = 1
    """How many views of the plate took part and agree on its length; 0 where lengths differ."""

    @property
    def lowest(self) -> float:
        """Confidence of the least sure character."""
        return min(c.confidence for c in self.characters)


@cache
def _shapes(kinds: tuple[PlateKind, ...]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Masks (shapes x positions x symbols) and lengths of all distinct shapes of `kinds`."""
    shapes = list(dict.fromkeys(shape for kind in kinds for shape in grammar.SHAPES[kind]))
    longest = max(len(shape) for shape in shapes)
    masks = np.zeros((len(shapes), longest, len(SYMBOLS)), bool)
    for s, shape in enumerate(shapes):
        for position, alphabet in enumerate(shape):
            masks[s, position, [SYMBOLS.index(c) for c in alphabet]] = True
    return masks, np.array([len(shape) for shape in shapes])


def decode(line: Line, kinds: tuple[PlateKind, ...]) -> Decoded | None:
    """The likeliest text of any of `kinds`; None where the line is too short to hold one."""
    masks, lengths = _shapes(kinds)
    log = np.log(np.maximum(line.steps, _FLOOR))
    if len(log) < lengths.min():
        return None
    shape, score, spoken = _viterbi(log, masks, lengths)
    marks = np.stack([line.steps[a:b, 1:].max(axis=0) for a, b, _ in spoken])
    marks = np.where(masks[shape, : len(spoken)], np.minimum(marks, 1.0), 0.0)
    characters = tuple(
        _character(mark, symbol) for mark, (_, _, symbol) in zip(marks, spoken, strict=True)
    )
    gap = max(0.0, line.raw_log_probability - score)
    return Decoded("".join(c.best for c in characters), characters, marks, gap)


def province_marks(lines: Sequence[Line]) -> NDArray[np.float32]:
    """What pictures of a plate's left end say of its province: pictures x len(SYMBOLS)."""
    marks = np.zeros((len(lines), len(SYMBOLS)), np.float32)
    for row, line in zip(marks, lines, strict=True):
        row[_PROVINCES] = np.minimum(line.steps[:, 1:][:, _PROVINCES].max(axis=0), 1.0)
    return marks


def merge(views: Sequence[Decoded], provinces: NDArray[np.float32] | None = None) -> Decoded:
    """One text from several views (crops, shears) of the same plate.

    A view that sees a character badly says little of it, a view that sees another character says
    much. So a character is as sure as its best view, less what the strongest dissenting view
    gives to any other: agreement is not averaged away, and disagreement is never hidden.
    `provinces` is what more looks at the left end alone said (`province_marks`).
    """
    clearest = min(view.gap for view in views)
    views = [view for view in views if view.gap <= clearest + _CUT_OFF]
    length = _trusted_length(views)
    alike = [view for view in views if len(view.text) == length]
    marks = np.stack([view.marks for view in alike])
    mean, best_view = marks.mean(axis=0), marks.max(axis=0)
    heard = [{SYMBOLS.index(view.text[p]) for view in alike} for p in range(length)]
    if provinces is not None and all(view.text[0] in grammar.PROVINCES for view in alike):
        first = np.concatenate([marks[:, 0], provinces])
        mean[0], best_view[0] = first.mean(axis=0), first.max(axis=0)
        heard[0].update(int(row.argmax()) for row in provinces)
    characters: list[CharacterRead] = []
    for position in range(length):
        symbol = max(heard[position], key=lambda c, p=position: (float(mean[p, c]), -c))
        rivals = best_view[position].copy()
        rivals[symbol] = 0.0
        dissent = float(rivals.max())
        sure = float(best_view[position, symbol]) * (1.0 - dissent)
        second = SYMBOLS[int(rivals.argmax())] if dissent > 0 else ""
        characters.append(CharacterRead(SYMBOLS[symbol], sure, second, min(dissent, 1.0 - sure)))
    text = "".join(c.best for c in characters)
    agreeing = len(alike) if len(alike) == len(views) else 0
    return Decoded(text, tuple(characters), mean, clearest, agreeing)


def _trusted_length(views: Sequence[Decoded]) -> int:
    """The length most views agree on; where they are split, that of the clearest view."""
    votes = Counter(len(view.text) for view in views)
    clear = {
        length: max(view.lowest for view in views if len(view.text) == length) for length in votes
    }
    return max(votes, key=lambda length: (votes[length], clear[length]))


def _character(mark: NDArray[np.float32], symbol: int) -> CharacterRead:
    rivals = mark.copy()
    rivals[symbol] = 0.0
    second = int(rivals.argmax())
    name = SYMBOLS[second] if rivals[second] > 0 else ""
    return CharacterRead(SYMBOLS[symbol], float(mark[symbol]), name, float(rivals[second]))


def _viterbi(
    log: NDArray[np.float32], masks: NDArray[np.bool_], lengths: NDArray[np.int64]
) -> tuple[int, float, list[tuple[int, int, int]]]:
    """Best shape, its log-probability, and per position (first step, past step, symbol).

    States: silence[s, p] (p characters spoken) and speech[s, p, c] (speaking the p-th, being c).
    A repeated character needs silence between, as everywhere in CTC.
    """
    shapes, positions, symbols = masks.shape
    silence = np.full((shapes, positions + 1), _MINUS)
    silence[:, 0] = 0.0
    speech = np.full((shapes, positions, symbols), _MINUS)
    from_silence: list[NDArray[np.int64]] = []
    from_speech: list[NDArray[np.int64]] = []
    own = np.arange(symbols)
    for step in log:
        # Entering position p: from silence after p characters, or straight from another character.
        entry = np.repeat(silence[:, :-1, None], symbols, axis=2)
        origin = np.full((shapes, positions, symbols), -1)
        if positions > 1:
            best, best_score, second, second_score = _two_best(speech[:, :-1])
            same = best[..., None] == own
            direct = np.where(same, second_score[..., None], best_score[..., None])
            source = np.where(same, second[..., None], best[..., None])
            better = direct > entry[:, 1:]
            entry[:, 1:] = np.where(better, direct, entry[:, 1:])
            origin[:, 1:] = np.where(better, source, -1)
        stay = speech >= entry
        came = np.where(stay, -2, origin)
        fresh = np.where(masks, np.where(stay, speech, entry) + step[1:], _MINUS)
        best_end = speech.argmax(axis=2)
        ended = np.take_along_axis(speech, best_end[..., None], axis=2)[..., 0]
        quiet = silence.copy()
        back = np.full((shapes, positions + 1), -1)
        falls = ended > quiet[:, 1:]
        quiet[:, 1:] = np.where(falls, ended, quiet[:, 1:])
        back[:, 1:] = np.where(falls, best_end, -1)
        silence, speech = quiet + step[0], fresh
        from_silence.append(back)
        from_speech.append(came)
    return _trace(silence, speech, lengths, from_silence, from_speech)


def _two_best(
    speech: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    best = speech.argmax(axis=2)
    best_score = np.take_along_axis(speech, best[..., None], axis=2)[..., 0]
    rest = speech.copy()
    np.put_along_axis(rest, best[..., None], _MINUS, axis=2)
    second = rest.argmax(axis=2)
    return best, best_score, second, np.take_along_axis(rest, second[..., None], axis=2)[..., 0]


def _trace(
    silence: NDArray[np.float32],
    speech: NDArray[np.float32],
    lengths: NDArray[np.int64],
    from_silence: list[NDArray[np.int64]],
    from_speech: list[NDArray[np.int64]],
) -> tuple[int, float, list[tuple[int, int, int]]]:
    rows = np.arange(len(lengths))
    last = speech[rows, lengths - 1]
    ends = np.maximum(silence[rows, lengths], last.max(axis=1))
    shape = int(ends.argmax())
    position = int(lengths[shape]) - 1
    speaking = bool(last[shape].max() >= silence[shape, position + 1])
    symbol = int(last[shape].argmax()) if speaking else -1
    spoken: list[tuple[int, int, int]] = []
    past = len(from_speech)
    for step in range(len(from_speech) - 1, -1, -1):
        if not speaking:
            came = int(from_silence[step][shape, position + 1])
            if came >= 0:
                speaking, symbol, past = True, came, step
            continue
        came = int(from_speech[step][shape, position, symbol])
        if came == -2:
            continue
        spoken.append((step, past, symbol))
        position -= 1
        past = step
        speaking, symbol = came >= 0, came
        if position < 0:
            break
    return shape, float(ends[shape]), spoken[::-1]
