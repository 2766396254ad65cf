"""Which rates rose or fell over the weeks, or at an event, tested so that what is reported is there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from scipy.stats import false_discovery_control, norm
from scipy.stats import t as student_t

from textsignals.measures.privacy import MIN_AUTHORS
from textsignals.measures.slopes import Array, Fit, Series, Weeks, errors, fit, series
from textsignals.taxonomy import Taxonomy

Tier = Literal["organisation", "family", "signal"]

# Reports in which nothing changes and weeks hang together by chance claim a change somewhat more often than these
# shares say; together they stay within one in twenty (scripts/simulate-null-reports). The split is the same with and
# without events: who runs a report first without and then with them would otherwise be allowed more.
_SHARE_ORGANISATION, SHARE_FAMILIES, _SHARE_EVENTS = 0.01, 0.018, 0.006
# Changes are looked for only where there is enough to see any: gates on totals, never on the course.
_MIN_WEEKS = 8
_MIN_FLAGS = 10
_MIN_TEAMS = 8
_MIN_SIDE = 4
_POWER = 0.8
# No claim, but worth a question: the false discovery rate of what is named as possible.
_NEAR = 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """A share of flagged sentences that rose or fell by `slope` a week; `q` is p adjusted for the tests of its tier."""

    tier: Tier
    team: str | None
    name: str
    slope: float
    p: float
    q: float

    @property
    def rises(self) -> bool:
        """Whether it rose."""
        return self.slope > 0


@dataclass(frozen=True, slots=True)
class Tested:
    """A test that was made, over how many weeks, and the smallest change it could have seen.

    `smallest` is the difference of the true share between the halves of the time (0 to 1, infinite if the tagger is no
    better than chance) that is found four times in five, after correction for all tests of the tier, if it comes
    steadily; a step at half-time must be a third larger (its slope is 1.5 steps over the time, not 2).
    """

    tier: Tier
    team: str | None
    name: str
    smallest: float
    n_weeks: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed, surest first, what was tested, and (team, family, reason) of what was not.

    `possible` are families that came near it: where nothing changes, one report in ten has one.
    """

    found: tuple[Change, ...]
    tested: tuple[Tested, ...]
    left_out: tuple[tuple[str, str, str], ...]
    possible: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as the user tells it."""

    day: date
    title: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The share of flagged sentences before and after an event, both at the mix of strata of the whole time.

    `sure` says whether they differ beyond chance; `smallest` is the change of the true share that would have been seen.
    Whether the event was the reason no test can tell.
    """

    event: Event
    team: str
    name: str
    before: float
    after: float
    p: float
    q: float
    sure: bool
    smallest: float


def find_changes(
    teams: Mapping[str, Weeks],
    taxonomy: Taxonomy,
    icc: Mapping[str, float],
    youden: Mapping[str, float],
    min_authors: int = MIN_AUTHORS,
) -> Changes:
    """Return which rates of signals and families rose or fell; of reports in which nothing does, few claim so.

    `teams` are the complete weeks of each team, `icc` the intra-cluster correlation and `youden` sensitivity plus
    specificity minus 1 of each signal and family; a team of fewer than `min_authors` is not tested. Tests run on raw
    flags, in three tiers (docs/reading-a-report.md). Signals over the organisation take the teams as replicates and
    need eight. Families of a team are tested by the moderated slope, which sees no change in a mere change of channels.
    Signals of a team are tested only inside families that changed.
    """
    names = [*taxonomy.families, *taxonomy.signals]
    every = {team: series(teams[team], names) for team in sorted(teams)}
    few = {team: _too_few(one, min_authors) for team, one in every.items()}
    slopes = _Slopes({team: (one, one.weeks) for team, one in every.items() if not few[team]}, names, icc)

    organisation = _judge(slopes.organisation(taxonomy.signals), _SHARE_ORGANISATION, youden)
    asked = [test for team in slopes.fits for test in slopes.tests("family", team, taxonomy.families)]
    families = _judge(asked, SHARE_FAMILIES, youden)
    signals: list[_Verdict] = []
    for family in families:
        if family.sure and family.test.team:
            inside = [signal.name for signal in taxonomy.of_family(family.test.name)]
            signals += _judge(slopes.tests("signal", family.test.team, inside), SHARE_FAMILIES, youden)

    verdicts = [*organisation, *families, *signals]
    sure = sorted((v for v in verdicts if v.sure), key=lambda v: (v.q, v.p, v.test.team or "", v.test.name))
    near = sorted((v for v in families if not v.sure and v.q <= _NEAR), key=lambda v: (v.q, v.p, v.test.team or ""))
    done = {(v.test.team, v.test.name) for v in families}

    def told(verdicts: Sequence[_Verdict]) -> tuple[Change, ...]:
        return tuple(Change(v.test.tier, v.test.team, v.test.name, v.test.slope, v.p, v.q) for v in verdicts)

    return Changes(
        told(sure),
        tuple(Tested(v.test.tier, v.test.team, v.test.name, v.smallest, v.test.n_weeks) for v in verdicts),
        tuple(
            (team, family, few[team] or f"fewer than {_MIN_FLAGS} tagged sentences")
            for team in every
            for family in taxonomy.families
            if (team, family) not in done
        ),
        told(near),
    )


