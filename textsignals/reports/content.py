"""What a report says, without how it looks: teams, rates, findings in words, the map, and what was left out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal

import pandas as pd

from textsignals.measures.changes import Changes, Comparison, Event, compare_events, find_changes
from textsignals.measures.evidence import Quotes, choose
from textsignals.measures.ledger import Ledger, joined, texts
from textsignals.measures.periods import between, partial, period_of, suggested_step
from textsignals.measures.position import PRIOR, REGION, Place, place
from textsignals.measures.privacy import may_show, people
from textsignals.measures.rates import Rate, cell_rate, intra_cluster_correlation, shared_recall, status_rate, youden
from textsignals.measures.redaction import Redactor
from textsignals.measures.scores import UNDATED, Cell, Counts, Tally, merged, table
from textsignals.measures.suppression import plan
from textsignals.pipeline import Outcome
from textsignals.reports.findings import Finding, Shift, Told, split, untested
from textsignals.reports.wording import family_title, family_told, listed, lower, per_100, span, with_interval
from textsignals.tagging.model import Model, Quality
from textsignals.tagging.tagger import Tagger
from textsignals.taxonomy import Family, Taxonomy

Audience = Literal["team", "organisation"]
AUDIENCES: tuple[Audience, ...] = ("team", "organisation")

ALL = "All teams together"
# What all teams say of whoever leads them is about no one of these only where several are merged (methods.md, B3).
_MIN_TEAMS, _MIN_TEAMS_FOR_LEADS = 2, 3
_MAX_FINDINGS = 5
_MAX_SIGNALS = 8
# A signal tagged once has no course over time that a chart could show.
_MIN_CHART = 2
# With fewer tagged sentences a place on the map would be the tagger's own errors.
_MIN_PLACE = 5
_MAP_WINDOWS = 3
_FRIDAY = 4


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


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report.

    `together` is all teams as one, None if fewer than two can be shown. `audience_note`, `map_note`, `untested` and
    `levels` are sentences. `hidden` are (team, periods, reason), `events` (day, title), `corners` the families that
    make the map, `unplaced` teams that it leaves out; `more` findings were made than are listed.
    """

    audience: Audience
    audience_note: tuple[str, ...]
    by: str
    periods: tuple[str, ...]
    first: str
    last: str
    teams: tuple[Team, ...]
    together: Team | None
    hidden: tuple[tuple[str, str, str], ...]
    findings: tuple[Finding, ...]
    more: int
    tested: int
    untested: str
    silent: tuple[str, ...]
    events: tuple[tuple[str, str], ...]
    corners: tuple[str, ...]
    map_note: tuple[str, ...]
    unplaced: tuple[str, ...]
    foreign: bool
    levels: tuple[str, ...]
    n_undated: int
    counts: pd.DataFrame = field(compare=False)
    outcome: Outcome
    model: Model
    quality: Mapping[str, Quality]
    operating_point: str
    evidence: bool
    command: str


