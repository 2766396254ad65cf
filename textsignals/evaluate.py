"""Precision, recall and F1 of a tagger on labelled sentences: per signal, per family, per status, and overall."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from textsignals.errors import InputError
from textsignals.records import Tag
from textsignals.tagging.tagger import Tagger
from textsignals.taxonomy import COUNTED

_CALIBRATION_BINS = 10
# The many scores near zero would hide the gaps of the rest.
_CALIBRATED_FROM = 0.05
# Signals with fewer positives are left out of the macro average: one sentence more or less would decide it.
MACRO_MINIMUM = 5


@dataclass(frozen=True, slots=True)
class Unit:
    """One labelled sentence: pairs of (signal, status); signals in `maybe` are left out of scoring.

    It is `ordinary` if it was drawn at random and carries nothing: on these false alarms are counted.
    """

    text: str
    labels: frozenset[tuple[str, str]]
    maybe: frozenset[str]
    ordinary: bool


@dataclass(frozen=True, slots=True)
class Score:
    """Counts and what follows from them; precision, recall and f1 are NaN where nothing can be said."""

    name: str
    tp: int
    fp: int
    fn: int
    n: int

    @property
    def precision(self) -> float:
        """Share of tags that are right."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else math.nan

    @property
    def recall(self) -> float:
        """Share of labels that are found."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else math.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else math.nan

    @property
    def support(self) -> int:
        """Number of labels."""
        return self.tp + self.fn


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a tagger reaches on a file, on asserted tags unless said otherwise.

    `mentions` takes signals in any status; of `n_status` tags whose signal is right, `status_right` have the right
    status too. `false_per_1000` is false tags per 1,000 ordinary sentences, `calibration_error` a probability.
    """

    n_units: int
    operating_point: str
    signals: tuple[Score, ...]
    families: tuple[Score, ...]
    mentions: Score
    overall: Score
    n_status: int
    status_right: int
    false_per_1000: float
    calibration_error: float

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the signals with at least MACRO_MINIMUM labels, NaN if there is none."""
        values = [s.f1 for s in self.signals if s.support >= MACRO_MINIMUM]
        return sum(values) / len(values) if values else math.nan


def read_units(path: str | Path, known: Iterable[str], statuses: Iterable[str]) -> Iterator[Unit]:
    """Yield the labelled sentences of a JSONL file (fields text, labels, optional maybe and set).

    Raises InputError naming the first line that is not one.
    """
    signals, allowed = set(known), set(statuses)
    hint = 'write {"text": "...", "labels": [{"signal": "...", "status": "..."}]} on each line'
    try:
        # Not splitlines(): U+2028 and its kind may stand unescaped inside a JSON string.
        lines = Path(path).read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", hint="check the spelling") from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), "is not UTF-8 text", hint="save it as UTF-8") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry: dict[str, Any] = json.loads(line)
            labels = frozenset((label["signal"], label["status"]) for label in entry["labels"])
            maybe = frozenset(map(str, entry.get("maybe", ())))
            if not isinstance(text := entry["text"], str) or isinstance(entry.get("maybe"), str):
                raise TypeError("text is not a string, or maybe is one")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(str(path), "is not a labelled sentence", place=f"line {number}", hint=hint) from error
        odd = sorted(map(str, {s for s, _ in labels} - signals | {s for _, s in labels} - allowed))
        if odd:
            problem = f"names what the taxonomy does not hold: {', '.join(odd)}"
            raise InputError(str(path), problem, place=f"line {number}", hint="see: textsignals signals")
        ordinary = entry.get("set", "random") == "random" and not labels
        yield Unit(text, labels, maybe, ordinary)


def evaluate(units: Sequence[Unit], tagger: Tagger) -> Evaluation:
    """Return how the tags of a tagger agree with the labels of units.

    A tag is right if its signal stands on the unit as asserted and the tag says asserted. Status is judged where the
    signal is right in any status. Calibration is the expected error, in ten bins, of scores of 0.05 or more taken as
    probabilities of "the signal is mentioned".
    """
    tagged = tagger.tag(unit.text for unit in units)
    taxonomy = tagger.model.taxonomy
    family_of = {name: signal.family for name, signal in taxonomy.signals.items()}
    pairs = [_asserted(unit, tags) for unit, tags in zip(units, tagged, strict=True)]
    in_families = [({family_of[s] for s in want}, {family_of[s] for s in got}) for want, got in pairs]
    mentions = [
        ({s for s, _ in unit.labels} - unit.maybe, {t.signal for t in tags} - unit.maybe)
        for unit, tags in zip(units, tagged, strict=True)
    ]
    # A sentence may hold a signal in two statuses; either is right.
    right = [
        (tag.signal, tag.status) in unit.labels
        for unit, tags in zip(units, tagged, strict=True)
        for tag in tags
        if tag.signal in {signal for signal, _ in unit.labels} - unit.maybe
    ]
    quiet = [got for unit, (_, got) in zip(units, pairs, strict=True) if unit.ordinary]
    return Evaluation(
        n_units=len(units),
        operating_point=tagger.operating_point,
        signals=tuple(_score(name, pairs, only=name) for name in taxonomy.signals),
        families=tuple(_score(name, in_families, only=name) for name in taxonomy.families),
        mentions=_score("mentioned in any status", mentions),
        overall=_score("all signals", pairs),
        n_status=len(right),
        status_right=sum(right),
        false_per_1000=1000 * sum(map(len, quiet)) / len(quiet) if quiet else math.nan,
        calibration_error=_calibration(units, tagger),
    )


def _asserted(unit: Unit, tags: Sequence[Tag]) -> tuple[set[str], set[str]]:
    want = {signal for signal, status in unit.labels if status == COUNTED} - unit.maybe
    got = {tag.signal for tag in tags if tag.status == COUNTED} - unit.maybe
    return want, got


def _score(name: str, pairs: Sequence[tuple[set[str], set[str]]], only: str | None = None) -> Score:
    if only is not None:
        pairs = [(want & {only}, got & {only}) for want, got in pairs]
    tp = sum(len(want & got) for want, got in pairs)
    fp = sum(len(got - want) for want, got in pairs)
    fn = sum(len(want - got) for want, got in pairs)
    return Score(name, tp, fp, fn, len(pairs))


def _calibration(units: Sequence[Unit], tagger: Tagger) -> float:
    if not units:
        return math.nan
    scores = tagger.scores([unit.text for unit in units])
    truth = np.array([[s in {x for x, _ in unit.labels} for s in tagger.signals] for unit in units])
    use = np.array([[s not in unit.maybe for s in tagger.signals] for unit in units]) & (scores >= _CALIBRATED_FROM)
    p, y = scores[use], truth[use]
    if not len(p):
        return math.nan
    bins = np.minimum((p * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    gaps = [abs(p[bins == b].sum() - y[bins == b].sum()) for b in range(_CALIBRATION_BINS)]
    return float(sum(gaps) / len(p))


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), (NaN, NaN) without any case.

    >>> [round(x, 2) for x in wilson(8, 10)]
    [0.49, 0.94]
    """
    if not n:
        return math.nan, math.nan
    z2 = 1.959964**2
    centre = (successes + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (successes * (n - successes) / n + z2 / 4)) / (n + z2)
    return max(0.0, centre - half), min(1.0, centre + half)
