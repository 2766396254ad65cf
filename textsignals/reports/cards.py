"""The cards of a report: all that is shown of a team, or of all teams together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from textsignals.measures.changes import Changes, Comparison
from textsignals.measures.position import Place, place
from textsignals.measures.privacy import people
from textsignals.measures.rates import Rate
from textsignals.measures.scores import UNDATED, Tally, merged
from textsignals.reports.basis import MIN_TEAMS, Basis, summed
from textsignals.reports.findings import Finding, Shift, Told
from textsignals.reports.wording import family_title, span

_MAX_SIGNALS = 8
_MAX_QUESTIONS = 2
# A signal tagged once has no course over time that a chart could show.
_MIN_CHART = 2
# With fewer tagged sentences a place on the map would be the tagger's own errors.
_MIN_PLACE = 5
_MAP_WINDOWS = 3


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
    """A healthy signal: sentences that show it (corrected), that say it is missing, that wish for it (as tagged)."""

    name: str
    title: str
    seen: Rate
    missing: Rate
    wanted: Rate


@dataclass(frozen=True, slots=True)
class Team:
    """All that is shown of one team, or of all together; sums are over shown periods only.

    `unseen` says which changes could not have been seen, `shifts` how the families stood before and after events,
    `quotes` has redacted sentences by title of the signal, none unless they were asked for.
    """

    name: str
    people: str
    n_messages: int
    n_sentences: int
    note: str = ""
    families: tuple[Curve, ...] = ()
    signals: tuple[Curve, ...] = ()
    leading: tuple[Curve, ...] = ()
    standings: tuple[Standing, ...] = ()
    questions: tuple[str, ...] = ()
    path: tuple[Place, ...] = ()
    unseen: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()
    quotes: tuple[tuple[str, tuple[str, ...]], ...] = ()


def team_card(
    basis: Basis,
    name: str,
    changes: Changes,
    compared: Sequence[Comparison],
    told: Told,
    findings: Sequence[Finding],
) -> Team:
    """Return all that is shown of a team; what `findings` ask of it comes first among its questions."""
    whole = merged(basis.cells, name, basis.shown(name))
    taxonomy = basis.taxonomy
    families, signals = (
        _curves(
            basis,
            [one for one in names if one not in basis.withheld],
            lambda _: whole,
            lambda _, period: basis.at_team(name, period),
        )
        for names in (taxonomy.families, taxonomy.signals)
    )
    order, leading = _leading(signals)
    own = [finding for finding in findings if finding.team == name]
    troubled = [c for c in order if not taxonomy.families[c.family].healthy and c.whole.flagged]
    asked = [taxonomy.signals[c.name].question for c in troubled or order if c.whole.flagged >= _MIN_CHART]
    return Team(
        name=name,
        people=people(whole, basis.min_authors),
        n_messages=whole.messages,
        n_sentences=whole.n_sentences,
        note="authors not recorded" if not whole.authors else "",
        families=families,
        signals=signals,
        leading=leading,
        standings=_standings(basis, whole),
        # What changed is asked about first.
        questions=tuple(dict.fromkeys([*(q for finding in own for q in finding.questions), *asked]))[:_MAX_QUESTIONS],
        path=_path(basis, basis.usable(name) or basis.shown(name), lambda some: merged(basis.cells, name, some))
        if not basis.shared_names
        else (),
        unseen=told.unseen(
            [test for test in changes.tested if test.tier == "family" and test.team == name],
            [one for one in changes.left_out if one[0] == name],
        ),
        shifts=told.shifts([one for one in compared if one.team == name]),
        quotes=told.quotes(name),
    )


def card_of_all(basis: Basis) -> Team | None:
    """Return all teams as one; None if fewer than two are shown."""
    if len(basis.teams) < MIN_TEAMS:
        return None
    whole = summed(basis.cells, basis.plan.overall)
    families, signals = (
        _curves(basis, names, basis.over_all, basis.at_all)
        for names in (basis.taxonomy.families, basis.taxonomy.signals)
    )
    return Team(
        name=basis.name_of_all,
        people=people(whole, basis.min_authors),
        n_messages=whole.messages,
        n_sentences=whole.n_sentences,
        note="some text without recorded authors" if any(who is None for who, _ in whole.sentences) else "",
        families=families,
        signals=signals,
        leading=_leading(signals)[1],
        standings=_standings(basis, whole),
        # A team's place would tell what is not told of single teams.
        path=_path(basis, basis.usable_by_all(), basis.whole_of) if basis.shared_names else (),
    )


def _curves(
    basis: Basis,
    names: Iterable[str],
    whole: Callable[[str], Tally | None],
    at: Callable[..., tuple[Tally | None, str]],
) -> tuple[Curve, ...]:
    """Return the curves of some families and signals; `at` gives for a name and period what is shown."""
    curves = []
    for name in names:
        of = whole(name)
        if of is None or not of.n_sentences:
            continue
        family = basis.taxonomy.families.get(name)
        title = family_title(family) if family else basis.taxonomy.signals[name].title
        points = []
        # Undated text has its row in the tables; charts leave it out.
        for period in (*basis.periods, UNDATED):
            tally, note = at(name, period)
            if period != UNDATED or note != "no text":
                rate = basis.rate(tally, name) if tally else None
                points.append(Point(period, rate, period in basis.cut, note))
        within = name if family else basis.taxonomy.signals[name].family
        curves.append(Curve(name, title, within, tuple(points), basis.rate(of, name)))
    return tuple(curves)


def _leading(signals: Sequence[Curve]) -> tuple[list[Curve], tuple[Curve, ...]]:
    """Return signals by what carries most, and the first of them: by flags, since vague rare ones have wild rates."""
    order = sorted(signals, key=lambda curve: (-curve.whole.flagged, curve.name))
    return order, tuple(curve for curve in order[:_MAX_SIGNALS] if curve.whole.flagged >= _MIN_CHART)


def _standings(basis: Basis, whole: Tally) -> tuple[Standing, ...]:
    taxonomy = basis.taxonomy
    return tuple(
        Standing(
            name=signal.name,
            title=signal.title,
            seen=basis.rate(whole, signal.name),
            missing=basis.status_rate(whole, signal.name, "negated"),
            wanted=basis.status_rate(whole, signal.name, "hypothetical"),
        )
        for signal in taxonomy.signals.values()
        if taxonomy.families[signal.family].healthy and signal.name not in basis.withheld
    )


def _path(basis: Basis, periods: Sequence[str], of: Callable[[Sequence[str]], Tally]) -> tuple[Place, ...]:
    """Return the places in up to three windows of some periods, oldest first; fewer where text is short."""
    for n_windows in range(min(_MAP_WINDOWS, len(periods)), 0, -1):
        ends = [round(i * len(periods) / n_windows) for i in range(n_windows + 1)]
        windows = [periods[a:b] for a, b in pairwise(ends)]
        places = [_place(basis, of(window), window) for window in windows]
        if all(places) or n_windows == 1:
            return tuple(one for one in places if one)
    return ()


def _place(basis: Basis, tally: Tally, window: Sequence[str]) -> Place | None:
    families = list(basis.taxonomy.families.values())
    rates = [basis.rate(tally, family.name) for family in families]
    if sum(rate.flagged for rate in rates) < _MIN_PLACE:
        return None
    return place(span(window), families, rates)