def build(
    counts: Counts,
    outcome: Outcome,
    *,
    by: str | None = None,
    audience: Audience | None = None,
    events: Sequence[Event] = (),
    quoting: tuple[Quotes, Redactor] | None = None,
    ledger: Ledger | None = None,
    command: str = "",
) -> Content:
    """Return the content of a report on what was counted.

    `by` is week, month or quarter, chosen by span if None. `audience` is for whom it is: a report for the organisation
    tells of single teams nothing that speaks of whoever leads them; None stands for "team" if there is one, else
    "organisation". `events` are drawn and compared before and after. `quoting` are sentences that may be quoted once
    redacted, and what redacts them. A `ledger` hides what could be subtracted from earlier reports, and keeps
    what this one shows; without one, a report stands by itself.
    """
    n_teams = len({team for team, *_ in counts.days})
    audience = audience or ("team" if n_teams <= 1 else "organisation")
    basis = _Basis(counts, by or suggested_step(counts.dates), audience, ledger)
    together = _together(basis)
    quotes = choose(quoting[0], basis.window, quoting[1], basis.withheld) if quoting else {}
    told = Told(basis.taxonomy, basis.rate, basis.halves, _name_of_all(basis), quotes, basis.youden)
    events = sorted(events, key=lambda event: (event.day, event.title))
    weeks = {team: basis.weeks(team) for team in basis.teams}
    changes = _allowed(find_changes(weeks, basis.taxonomy, basis.icc, basis.youden), basis)
    compared = compare_events(events, weeks, basis.taxonomy, basis.icc, basis.youden)
    teams = tuple(_team(basis, team, changes, compared, told) for team in basis.teams)
    findings = told.findings(changes)
    pairs = [test for test in changes.tested if test.tier == "family"]
    point = counts.tagger.operating_point
    dates = counts.dates
    return Content(
        audience=audience,
        audience_note=_audience_note(basis, n_teams),
        by=basis.step,
        periods=basis.periods,
        first=dates[0].isoformat() if dates else "",
        last=dates[-1].isoformat() if dates else "",
        teams=teams,
        together=together,
        hidden=basis.hidden(),
        findings=findings[:_MAX_FINDINGS],
        more=len(findings) - len(findings[:_MAX_FINDINGS]),
        tested=len(pairs),
        untested=untested(changes.left_out, len(pairs)),
        silent=tuple(sorted({test.team for test in pairs if test.team} - {finding.team for finding in findings})),
        events=tuple((event.day.isoformat(), event.title) for event in events),
        corners=tuple(family.name for family in basis.placing),
        map_note=_map_note(basis),
        unplaced=tuple(team.name for team in teams if not team.path),
        foreign=counts.foreign,
        levels=tuple(map(_level, teams)),
        n_undated=sum(basis.cells[cell].messages for cell in basis.shown_cells if cell[1] == UNDATED),
        counts=_table(basis, together, counts.tagger),
        outcome=outcome,
        model=counts.tagger.model,
        quality=counts.tagger.model.quality[point],
        operating_point=point,
        evidence=quoting is not None,
        command=command,
    )


