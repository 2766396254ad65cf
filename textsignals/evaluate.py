"""Precision, recall and F1 of a tagger on labelled sentences: per signal, per family, per status, and overall."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chi2

from textsignals.errors import InputError
from textsignals.tagging.tagger import Tagger
from textsignals.taxonomy import COUNTED

_CALIBRATION_BINS = 10
_DRAWS = 1_000
# The many scores near zero would hide the gaps of the rest.
_CALIBRATED_FROM = 0.05
# Signals with fewer positives are left out of the macro average: one sentence more or less would decide it.
MACRO_MINIMUM = 5


@dataclass(frozen=True, slots=True)
class Unit:
    """One labelled sentence: pairs of (signal, status); signals in `maybe` are left out of scoring.

    It is `ordinary` if it was drawn at random (`set` is "random" or absent) and carries nothing: on these false alarms
    are counted.
    """

    text: str
    labels: frozenset[tuple[str, str]]
    maybe: frozenset[str]
    ordinary: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and its 95 % interval; NaN where nothing can be said."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one label and what follows from them, each with its interval over sentences drawn again."""

    name: str
    tp: int
    fp: int
    fn: int
    precision: Figure
    recall: Figure
    f1: Figure

    @property
    def support(self) -> int:
        """Number of labels."""
        return self.tp + self.fn

    @property
    def tags(self) -> int:
        """Number of tags."""
        return self.tp + self.fp


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a tagger reaches on a file, on asserted tags unless said otherwise.

    `mentions` takes signals in any status; of `n_status` tags whose signal is right, `status_right` have the right
    status too. `false_per_1000` is false tags per 1,000 of the `n_ordinary` ordinary sentences, `calibration_error` a
    probability. `macro_f1` and `macro_families` are means over signals and families with at least MACRO_MINIMUM labels.
    """

    n_units: int
    operating_point: str
    signals: tuple[Score, ...]
    families: tuple[Score, ...]
    mentions: Score
    overall: Score
    macro_f1: Figure
    macro_families: Figure
    n_status: int
    status_right: int
    status: Figure
    n_ordinary: int
    false_per_1000: Figure
    calibration_error: Figure


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
        odd = sorted(map(str, ({s for s, _ in labels} | maybe) - signals | {s for _, s in labels} - allowed))
        if odd:
            problem = f"names what the taxonomy does not hold: {', '.join(odd)}"
            raise InputError(str(path), problem, place=f"line {number}", hint="see: textsignals signals")
        ordinary = entry.get("set", "random") == "random" and not labels
        yield Unit(text, labels, maybe, ordinary)


def evaluate(units: Sequence[Unit], tagger: Tagger) -> Evaluation:
    """Return how the tags of a tagger agree with the labels of units, which must not be empty.

    A tag is right if its signal stands on the unit as asserted and the tag says asserted. Status is judged where the
    signal is right in any status. Calibration is the expected error, in ten bins, of scores of 0.05 or more taken as
    probabilities of "the signal is mentioned". Intervals are percentiles over a thousand draws of the units (Efron
    1979), Wilson's for the share of right statuses and where all or nothing is right, and Garwood's (1936) for the rare
    false tags. Sentences of one source resemble each other, so for sources that are not in the file the intervals are
    somewhat too narrow.
    """
    texts = [unit.text for unit in units]
    tagged = tagger.tag(texts)
    taxonomy = tagger.model.taxonomy
    names, families = list(taxonomy.signals), list(taxonomy.families)
    want = [{s for s, status in u.labels if status == COUNTED} - u.maybe for u in units]
    got = [{t.signal for t in tags if t.status == COUNTED} - u.maybe for u, tags in zip(units, tagged, strict=True)]
    family_of = {name: signal.family for name, signal in taxonomy.signals.items()}
    draws = _draws(len(units))
    signals = _Agreement(_present(want, names), _present(got, names), draws)
    family_want = [{family_of[s] for s in found} for found in want]
    # Where a family surely stands, a tag of it is right, even if the very signal is disputed.
    family_got = [
        {t.family for t in tags if t.status == COUNTED and (t.signal not in u.maybe or t.family in sure)}
        for u, tags, sure in zip(units, tagged, family_want, strict=True)
    ]
    by_family = [_present(side, families) for side in (family_want, family_got)]
    grouped = _Agreement(by_family[0], by_family[1], draws)
    said = [{s for s, _ in u.labels} - u.maybe for u in units]
    found = [{t.signal for t in tags} - u.maybe for u, tags in zip(units, tagged, strict=True)]
    # A sentence may hold a signal in two statuses; either is right.
    right = [
        (tag.signal, tag.status) in unit.labels
        for unit, tags, mentioned in zip(units, tagged, said, strict=True)
        for tag in tags
        if tag.signal in mentioned
    ]
    quiet = [len(g) for unit, g in zip(units, got, strict=True) if unit.ordinary]
    low, high = wilson(sum(right), len(right))
    return Evaluation(
        n_units=len(units),
        operating_point=tagger.operating_point,
        signals=tuple(signals.score(name, [i]) for i, name in enumerate(names)),
        families=tuple(grouped.score(name, [i]) for i, name in enumerate(families)),
        mentions=_Agreement(_present(said, names), _present(found, names), draws).score("mentioned in any status"),
        overall=signals.score("all signals"),
        macro_f1=signals.macro_f1(),
        macro_families=grouped.macro_f1(),
        n_status=len(right),
        status_right=sum(right),
        status=Figure(sum(right) / len(right) if right else math.nan, low, high),
        n_ordinary=len(quiet),
        false_per_1000=_per_1000(sum(quiet), len(quiet)),
        calibration_error=_calibration(units, tagger.scores(texts), names, draws),
    )


def _draws(n: int) -> np.ndarray:
    """Return how often each of n units is drawn, one row a draw; the same for the same n."""
    return np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=_DRAWS)


def _present(found: Sequence[set[str]], names: Sequence[str]) -> np.ndarray:
    return np.array([[name in x for name in names] for x in found])


class _Agreement:
    """Right, false and missing tags, in all units and in each draw of them, one column a label."""

    def __init__(self, want: np.ndarray, got: np.ndarray, draws: np.ndarray) -> None:
        cells = (want & got, got & ~want, want & ~got)
        self._counts = [cell.sum(axis=0) for cell in cells]
        # 64-bit floats: NumPy multiplies whole numbers without BLAS.
        self._drawn = [draws.astype(float) @ cell.astype(float) for cell in cells]

    def score(self, name: str, columns: Sequence[int] | None = None) -> Score:
        """Return what some columns reach together, all of them by default."""
        chosen = slice(None) if columns is None else columns
        tp, fp, fn = (int(c[chosen].sum()) for c in self._counts)
        drawn = [d[:, chosen].sum(axis=1) for d in self._drawn]
        return Score(
            name,
            tp,
            fp,
            fn,
            precision=_of_all(tp, tp + fp, _share(drawn[0], drawn[0] + drawn[1])),
            recall=_of_all(tp, tp + fn, _share(drawn[0], drawn[0] + drawn[2])),
            # F1 is 2 J / (1 + J), where J is the share of right tags among labels and tags (Jaccard).
            f1=_of_all(tp, tp + fp + fn, _f1(*drawn), lambda j: 2 * j / (1 + j)),
        )

    def macro_f1(self) -> Figure:
        """Return the mean F1 of the labels that stand on enough units."""
        tp, fp, fn = self._counts
        columns = np.flatnonzero(tp + fn >= MACRO_MINIMUM)
        if not len(columns):
            return Figure(math.nan, math.nan, math.nan)
        # A draw may hold none of a label and no tag of it: nothing went wrong there, and nothing right.
        drawn = np.nan_to_num(_f1(*(d[:, columns] for d in self._drawn))).mean(axis=1)
        return _figure(float(np.mean(_f1(tp[columns], fp[columns], fn[columns]))), drawn)


def _share(part: Any, whole: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(part, whole)


def _f1(tp: Any, fp: Any, fn: Any) -> Any:
    return _share(2 * tp, 2 * tp + fp + fn)


def _of_all(
    part: int, whole: int, drawn: np.ndarray, meaning: Callable[[float], float] = lambda share: share
) -> Figure:
    """Return what a share means, with its interval: where all or nothing is right draws do not differ, so Wilson's."""
    if whole and part in (0, whole):
        return Figure(*map(meaning, (part / whole, *wilson(part, whole))))
    return _figure(meaning(_share(part, whole)), drawn)


