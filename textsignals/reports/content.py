"""What a report says, without how it looks: teams, rates, findings in words, the map, and what was left out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from textsignals.measures.changes import find_changes
from textsignals.measures.periods import between, partial, period_of, step_of, suggested_step
from textsignals.measures.privacy import Verdict, may_show, people
from textsignals.measures.rates import Rate, cell_rate, intra_cluster_correlation, shared_recall
from textsignals.measures.scores import UNDATED, Cell, Counts, Tally, merged, table
from textsignals.pipeline import Outcome
from textsignals.tagging.model import Model, Quality
from textsignals.taxonomy import COUNTED

_VERY_SURE = 0.005
_MAX_FINDINGS = 5
_MAX_SIGNALS = 8
# A signal tagged once has no course over time that a chart could show.
_MIN_CHART = 2
# With fewer tagged sentences a place on the map would be the tagger's own errors.
_MIN_PLACE = 5
_MAP_WINDOWS = 3
_REGION = 0.8
# Added to each family's rate on the map, so that a team of whom nearly nothing is known stands in the middle.
_MAP_PRIOR = 0.005
# Controls, halves of surrogate pairs, and signs that turn the direction of writing.
_ORDERS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Point:
    """One period of one curve: `rate` is None where there is nothing to show, and `note` says why."""

    period: str
    rate: Rate | None
    partial: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A family or signal of a team over the periods, with its rate over all that is shown."""

    name: str
    title: str
    family: str
    points: tuple[Point, ...]
    whole: Rate