class _Basis:
    """What every part of a report is computed from: what may be told of each team and of several, by period."""

    def __init__(self, counts: Counts, step: str, audience: Audience, ledger: Ledger | None) -> None:
        self.step, self.audience = step, audience
        model, point = counts.tagger.model, counts.tagger.operating_point
        self.taxonomy: Taxonomy = model.taxonomy
        self.withheld = _withheld(self.taxonomy) if audience == "organisation" else frozenset[str]()
        # What may be told of one team, and what only of several as one.
        self._counts = counts.without_lead() if self.withheld else counts
        self.cells, self._whole_cells = self._counts.cells(step), counts.cells(step)
        self.dates = counts.dates
        self.verdicts = {cell: may_show(tally) for cell, tally in self.cells.items()}
        atoms = texts(counts.days, step) if ledger else {}

        def refused(together: Sequence[Cell]) -> str:
            return ledger.admit(joined(atoms[cell] for cell in together)) if ledger else ""

        self.plan = plan(self.cells, self.verdicts, refused)
        self.shown_cells = [cell for cell in self.cells if cell not in self.plan.hidden]
        self.teams = sorted({team for team, _ in self.shown_cells})
        dated = sorted({period for _, period in self.cells if period != UNDATED})
        self.periods = tuple(between(dated[0], dated[-1])) if dated else ()
        self.cut = frozenset(p for p in self.periods if partial(p, self.dates[0], self.dates[-1]))
        self._quality = {**model.families[point], **model.quality[point]}
        self._recall = shared_recall(model.quality[point].values())
        names = [*self.taxonomy.families, *self.taxonomy.signals]
        shown = {name: self._source(name) for name in names}
        self.icc = {n: intra_cluster_correlation([shown[n][c] for c in self.shown_cells], n) for n in names}
        self.youden = {name: youden(self._quality[name], self._recall) for name in names}

    def _source(self, name: str) -> Mapping[Cell, Tally]:
        return self._whole_cells if name in self.withheld else self.cells

    def rate(self, tally: Tally, name: str) -> Rate:
        """Return the rate of a signal or family in a tally."""
        return cell_rate(tally, name, self._quality[name], self._recall, self.icc[name])

    def status_rate(self, tally: Tally, name: str, status: str) -> Rate:
        """Return the share of sentences tagged with a status of a signal."""
        return status_rate(tally, name, status, self.icc[name])

    @property
    def shared_names(self) -> list[str]:
        """The families that are not told of single teams."""
        return [name for name in self.taxonomy.families if name in self.withheld]

    @cached_property
    def shared(self) -> dict[str, Rate]:
        """The rates that all teams have in common on the map: of families that are not told of single teams."""
        whole = {name: self.over_all(name) for name in self.shared_names}
        return {name: self.rate(tally, name) for name, tally in whole.items() if tally}

    @property
    def placing(self) -> list[Family]:
        """The families whose corners place a team on the map."""
        return [f for f in self.taxonomy.families.values() if f.name not in self.withheld or f.name in self.shared]

    def shown(self, team: str) -> list[str]:
        """Return the periods of a team that are shown; undated text counts as one period of its own."""
        every = (*self.periods, UNDATED)
        return [p for p in every if (team, p) in self.cells and (team, p) not in self.plan.hidden]

    def usable(self, team: str) -> list[str]:
        """Return the shown periods of a team that its text covers completely."""
        return [p for p in self.shown(team) if p != UNDATED and p not in self.cut]

    def hidden(self) -> tuple[tuple[str, str, str], ...]:
        """Return (team, periods, reason) of what is not shown."""
        found: dict[tuple[str, str], list[str]] = {}
        for (team, period), reason in self.plan.hidden.items():
            found.setdefault((team, reason), []).append(period)
        return tuple((team, ", ".join(periods), reason) for (team, reason), periods in sorted(found.items()))

    def together(self, period: str, name: str) -> Tally | None:
        """Return all teams as one in a period; None if they are too few for this signal or family."""
        row = self.plan.rows.get(period, ())
        few = len(self._teams_of(row, name)) < self._fewest(name)
        return None if few else _sum(self._source(name), row)

    def over_all(self, name: str) -> Tally | None:
        """Return all teams as one over all periods; None if they are too few for this signal or family.

        What may be told only of several teams comes from those periods in which they are enough: one period less than
        the others would else be what remains.
        """
        if name not in self.withheld:
            return _sum(self.cells, self.plan.overall)
        tallies = [t for period in (*self.periods, UNDATED) if (t := self.together(period, name))]
        whole = Tally()
        for tally in tallies:
            whole.add(tally)
        return whole if tallies else None

    def _teams_of(self, row: Iterable[Cell], name: str) -> set[str]:
        # Hidden cells that are pooled in a row do not hide a lead: too few wrote them.
        return {cell[0] for cell in row if name not in self.withheld or cell not in self.plan.hidden}

    def _fewest(self, name: str) -> int:
        return _MIN_TEAMS_FOR_LEADS if name in self.withheld else _MIN_TEAMS

    def at_team(self, team: str, period: str) -> tuple[Tally | None, str]:
        """Return what is shown of a team in a period, and a note: why nothing is, or what to know."""
        cell = (team, period)
        if cell not in self.cells:
            return None, "no text"
        if cell in self.plan.hidden:
            return None, self.plan.hidden[cell]
        return self.cells[cell], self.verdicts[cell].reason

    def at_all(self, name: str, period: str) -> tuple[Tally | None, str]:
        """Return what is shown of all teams together in a period, and why nothing is."""
        tally = self.together(period, name)
        if tally is not None:
            return tally, ""
        text = any(cell[1] == period for cell in self.cells)
        return None, f"fewer than {self._fewest(name)} teams" if text else "no text"

    def weeks(self, team: str) -> dict[tuple[int, str], Tally]:
        """Return the tallies of a team by number of week and stratum, from complete weeks of its usable periods."""
        usable = set(self.usable(team))
        weeks: dict[tuple[int, str], Tally] = {}
        for (name, day, stratum), tally in self._counts.days.items():
            if name != team or day is None or not self._complete(day, usable):
                continue
            weeks.setdefault(((day.toordinal() - 1) // 7, stratum), Tally()).add(tally)
        return weeks

    def _complete(self, day: date, usable: set[str]) -> bool:
        monday = day - timedelta(days=day.weekday())
        ends = (monday, monday + timedelta(days=_FRIDAY), day)
        whole = not partial(period_of(day, "week"), self.dates[0], self.dates[-1])
        return whole and all(period_of(end, self.step) in usable for end in ends)

    def window(self, team: str, day: str, stratum: str | None) -> Tally:
        """Return what is shown of a team in the period of a day ("" is undated): all of it, or one of its strata."""
        period = period_of(date.fromisoformat(day), self.step) if day else UNDATED
        cell = (team, period)
        if cell not in self.cells or cell in self.plan.hidden:
            return Tally()
        return self._strata[(*cell, stratum)] if stratum else self.cells[cell]

    @cached_property
    def _strata(self) -> dict[tuple[str, str, str], Tally]:
        strata: dict[tuple[str, str, str], Tally] = defaultdict(Tally)
        for (team, day, stratum), tally in self._counts.days.items():
            strata[team, period_of(day, self.step) if day else UNDATED, stratum].add(tally)
        return strata

    def halves(self, team: str | None) -> list[tuple[list[str], Tally]]:
        """Return the usable time of a team (None: all together) in two halves, each with its tally."""
        if team is not None:
            return [(part, merged(self.cells, team, part)) for part in split(self.usable(team))]
        whole = [p for p in self.periods if p not in self.cut and len({t for t, _ in self.plan.rows.get(p, ())}) > 1]
        return [(part, _sum(self.cells, [c for p in part for c in self.plan.rows[p]])) for part in split(whole)]


def _sum(cells: Mapping[Cell, Tally], some: Iterable[Cell]) -> Tally:
    whole = Tally()
    for cell in some:
        whole.add(cells[cell])
    return whole


def _withheld(taxonomy: Taxonomy) -> frozenset[str]:
    """Return the signals that speak of whoever leads, and the families that have no other."""
    leads = {signal.name for signal in taxonomy.signals.values() if signal.lead}
    of = {family: {signal.name for signal in taxonomy.of_family(family)} for family in taxonomy.families}
    return frozenset(leads | {family for family, names in of.items() if names <= leads})


def _allowed(changes: Changes, basis: _Basis) -> Changes:
    """Return what was tested without what is withheld; nothing of it was counted, so nothing of it was found."""
    return Changes(
        changes.found,
        changes.tested,
        tuple(one for one in changes.left_out if one[1] not in basis.withheld),
    )


def _name_of_all(basis: _Basis) -> str:
    name = ALL
    while name in {team for team, _ in basis.cells}:
        name += " (sum)"
    return name


def _curves(
    basis: _Basis,
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


def _team(basis: _Basis, name: str, changes: Changes, compared: Sequence[Comparison], told: Told) -> Team:
    """Return all that is shown of a team."""
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
    troubled = [c for c in order if not taxonomy.families[c.family].healthy and c.whole.flagged]
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
        standings=_standings(basis, whole),
        questions=tuple(taxonomy.signals[curve.name].question for curve in asked),
        path=_path(basis, name),
        unseen=told.unseen(
            [test for test in changes.tested if test.tier == "family" and test.team == name],
            [one for one in changes.left_out if one[0] == name],
        ),
        shifts=told.shifts([one for one in compared if one.team == name]),
        quotes=told.quotes(name),
    )


def _together(basis: _Basis) -> Team | None:
    """Return all teams as one; None if fewer than two are shown."""
    if len(basis.teams) < _MIN_TEAMS:
        return None
    whole = _sum(basis.cells, basis.plan.overall)
    families, signals = (
        _curves(basis, names, basis.over_all, basis.at_all)
        for names in (basis.taxonomy.families, basis.taxonomy.signals)
    )
    return Team(
        name=_name_of_all(basis),
        people=people(whole),
        n_messages=whole.messages,
        n_sentences=whole.n_sentences,
        note="some text without recorded authors" if any(who is None for who, _ in whole.sentences) else "",
        families=families,
        signals=signals,
        leading=_leading(signals)[1],
        standings=_standings(basis, whole),
    )


def _standings(basis: _Basis, whole: Tally) -> tuple[Standing, ...]:
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


def _path(basis: _Basis, team: str) -> tuple[Place, ...]:
    """Return the team's places in up to three windows of complete periods, oldest first; fewer where text is short."""
    periods = basis.usable(team) or basis.shown(team)
    for n_windows in range(min(_MAP_WINDOWS, len(periods)), 0, -1):
        ends = [round(i * len(periods) / n_windows) for i in range(n_windows + 1)]
        windows = [periods[a:b] for a, b in pairwise(ends)]
        places = [_place(basis, merged(basis.cells, team, window), window) for window in windows]
        if all(places) or n_windows == 1:
            return tuple(one for one in places if one)
    return ()


def _place(basis: _Basis, tally: Tally, window: Sequence[str]) -> Place | None:
    own = {f.name: basis.rate(tally, f.name) for f in basis.placing if f.name not in basis.shared}
    if sum(rate.flagged for rate in own.values()) < _MIN_PLACE:
        return None
    rates = {**own, **basis.shared}
    return place(span(window), basis.placing, [rates[family.name] for family in basis.placing])


def _audience_note(basis: _Basis, n_teams: int) -> tuple[str, ...]:
    """Return for whom the report is and what that leaves out."""
    leads = listed([lower(signal.title) for signal in basis.taxonomy.signals.values() if signal.lead])
    about = f"Some signals speak about whoever leads a team ({leads})."
    if basis.audience == "team":
        if n_teams <= 1:
            return (f"This report is for the team itself. {about} Show it to the team before anybody else sees it.",)
        return (
            f"This report is for the teams themselves: it tells everything of each. {about} Give each team a report of"
            " its own texts; for anybody else make one with --audience organisation.",
        )
    families = listed([family_told(basis.taxonomy.families[name]) for name in basis.shared_names])
    gone = f", and so is {families}, which consists of them" if families else ""
    rest = (
        f"They are shown for all teams together, in each {basis.step} with at least {_MIN_TEAMS_FOR_LEADS} teams."
        if any(basis.over_all(name) for name in basis.withheld)
        else f"Fewer than {_MIN_TEAMS_FOR_LEADS} teams can be shown together, so they are not shown at all."
    )
    return (
        f"This report is for the organisation. {about} Of a single team they are left out{gone}: a figure about one"
        f" person would be an appraisal. {rest} A team gets its own complete report with --audience team.",
    )


def _map_note(basis: _Basis) -> tuple[str, ...]:
    """Return how the axes of the map are computed."""
    families = basis.placing
    names = " + ".join(family.name for family in families)

    def axis(sign: Callable[[Family], int]) -> str:
        plus, minus = ([f.name for f in families if sign(f) == side] for side in (1, -1))
        return f"({' + '.join(plus)} − {' − '.join(minus)}) / ({names})"

    note = [
        f"autonomy = {axis(lambda f: f.autonomy)}, alignment = {axis(lambda f: f.alignment)}, where each name stands"
        f" for the family's estimated rate per 100 sentences plus {100 * PRIOR:g}, which draws a team of whom little is"
        " known to the middle.",
        "Only the mix counts, not how much is said. The shaded region holds the true place in about"
        f" {100 * REGION:.0f} % of cases; it follows from the intervals of the rates. There is no ranking.",
    ]
    for name in basis.shared_names:
        how = (
            f"all teams have the rate of all together, {per_100(basis.shared[name])}"
            if name in basis.shared
            else "its corner is left out, since fewer than three teams can be shown together"
        )
        note.append(f"In this report {name} is not told of single teams: {how}.")
    return tuple(note)


def _level(team: Team) -> str:
    rates = [c for c in team.families if math.isfinite(c.whole.rate)]
    seen = sorted((c for c in rates if not c.whole.unseen), key=lambda c: -c.whole.rate)
    parts = [f"{c.name} {with_interval(c.whole)}" for c in seen]
    hidden = [math.ceil(100 * c.whole.high) for c in rates if c.whole.unseen]
    if hidden:
        rest = "each other family" if parts else "each family"
        parts.append(f"{rest} fewer than {max(1, *hidden)} in 100")
    return f"{team.name}: {', '.join(parts)}"


def _table(basis: _Basis, together: Team | None, tagger: Tagger) -> pd.DataFrame:
    """Return the counts of all shown cells, then of all teams together, with the number of people in coarse steps."""
    names = [*basis.taxonomy.families, *basis.taxonomy.signals]
    of_teams = [name for name in names if name not in basis.withheld]
    frames = [_rows({cell: basis.cells[cell] for cell in basis.shown_cells}, of_teams, tagger)]
    if together:
        for some in (of_teams, sorted(basis.withheld)):
            at = {period: basis.together(period, name) for name in some[:1] for period in (*basis.periods, UNDATED)}
            frames.append(_rows({(together.name, p): tally for p, tally in at.items() if tally}, some, tagger))
    return pd.concat(frames, ignore_index=True)


def _rows(cells: dict[Cell, Tally], names: Sequence[str], tagger: Tagger) -> pd.DataFrame:
    frame = table(cells, tagger)
    if frame.empty:
        return frame
    frame["n_authors"] = [people(cells[cell]) for cell in zip(frame["team"], frame["period"], strict=True)]
    return frame[frame["signal"].isin(names)]