def compare_events(
    events: Sequence[Event],
    teams: Mapping[str, Weeks],
    taxonomy: Taxonomy,
    icc: Mapping[str, float],
    youden: Mapping[str, float],
    min_authors: int = MIN_AUTHORS,
) -> tuple[Comparison, ...]:
    """Return how the families of each team stood before and after each event, where there is enough to compare.

    The week of an event counts for neither side, unless the event is on its Monday. At least four complete weeks on
    either side are needed, besides what a trend needs. Arguments are those of `find_changes`; events have their own
    share of false alarms, whatever their number.
    """
    names = list(taxonomy.families)
    tests: list[_Test] = []
    told: list[tuple[Event, float, float]] = []
    for event in events:
        own, first = (event.day.toordinal() - 1) // 7, math.ceil((event.day.toordinal() - 1) / 7)
        sides: dict[str, tuple[Series, Array]] = {}
        for team in sorted(teams):
            one = series({place: t for place, t in teams[team].items() if not own <= place[0] < first}, names)
            after = (one.weeks >= first).astype(float)
            if not _too_few(one, min_authors) and _MIN_SIDE <= after.sum() <= len(after) - _MIN_SIDE:
                sides[team] = (one, after)
        slopes = _Slopes(sides, names, icc)
        for team, (one, after) in sides.items():
            for test in slopes.tests("family", team, names):
                # Both sides at the mix of strata of the whole time: they differ by the step, and their mean is as seen.
                seen = one.flags[:, names.index(test.name)].sum() / one.n.sum()
                before = seen - test.slope * (one.n * (after @ one.week)).sum() / one.n.sum()
                tests.append(test)
                told.append((event, min(1.0, max(0.0, float(before))), min(1.0, max(0.0, float(before + test.slope)))))
    return tuple(
        Comparison(event, v.test.team or "", v.test.name, before, after, v.p, v.q, v.sure, v.smallest)
        for (event, before, after), v in zip(told, _judge(tests, _SHARE_EVENTS, youden), strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Test:
    """A slope with its error; times `halves` it is the change between the halves of the time, or at the event."""

    tier: Tier
    team: str | None
    name: str
    slope: float
    error: float
    df: float
    halves: float
    n_weeks: int


@dataclass(frozen=True, slots=True)
class _Verdict:
    test: _Test
    p: float
    q: float
    sure: bool
    smallest: float


def _too_few(one: Series, min_authors: int) -> str:
    """Return why a team is not tested at all; "" if it is."""
    if len(one.weeks) < _MIN_WEEKS:
        return f"fewer than {_MIN_WEEKS} complete weeks"
    if one.n_authors is not None and one.n_authors < min_authors:
        return f"fewer than {min_authors} authors"
    return ""


class _Slopes:
    """Slopes of some teams, each on a regressor of its own, for all names."""

    def __init__(
        self, teams: Mapping[str, tuple[Series, Array]], names: Sequence[str], icc: Mapping[str, float]
    ) -> None:
        rho = np.array([icc[name] for name in names])
        self._at = {name: i for i, name in enumerate(names)}
        self.fits: dict[str, Fit] = {team: fit(one, x, rho) for team, (one, x) in teams.items()}
        self._flags = {team: one.flags.sum(axis=0) for team, (one, _) in teams.items()}
        enough = np.array([flags >= _MIN_FLAGS for flags in self._flags.values()]).reshape(len(teams), len(names))
        found = errors(list(self.fits.values()), enough) if teams else ()
        self._errors = dict(zip(self.fits, zip(*found, strict=True), strict=True))

    def tests(self, tier: Tier, team: str, names: Iterable[str]) -> list[_Test]:
        """Return the tests of a team for those names of which enough was tagged."""
        one, (error, df) = self.fits[team], self._errors[team]
        asked = [(name, i, error[i], df[i]) for name in names if self._flags[team][i := self._at[name]] >= _MIN_FLAGS]
        return [
            _Test(tier, team, name, float(one.slope[i]), float(e), float(d), one.halves, len(one.weeks))
            for name, i, e, d in asked
        ]

    def organisation(self, names: Iterable[str]) -> list[_Test]:
        """Return t tests of the teams' slopes: what swings in one team or in all at random is noise to them.

        Weights are roots of what each team's slope is worth, so that no large team decides alone; errors are corrected
        for leverage (docs/reading-a-report.md).
        """
        tests = []
        for name in names:
            i = self._at[name]
            teams = [team for team, flags in self._flags.items() if flags[i] > 0]
            if len(teams) < _MIN_TEAMS or sum(self._flags[team][i] for team in teams) < _MIN_FLAGS:
                continue
            fits = [self.fits[team] for team in teams]
            share = np.sqrt([one.information[i] for one in fits])
            share /= share.sum()
            slope = np.array([one.slope[i] for one in fits])
            mean = float(share @ slope)
            error = math.sqrt(float((share**2 * (slope - mean) ** 2 / (1 - share)).sum()))
            halves = float(share @ np.array([one.halves for one in fits]))
            weeks = {week for one in fits for week in one.weeks}
            tests.append(_Test("organisation", None, name, mean, error, len(teams) - 1, halves, len(weeks)))
        return tests


def _judge(tests: Sequence[_Test], share: float, youden: Mapping[str, float]) -> list[_Verdict]:
    """Return which tests are sure at a false discovery rate of `share` (Benjamini and Hochberg)."""
    if not tests:
        return []
    slope, error, df, halves = np.array([(test.slope, test.error, test.df, test.halves) for test in tests]).T
    p = 2 * student_t.sf(np.abs(slope) / np.where(error > 0, error, np.inf), df)
    q = false_discovery_control(p)
    # What is sure even as the only change, plus the luck of the draw.
    needed = student_t.isf(share / (2 * len(tests)), df) + norm.ppf(_POWER)
    seen = np.array([youden[test.name] for test in tests])
    smallest = np.where(seen > 0, needed * error * halves / np.where(seen > 0, seen, 1), np.inf)
    return [
        _Verdict(test, float(p[i]), float(q[i]), bool(q[i] <= share), float(smallest[i]))
        for i, test in enumerate(tests)
    ]