@dataclass(frozen=True, slots=True)
class Standing:
    """A healthy signal: sentences that show it, that say it is missing, that wish for it."""

    title: str
    seen: int
    missing: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a team stands on the map in one window: axes from -1 to 1, and the radii and tilt of its region."""

    label: str
    autonomy: float
    alignment: float
    radii: tuple[float, float]
    tilt: float


@dataclass(frozen=True, slots=True)
class Team:
    """All that is shown of one team; sums are over shown periods only, so nothing hidden can be subtracted out."""

    name: str
    people: str
    n_messages: int
    n_sentences: int
    note: str
    families: tuple[Curve, ...]
    signals: tuple[Curve, ...]
    leading: tuple[Curve, ...]
    standings: tuple[Standing, ...]
    questions: tuple[str, ...]
    path: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a change of a team, with how sure it is."""

    team: str
    text: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report."""

    by: str
    periods: tuple[str, ...]
    first: str
    last: str
    teams: tuple[Team, ...]
    hidden: tuple[tuple[str, str, str], ...]
    findings: tuple[Finding, ...]
    tested: int
    silent: tuple[str, ...]
    foreign: bool
    levels: tuple[str, ...]
    n_undated: int
    counts: pd.DataFrame = field(compare=False)
    outcome: Outcome
    model: Model
    quality: Mapping[str, Quality]
    operating_point: str
    command: str


def build(counts: Counts, outcome: Outcome, *, by: str | None = None, command: str = "") -> Content:
    """Return the content of a report on what was counted; `by` is week, month or quarter, chosen by span if None."""
    dates = counts.dates
    step = by or suggested_step(dates)
    cells = counts.cells(step)
    dated = sorted({period for _, period in cells if period != UNDATED})
    periods = tuple(between(dated[0], dated[-1])) if dated else ()
    cut = frozenset(p for p in periods if partial(p, dates[0], dates[-1]))
    maker = _Maker(counts, cells, periods, cut)
    names = sorted({team for team, _ in cells})
    shown = [team for team in names if maker.shown(team)]
    findings, tested = maker.findings(shown)
    point = counts.tagger.operating_point
    teams = tuple(maker.team(team) for team in shown)
    return Content(
        by=step,
        periods=periods,
        first=dates[0].isoformat() if dates else "",
        last=dates[-1].isoformat() if dates else "",
        teams=teams,
        hidden=tuple(maker.hidden()),
        findings=tuple(findings),
        tested=len(tested),
        silent=tuple(sorted(set(tested) - {finding.team for finding in findings})),
        foreign=counts.foreign,
        levels=tuple(_level(team) for team in teams),
        counts=table({cell: tally for cell, tally in cells.items() if maker.verdicts[cell].shown}, counts.tagger),
        n_undated=sum(tally.messages for (_, period), tally in cells.items() if period == UNDATED),
        outcome=outcome,
        model=counts.tagger.model,
        quality=counts.tagger.model.quality[point],
        operating_point=point,
        command=command,
    )


class _Maker:
    """Holds what every part of a report is computed from."""

    def __init__(self, counts: Counts, cells: dict[Cell, Tally], periods: tuple[str, ...], cut: frozenset[str]) -> None:
        self.counts, self.cells, self.periods, self.cut = counts, cells, periods, cut
        self.model = counts.tagger.model
        point = counts.tagger.operating_point
        self.quality = {**self.model.families[point], **self.model.quality[point]}
        self.recall = shared_recall(self.model.quality[point].values())
        self.taxonomy = self.model.taxonomy
        names = [*self.taxonomy.families, *self.taxonomy.signals]
        self.icc = {name: intra_cluster_correlation(cells.values(), name) for name in names}
        self.verdicts = {cell: may_show(tally) for cell, tally in cells.items()}

    def shown(self, team: str) -> list[str]:
        """Return the periods of a team that may be shown; undated text counts as one period of its own."""
        every = (*self.periods, UNDATED)
        return [p for p in every if self.verdicts.get((team, p), Verdict(False)).shown]

    def hidden(self) -> list[tuple[str, str, str]]:
        """Return (team, periods, reason) of what is not shown."""
        found: dict[tuple[str, str], list[str]] = {}
        for (team, period), verdict in self.verdicts.items():
            if not verdict.shown:
                found.setdefault((team, verdict.reason), []).append(period)
        return [(team, ", ".join(periods), reason) for (team, reason), periods in sorted(found.items())]

    def rate(self, tally: Tally, name: str) -> Rate:
        """Return the rate of a signal or family in a tally."""
        return cell_rate(tally, name, self.quality[name], self.recall, self.icc[name])

    def _curve(self, team: str, name: str, title: str, family: str, whole: Tally) -> Curve:
        points = []
        # Undated text has its row in the tables; charts leave it out.
        undated = [UNDATED] if (team, UNDATED) in self.cells else []
        for period in (*self.periods, *undated):
            verdict = self.verdicts.get((team, period))
            rate = self.rate(self.cells[(team, period)], name) if verdict and verdict.shown else None
            note = "no text" if verdict is None else verdict.reason
            points.append(Point(period, rate, period in self.cut, note))
        return Curve(name, title, family, tuple(points), self.rate(whole, name))

    def team(self, name: str) -> Team:
        """Return all that is shown of a team."""
        shown = self.shown(name)
        whole = merged(self.cells, name, shown)
        families = tuple(self._curve(name, f.name, f.title, f.name, whole) for f in self.taxonomy.families.values())
        signals = tuple(self._curve(name, s.name, s.title, s.family, whole) for s in self.taxonomy.signals.values())
        # What carries most: by flags, since rare signals with a vague tagger have wild estimates.
        order = sorted(signals, key=lambda curve: (-curve.whole.flagged, curve.name))
        leading = tuple(curve for curve in order[:_MAX_SIGNALS] if curve.whole.flagged >= _MIN_CHART)
        troubled = [c for c in order if not self.taxonomy.families[c.family].healthy and c.whole.flagged]
        asked = [curve for curve in troubled or order if curve.whole.flagged >= _MIN_CHART][:2]
        return Team(
            name=name,
            people=people(whole),
            n_messages=whole.messages,
            n_sentences=whole.n_sentences,
            note="authors not recorded" if not whole.authors else "",
            families=families,
            signals=signals,
            leading=leading,
            standings=self._standings(whole),
            questions=tuple(self.taxonomy.signals[curve.name].question for curve in asked),
            path=tuple(self._path(name, shown)),
        )

    def _standings(self, whole: Tally) -> tuple[Standing, ...]:
        healthy = [s for s in self.taxonomy.signals.values() if self.taxonomy.families[s.family].healthy]
        of = whole.statuses
        return tuple(
            Standing(s.title, of[(s.name, COUNTED)], of[(s.name, "negated")], of[(s.name, "hypothetical")])
            for s in healthy
        )

    def _path(self, team: str, shown: Sequence[str]) -> list[Place]:
        """Return the team's places in up to three windows of complete periods, oldest first."""
        whole_periods = self._usable(team) or list(shown)
        n_windows = min(_MAP_WINDOWS, len(whole_periods))
        windows = [list(map(str, w)) for w in np.array_split(whole_periods, n_windows)] if n_windows else []
        places = [self._place(merged(self.cells, team, window), window) for window in windows]
        return [place for place in places if place]

    def _place(self, tally: Tally, window: Sequence[str]) -> Place | None:
        """Return where the families' rates put a team: the share-weighted mean of their corners, with its region."""
        families = list(self.taxonomy.families.values())
        rates = [self.rate(tally, f.name) for f in families]
        if sum(rate.flagged for rate in rates) < _MIN_PLACE:
            return None
        share = np.array([r.rate for r in rates]) + _MAP_PRIOR
        total = float(share.sum())
        if not math.isfinite(total):
            return None
        corners = np.array([[f.autonomy, f.alignment] for f in families], dtype=float)
        centre = share @ corners / total
        spread = np.array([(r.high - r.low) / (2 * norm.ppf(0.975)) for r in rates])
        # The delta method: how far each rate moves the mean, times how sure that rate is.
        slopes = (corners - centre) / total
        variances, axes = np.linalg.eigh((slopes * spread[:, None] ** 2).T @ slopes)
        radii = np.sqrt(np.maximum(variances, 0) * chi2.ppf(_REGION, 2))
        tilt = math.degrees(math.atan2(axes[1, 1], axes[0, 1]))
        return Place(_span(window), float(centre[0]), float(centre[1]), (float(radii[1]), float(radii[0])), tilt)

    def findings(self, teams: Sequence[str]) -> tuple[list[Finding], list[str]]:
        """Return what rose or fell over the weeks, tested on raw flags, and the team of each test."""
        weeks = {team: self._weeks(team) for team in teams}
        youden = {name: (q.tp + 1) / (q.p + 2) + (q.tn + 1) / (q.n + 2) - 1 for name, q in self.quality.items()}
        changes = find_changes(weeks, self.taxonomy, self.icc, youden)
        found = [
            self._finding(one.team, one.name, one.slope, one.q)
            for one in changes.found
            if one.tier == "family" and one.team
        ]
        tested = [one.team for one in changes.tested if one.tier == "family" and one.team]
        return [finding for finding in found if finding][:_MAX_FINDINGS], tested

    def _usable(self, team: str) -> list[str]:
        """Return the shown periods of a team that its text covers completely."""
        return [p for p in self.shown(team) if p != UNDATED and p not in self.cut]

    def _weeks(self, team: str) -> dict[tuple[int, str], Tally]:
        """Return the tallies of a team by number of week and stratum, from the days of its usable periods."""
        usable, dates = set(self._usable(team)), self.counts.dates
        step = step_of(self.periods[0]) if self.periods else "week"
        weeks: dict[tuple[int, str], Tally] = {}
        for (name, day, stratum), tally in self.counts.days.items():
            if name != team or day is None or period_of(day, step) not in usable:
                continue
            if not partial(period_of(day, "week"), dates[0], dates[-1]):
                weeks.setdefault(((day.toordinal() - 1) // 7, stratum), Tally()).add(tally)
        return weeks

    def _finding(self, team: str, family: str, slope: float, q: float) -> Finding | None:
        """Return a change in words, told by the two halves of the time; None if they do not show it."""
        parts = [list(map(str, half)) for half in np.array_split(self._usable(team), 2)]
        halves = [merged(self.cells, team, part) for part in parts]
        if not all(half.n_sentences for half in halves):
            return None
        before, after = (self.rate(half, family) for half in halves)
        up = after.flagged / after.total > before.flagged / before.total
        if up != (slope > 0):
            return None
        most = self._moved_most(family, halves, up)
        text = (
            f"{team}: {self.taxonomy.families[family].title.lower()} {'rose' if up else 'fell'} from"
            f" {_told(before, after, parts)}" + (f", above all {most}" if most else "")
        )
        return Finding(team, text, "very likely real" if q <= _VERY_SURE else "likely real")

    def _moved_most(self, family: str, halves: Sequence[Tally], up: bool) -> str:
        """Return the signal that moved most the way its family did, with its tags in both halves; "" if none did."""
        moves = []
        for signal in self.taxonomy.of_family(family):
            first, second = (half.statuses[(signal.name, COUNTED)] for half in halves)
            change = second / halves[1].n_sentences - first / halves[0].n_sentences
            moves.append((change if up else -change, f"{signal.title.lower()} ({first} tagged, then {second})"))
        change, told = max(moves)
        return told if change > 0 else ""


def _told(before: Rate, after: Rate, parts: Sequence[Sequence[str]]) -> str:
    """Return two rates in words, each with its time; as plain counts where either cannot be told from zero."""
    rates = (before, after)
    counts = [f"{rate.flagged} of {rate.total:,} sentences tagged" for rate in rates]
    plain = any(rate.unseen or rate.beyond for rate in rates)
    words = counts if plain else [per_100(rate) for rate in rates]
    return " to ".join(f"{word} ({_span(part)})" for word, part in zip(words, parts, strict=True))


def _span(periods: Sequence[str]) -> str:
    return periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]}"