def _figure(value: float, drawn: np.ndarray) -> Figure:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return Figure(float(value), math.nan, math.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    return Figure(float(value), float(low), float(high))


def _per_1000(count: int, n: int) -> Figure:
    if not n:
        return Figure(math.nan, math.nan, math.nan)
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return Figure(*(1000 * float(x) / n for x in (count, low, chi2.ppf(0.975, 2 * count + 2) / 2)))


def _calibration(units: Sequence[Unit], scores: np.ndarray, names: Sequence[str], draws: np.ndarray) -> Figure:
    truth = _present([{s for s, _ in u.labels} for u in units], names)
    use = ~_present([set(u.maybe) for u in units], names) & (scores >= _CALIBRATED_FROM)
    bins = np.minimum((scores * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    gaps, n = np.zeros((len(units), _CALIBRATION_BINS)), use.sum(axis=1)
    for b in range(_CALIBRATION_BINS):
        gaps[:, b] = ((scores - truth) * (use & (bins == b))).sum(axis=1)
    drawn = _share(np.abs(draws @ gaps).sum(axis=1), draws @ n)
    if not n.sum():
        return Figure(math.nan, math.nan, math.nan)
    measured = _figure(float(_share(np.abs(gaps.sum(axis=0)).sum(), n.sum())), drawn)
    # Drawing again only adds to absolute gaps, so the interval is mirrored at the value (Davison & Hinkley 1997, 5.2).
    low, high = (max(0.0, 2 * measured.value - x) for x in (measured.high, measured.low))
    return Figure(measured.value, low, high)


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
