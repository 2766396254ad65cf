"""What changed, in plain words: from where to where, how sure, what it means, and what to ask the team."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from textsignals.measures.changes import Change, Changes, Comparison, Tested
from textsignals.measures.rates import Rate
from textsignals.measures.scores import Tally
from textsignals.reports.wording import counted, family_title, family_told, figure, listed, lower, per_100, span
from textsignals.taxonomy import COUNTED, Signal, Taxonomy

_MAX_QUESTIONS = 2
# Adjusted for all tests of its kind, so that even one of 200 such findings would be a surprise.
_VERY_SURE = 0.005

Rating = Callable[[Tally, str], Rate]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a change, how sure it is, and help to read it: terms with definitions, and questions.

    `team` is the team, or what all teams together are called; `name` is the signal or family that changed; `better`
    says whether it moved the way of aligned autonomy.
    """

    team: str
    name: str
    text: str
    certainty: str
    better: bool
    terms: tuple[tuple[str, str], ...]
    questions: tuple[str, ...]
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """A family before and after an event: shares of tagged sentences; one of `smallest` is found 4 times in 5."""

    day: str
    event: str
    family: str
    before: float
    after: float
    sure: bool
    certainty: str
    smallest: float


class Told:
    """Makes sentences of what was tested; `halves` gives for a team (None: all together) its time in two halves.

    `turning` gives for a team and a name the period from which on they differ most from before, "" if none is known;
    `together` is what all teams are called, `quotes` are redacted sentences by team and signal, and `youden` says how
    much of a change of the true share is one of the tagged share.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        rate: Rating,
        halves: Callable[[str | None], Sequence[tuple[Sequence[str], Tally]]],
        turning: Callable[[str | None, str], str],
        together: str,
        quotes: Mapping[tuple[str, str], tuple[str, ...]],
        youden: Mapping[str, float],
    ) -> None:
        self._taxonomy, self._rate, self._halves, self._together = taxonomy, rate, halves, together
        self._turning, self._quotes, self._youden = turning, quotes, youden

    def findings(self, changes: Changes) -> tuple[Finding, ...]:
        """Return all findings: all teams together first, then teams, the surest first.

        Single signals of a team are not told by themselves; the sentence about their family names the surest.
        """
        within = {
            (c.team, self._taxonomy.signals[c.name].family): c.name for c in reversed(changes.found) if _inside(c)
        }
        found = sorted((c for c in changes.found if not _inside(c)), key=lambda c: c.team is not None)
        return tuple(self._finding(change, within.get((change.team, change.name))) for change in found)

    def possible(self, changes: Changes) -> tuple[Finding, ...]:
        """Return what came near a finding; it may well be chance."""
        return tuple(replace(self._finding(change, None), certainty="may be chance") for change in changes.possible)

    def _finding(self, change: Change, sure: str | None) -> Finding:
        parts = self._halves(change.team)
        who, name = change.team or self._together, change.name
        ordered = self._moved(name, parts, change.rises)
        if sure:
            ordered.sort(key=lambda signal: signal.name != sure)
        verb = "rose" if change.rises else "fell"
        figures = self._from_to(name, parts, change.rises)
        text = f"{who}: {self.title(name)} {verb} {figures or 'over the weeks, at the same mix of channels'}"
        if ordered and name in self._taxonomy.families:
            tags = [tally.statuses[(ordered[0].name, COUNTED)] for _, tally in parts]
            text += f", above all {lower(ordered[0].title)} ({tags[0]} tagged, then {tags[1]})"
        if figures and (turning := self._turning(change.team, name)):
            text += f"; the clearest step is at {span([turning])}"
        return Finding(
            team=who,
            name=name,
            text=text,
            certainty="very likely real" if change.q <= _VERY_SURE else "likely real",
            better=self._healthy(name) == change.rises,
            terms=self._terms(name, ordered[:1]),
            questions=tuple(signal.question for signal in ordered[:_MAX_QUESTIONS]),
            quotes=self._quotes.get((who, ordered[0].name), ()) if ordered and change.team else (),
        )

    def _healthy(self, name: str) -> bool:
        family = self._taxonomy.families.get(name) or self._taxonomy.families[self._taxonomy.signals[name].family]
        return family.healthy

    def title(self, name: str) -> str:
        """Return how a family or signal is called inside a sentence."""
        family = self._taxonomy.families.get(name)
        return family_told(family) if family else lower(self._taxonomy.signals[name].title)

    def _terms(self, name: str, signals: Sequence[Signal]) -> tuple[tuple[str, str], ...]:
        family = self._taxonomy.families.get(name)
        terms = [(signal.title, signal.definition) for signal in signals]
        return tuple([(family.title, family.definition), *terms] if family else terms)

    def _from_to(self, name: str, parts: Sequence[tuple[Sequence[str], Tally]], rises: bool) -> str:
        """Return two rates with their times, as counts if one cannot be told from zero; "" if they do not show it."""
        if len(parts) < 2 or not all(tally.n_sentences for _, tally in parts):
            return ""
        rates = [self._rate(tally, name) for _, tally in parts]
        before, after = (rate.flagged / rate.total for rate in rates)
        if before == after or (after > before) != rises:
            return ""
        plain = any(rate.unseen or rate.beyond or not math.isfinite(rate.rate) for rate in rates)
        words = [f"{r.flagged:,} of {r.total:,} sentences tagged" if plain else per_100(r) for r in rates]
        told = [f"{word} ({span(periods)})" for word, (periods, _) in zip(words, parts, strict=True)]
        return f"from {told[0]} to {told[1]}"

    def _moved(self, name: str, parts: Sequence[tuple[Sequence[str], Tally]], rises: bool) -> list[Signal]:
        """Return the signals of a family that moved the way it did, the one that moved most first; a signal itself."""
        if name in self._taxonomy.signals:
            return [self._taxonomy.signals[name]]
        if len(parts) < 2 or not all(tally.n_sentences for _, tally in parts):
            return []
        moves = []
        for signal in self._taxonomy.of_family(name):
            first, second = (tally.statuses[(signal.name, COUNTED)] / tally.n_sentences for _, tally in parts)
            moves.append(((second - first) if rises else (first - second), signal))
        return [signal for move, signal in sorted(moves, key=lambda m: (-m[0], m[1].name)) if move > 0]

    def unseen(self, tests: Sequence[Tested], untested: Sequence[tuple[str, str, str]]) -> tuple[str, ...]:
        """Return in words which changes of a team would have gone unseen, and what was not looked at."""
        seen = [f"{test.name} by about {figure(test.smallest)} in 100" for test in tests if test.smallest < 1]
        blind = [test.name for test in tests if not test.smallest < 1]
        told = []
        if seen:
            told.append(
                f"A steady change of {listed(seen)} from the first to the second half would be found four times in"
                " five, a sudden one if it is a third larger, a smaller one less often; so no finding is not the same"
                " as no change."
            )
        if blind:
            told.append(f"Of {listed(blind)}, no change of any size could have been seen.")
        reasons: dict[str, list[str]] = {}
        for _, name, reason in untested:
            reasons.setdefault(reason, []).append(name)
        told += [f"Not tested for changes: {listed(names)} ({reason})." for reason, names in reasons.items()]
        return tuple(told)

    def quotes(self, team: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the redacted sentences of a team by title of their signal."""
        found = {name: self._quotes.get((team, name), ()) for name in self._taxonomy.signals}
        return tuple((self._taxonomy.signals[name].title, said) for name, said in found.items() if said)

    def shifts(self, comparisons: Sequence[Comparison]) -> tuple[Shift, ...]:
        """Return the families of a team before and after events."""
        return tuple(
            Shift(
                day=one.event.day.isoformat(),
                event=one.event.title,
                family=family_title(self._taxonomy.families[one.name]),
                before=_rounded(one.before),
                after=_rounded(one.after),
                sure=one.sure,
                certainty=_certainty(one),
                smallest=_rounded(one.smallest * self._youden[one.name]),
            )
            for one in comparisons
        )


def untested(left_out: Sequence[tuple[str, str, str]], n_tested: int) -> str:
    """Return in words how many pairs of team and family were not tested, and why."""
    if not left_out:
        return ""
    reasons = Counter(reason for *_, reason in left_out)
    told = [f"{n} with {reason}" for reason, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))]
    pairs = counted(len(left_out), "pair")
    return f"{pairs} of team and family could not be tested ({listed(told)}), {n_tested} could."


def split(periods: Sequence[str]) -> list[list[str]]:
    """Return periods in two halves, the first the longer one if need be; one or none if there are so few."""
    return [list(map(str, half)) for half in np.array_split(periods, min(2, len(periods)))] if periods else []


def _inside(change: Change) -> bool:
    return change.tier == "signal"


def _certainty(one: Comparison) -> str:
    if one.sure:
        return "very likely not chance" if one.q <= _VERY_SURE else "likely not chance"
    return "cannot be told from chance"


def _rounded(share: float) -> float:
    """Return a share as exactly as it may be published.

    Before and after an event are no whole periods: from exact figures, parts of periods could be computed.
    """
    return round(float(share), 2 if share >= 0.0195 else 3) if math.isfinite(share) else 1.0