def _level(team: Team) -> str:
    rates = [c for c in team.families if math.isfinite(c.whole.rate)]
    seen = sorted((c for c in rates if not c.whole.unseen), key=lambda c: -c.whole.rate)
    parts = [f"{c.title.lower()} {_with_interval(c.whole)}" for c in seen]
    hidden = [math.ceil(100 * c.whole.high) for c in rates if c.whole.unseen]
    if hidden:
        rest = "each other family" if parts else "each family"
        parts.append(f"{rest} fewer than {max(1, *hidden)} in 100")
    return f"{team.name}: {', '.join(parts)}"


def clean(text: str) -> str:
    """Return text without what a terminal or browser could take for orders; names of teams and files may hold any.

    >>> clean("red \\x1b[31m alert")
    'red ·[31m alert'
    """
    return _ORDERS.sub("·", text)


def per_100(rate: Rate) -> str:
    """Return a rate in words: per 100 sentences, or what it stays below where nothing can be told from zero.

    >>> per_100(Rate(0, 100, 0.0, 0.0, 0.034)), per_100(Rate(12, 100, 0.1, 0.04, 0.2))
    ('fewer than 4 in 100', 'about 10 in 100')
    """
    if not math.isfinite(rate.rate):
        return "not measurable"
    if rate.unseen:
        return f"fewer than {max(1, math.ceil(100 * rate.high))} in 100"
    if rate.beyond:
        return f"over {math.floor(100 * rate.low)} in 100, more than can be corrected for"
    return f"about {_figure(100 * rate.rate)} in 100"


def _with_interval(rate: Rate) -> str:
    if rate.beyond:
        return per_100(rate)
    return f"{per_100(rate)} ({_figure(100 * rate.low)} to {_figure(100 * rate.high)})"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 1.95 else f"{value:.1f}"
