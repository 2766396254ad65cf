"""What may be told of each team and of all together, by period: what every part of a report is computed from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import numpy as np

from textsignals.measures.ledger import LEADS_REFUSED, Ledger, joined, lead_texts, texts
from textsignals.measures.periods import between, partial, period_of
from textsignals.measures.privacy import MAX_SHARE, MIN_AUTHORS, may_show
from textsignals.measures.rates import Rate, cell_rate, intra_cluster_correlation, shared_recall, status_rate, youden
from textsignals.measures.scores import UNDATED, Cell, Counts, Tally, merged
from textsignals.measures.suppression import plan
from textsignals.reports.findings import split
from textsignals.taxonomy import COUNTED, Taxonomy

Audience = Literal["team", "organisation"]
AUDIENCES: tuple[Audience, ...] = ("team", "organisation")

ALL = "All teams together"
"""What all teams are called as one."""

MIN_TEAMS, MIN_TEAMS_FOR_LEADS = 2, 3
"""So many teams are told of as one; and of whoever leads them, which is about no one of these (docs/privacy.md)."""

_FRIDAY = 4
# With fewer periods the halves say when.
_MIN_TURNING = 4


class Basis:
    """What every part of a report is computed from: what may be told of each team and of several, by period."""

    def __init__(
        self, counts: Counts, step: str, audience: Audience, ledger: Ledger | None, min_authors: int = MIN_AUTHORS
    ) -> None:
        self.step, self.audience, self.min_authors = step, audience, min_authors
        model, point = counts.tagger.model, counts.tagger.operating_point
        self.taxonomy: Taxonomy = model.taxonomy
        self.withheld = _withheld(self.taxonomy) if audience == "organisation" else frozenset[str]()
        # What may be told of one team, and what only of several as one.
        self._counts = counts.without_lead() if self.withheld else counts
        self.cells, self._whole_cells = self._counts.cells(step), counts.cells(step)
        self._sums: dict[tuple[bool, tuple[Cell, ...]], Tally] = {}
        self.dates = counts.dates
        self.verdicts = {cell: may_show(tally, min_authors) for cell, tally in self.cells.items()}
        atoms = texts(counts.days, step) if ledger else {}
        if ledger:
            ledger.recognise(atoms.values())

        def enough(region: Tally) -> bool:
            return may_show(region, min_authors).shown

        def refused(together: Sequence[Cell]) -> str:
            return ledger.admit(joined(atoms[cell] for cell in together), enough) if ledger else ""

        self.plan = plan(self.cells, self.verdicts, refused, min_authors)
        self.shown_cells = [cell for cell in self.cells if cell not in self.plan.hidden]
        self.teams = sorted({team for team, _ in self.shown_cells})
        self._leads_refused = self._refused_leads(counts, ledger) if ledger and self.withheld else frozenset[str]()
        dated = sorted({period for _, period in self.cells if period != UNDATED})
        self.periods = tuple(between(dated[0], dated[-1])) if dated else ()
        self.cut = frozenset(p for p in self.periods if partial(p, self.dates[0], self.dates[-1]))
        self._quality = {**model.families[point], **model.quality[point]}
        self._recall = shared_recall(model.quality[point].values())
        names = [*self.taxonomy.families, *self.taxonomy.signals]
        shown = {name: self._source(name) for name in names}
        self.icc = {n: intra_cluster_correlation([shown[n][c] for c in self.shown_cells], n) for n in names}
        self.youden = {name: youden(self._quality[name], self._recall) for name in names}

    def _refused_leads(self, counts: Counts, ledger: Ledger) -> frozenset[str]:
        """Return the periods in which what speaks of leads could be subtracted from what earlier reports told of it."""
        atoms = lead_texts(counts.days, self.step, frozenset(self.shown_cells))
        rows = {p: row for p, row in self.plan.rows.items() if len(self._wrote(row, True)) >= MIN_TEAMS_FOR_LEADS}

        def enough(region: Tally) -> bool:
            return len(region.authors) >= MIN_TEAMS_FOR_LEADS and region.top_share <= MAX_SHARE

        return frozenset(p for p, row in sorted(rows.items()) if ledger.admit(joined(atoms[c] for c in row), enough))

    def _source(self, name: str) -> Mapping[Cell, Tally]:
        return self._whole_cells if name in self.withheld else self.cells

    def rate(self, tally: Tally, name: str) -> Rate:
        """Return the rate of a signal or family in a tally."""
        return cell_rate(tally, name, self._quality[name], self._recall, self.icc[name])

    def status_rate(self, tally: Tally, name: str, status: str) -> Rate:
        """Return the share of sentences tagged with a status of a signal."""
        return status_rate(tally, name, status, self.icc[name])

    @property
    def name_of_all(self) -> str:
        """What all teams are called as one, which is no team's name."""
        name = ALL
        while name in {team for team, _ in self.cells}:
            name += " (sum)"
        return name

    @property
    def shared_names(self) -> list[str]:
        """The families that are not told of single teams."""
        return [name for name in self.taxonomy.families if name in self.withheld]

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
        return None if self._why_not(period, name) else self._merged(name in self.withheld, row)

    def _why_not(self, period: str, name: str) -> str:
        """Return why all teams together are not told of in a period, or ""."""
        row = self.plan.rows.get(period, ())
        withheld = name in self.withheld
        if withheld and period in self._leads_refused:
            return LEADS_REFUSED
        fewest = MIN_TEAMS_FOR_LEADS if withheld else MIN_TEAMS
        wrote = self._wrote(row, withheld)
        if len(wrote) < fewest:
            return f"fewer than {fewest} teams"
        # Figures that are mostly of one team speak of its lead.
        if withheld and max(wrote.values()) > MAX_SHARE * wrote.total():
            return f"one team wrote over {MAX_SHARE:.0%} of the sentences"
        return ""

    def over_all(self, name: str) -> Tally | None:
        """Return all teams as one over all periods; None if they are too few for this signal or family.

        What may be told only of several teams comes from those periods in which they are enough: one period less than
        the others would else be what remains.
        """
        if name not in self.withheld:
            return self._merged(False, self.plan.overall)
        periods = [period for period in (*self.periods, UNDATED) if self.together(period, name)]
        cells = tuple(cell for period in periods for cell in self.plan.rows[period])
        return self._merged(True, cells) if cells else None

    def _merged(self, withheld: bool, some: tuple[Cell, ...]) -> Tally:
        # Asked for each of 26 names; the sums are the same.
        key = (withheld, some)
        if key not in self._sums:
            self._sums[key] = summed(self._whole_cells if withheld else self.cells, some)
        return self._sums[key]

    def _wrote(self, row: Iterable[Cell], withheld: bool) -> Counter[str]:
        """Return the sentences of each team that counts as one of several in a row."""
        wrote: Counter[str] = Counter()
        for cell in row:
            # Hidden cells that are pooled in a row do not hide a lead: too few wrote them.
            if not withheld or cell not in self.plan.hidden:
                wrote[cell[0]] += self.cells[cell].n_sentences
        return wrote

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
        return None, self._why_not(period, name) if text else "no text"

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

    def usable_by_all(self) -> list[str]:
        """Return the complete periods in which every family may be told of all teams together."""
        families = self.taxonomy.families
        return [p for p in self.periods if p not in self.cut and all(self.together(p, name) for name in families)]

    def whole_of(self, periods: Iterable[str]) -> Tally:
        """Return all teams as one in some of the periods in which every family may be told of them."""
        return self._merged(True, tuple(cell for period in periods for cell in self.plan.rows[period]))

    def turning(self, team: str | None, name: str) -> str:
        """Return the usable period from which on a share differs most from before, "" if there are under four.

        The split of least squares: where to look in the curve of a change that is sure by other means, no test.
        """
        if team is None:
            tallies = {p: self.together(p, name) for p in self.usable_by_all()}
        else:
            tallies = {p: self.cells[(team, p)] for p in self.usable(team)}
        counts = [(p, t.statuses[(name, COUNTED)], t.n_sentences) for p, t in tallies.items() if t and t.n_sentences]
        if len(counts) < _MIN_TURNING:
            return ""
        x, n = (np.cumsum([count[i] for count in counts], dtype=float) for i in (1, 2))
        gap = x[:-1] / n[:-1] - (x[-1] - x[:-1]) / (n[-1] - n[:-1])
        between_sides = n[:-1] * (n[-1] - n[:-1]) * gap**2
        return counts[int(between_sides.argmax()) + 1][0]

    def halves(self, team: str | None) -> list[tuple[list[str], Tally]]:
        """Return the usable time of a team (None: all together) in two halves, each with its tally."""
        if team is not None:
            return [(part, merged(self.cells, team, part)) for part in split(self.usable(team))]
        whole = [p for p in self.periods if p not in self.cut and len({t for t, _ in self.plan.rows.get(p, ())}) > 1]
        return [(part, summed(self.cells, [c for p in part for c in self.plan.rows[p]])) for part in split(whole)]


def summed(cells: Mapping[Cell, Tally], some: Iterable[Cell]) -> Tally:
    """Return the tallies of some cells as one."""
    whole = Tally()
    for cell in some:
        whole.add(cells[cell])
    return whole


def _withheld(taxonomy: Taxonomy) -> frozenset[str]:
    """Return the signals that speak of whoever leads, and the families that have no other."""
    leads = {signal.name for signal in taxonomy.signals.values() if signal.lead}
    of = {family: {signal.name for signal in taxonomy.of_family(family)} for family in taxonomy.families}
    return frozenset(leads | {family for family, names in of.items() if names <= leads})
