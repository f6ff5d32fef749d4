"""The best text that a plate's grammar allows, from the recogniser's time steps.

A connectionist (CTC) line is decoded over all shapes of the grammar at once: Viterbi over
position x character, with silence between. The answer carries, per position, the best character
and its runner-up as the network itself weighed them (not renormalised over what the grammar
allows: a province that the network took for another word stays unsure).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.plates import grammar
from vision.plates.read import SYMBOLS, Line
from vision.types import CharacterRead, PlateKind

_FLOOR: Final = 1e-6
_MINUS: Final = np.float32(-1e9)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One line under the grammar."""

    text: str
    characters: tuple[CharacterRead, ...]
    marks: NDArray[np.float32]
    """Positions x len(SYMBOLS): probability of every symbol where this position was spoken."""
    gap: float
    """Natural log of how much likelier the unconstrained text is; 0 where both agree."""


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
    characters = tuple(
        _character(marks[p], masks[shape, p], symbol) for p, (_, _, symbol) in enumerate(spoken)
    )
    gap = max(0.0, line.raw_log_probability - score)
    return Decoded("".join(c.best for c in characters), characters, marks, gap)


def _character(mark: NDArray[np.float32], allowed: NDArray[np.bool_], symbol: int) -> CharacterRead:
    rivals = np.where(allowed, mark, -1.0)
    rivals[symbol] = -1.0
    second = int(rivals.argmax())
    return CharacterRead(
        SYMBOLS[symbol],
        float(min(mark[symbol], 1.0)),
        SYMBOLS[second] if rivals[second] > 0 else "",
        float(max(rivals[second], 0.0)),
    )


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
