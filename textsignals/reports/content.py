"""What a report says, without how it looks: teams, rates, findings in words, the map, and what was left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from textsignals.measures.changes import Changes, Event, compare_events, find_changes
from textsignals.measures.evidence import Quotes, choose
from textsignals.measures.ledger import Ledger
from textsignals.measures.periods import suggested_step
from textsignals.measures.position import PRIOR, REGION
from textsignals.measures.privacy import MIN_AUTHORS, people, raised_floor
from textsignals.measures.rates import shrunk
from textsignals.measures.redaction import Redactor
from textsignals.measures.scores import UNDATED, Cell, Counts, Tally, table
from textsignals.pipeline import Outcome
from textsignals.reports.basis import MIN_TEAMS_FOR_LEADS, Audience, Basis
from textsignals.reports.cards import Team, card_of_all, team_card
from textsignals.reports.findings import Finding, Told, untested
from textsignals.reports.wording import family_told, listed, lower, with_interval
from textsignals.tagging.model import Model, Quality
from textsignals.tagging.tagger import Tagger
from textsignals.taxonomy import Family

_MAX_FINDINGS = 5


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report.

    `together` is all teams as one, None if fewer than two can be shown. `audience_note`, `map_note`, `untested` and
    `levels` are sentences. `hidden` are (team, periods, reason), `events` (day, title), `unplaced` teams that the map
    leaves out; `more` findings were made than are listed, and `possible` ones may be chance. In `outcome`, paths begin
    with their input.
    """

    audience: Audience
    audience_note: tuple[str, ...]
    min_authors: int
    by: str
    periods: tuple[str, ...]
    first: str
    last: str
    teams: tuple[Team, ...]
    together: Team | None
    hidden: tuple[tuple[str, str, str], ...]
    findings: tuple[Finding, ...]
    more: int
    possible: tuple[Finding, ...]
    tested: int
    untested: str
    silent: tuple[str, ...]
    events: tuple[tuple[str, str], ...]
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

    @property
    def placed(self) -> tuple[Team, ...]:
        """Those that have a place on the map: teams, or all of them together."""
        return tuple(team for team in (*self.teams, self.together) if team and team.path)


def build(
    counts: Counts,
    outcome: Outcome,
    *,
    by: str | None = None,
    audience: Audience | None = None,
    events: Sequence[Event] = (),
    quoting: tuple[Quotes, Redactor] | None = None,
    ledger: Ledger | None = None,
    min_authors: int = MIN_AUTHORS,
    command: str = "",
) -> Content:
    """Return the content of a report on what was counted.

    `by` is week, month or quarter, chosen by span if None. `audience` is for whom it is: a report for the organisation
    tells of single teams nothing that speaks of whoever leads them; None stands for "team" if there is one, else
    "organisation". `events` are drawn and compared before and after. `quoting` are sentences that may be quoted once
    redacted, and what redacts them. A `ledger` hides what could be subtracted from earlier reports, and keeps
    what this one shows; without one, a report stands by itself. What fewer than `min_authors` people wrote is not
    shown. Raises TextSignalsError if that is below the floor of the policy.
    """
    n_teams = len({team for team, *_ in counts.days})
    audience = audience or ("team" if n_teams <= 1 else "organisation")
    basis = Basis(counts, by or suggested_step(counts.dates), audience, ledger, raised_floor(min_authors))
    together = card_of_all(basis)
    quotes = choose(quoting[0], basis.window, quoting[1], basis.withheld, min_authors) if quoting else {}
    told = Told(basis.taxonomy, basis.rate, basis.halves, basis.turning, basis.name_of_all, quotes, basis.youden)
    events = sorted(events, key=lambda event: (event.day, event.title))
    weeks = {team: basis.weeks(team) for team in basis.teams}
    changes = _allowed(find_changes(weeks, basis.taxonomy, basis.icc, basis.youden, min_authors), basis)
    compared = compare_events(events, weeks, basis.taxonomy, basis.icc, basis.youden, min_authors)
    findings, possible = told.findings(changes), told.possible(changes)
    ordered = (*findings, *possible)
    teams = tuple(team_card(basis, team, changes, compared, told, ordered) for team in basis.teams)
    pairs = [test for test in changes.tested if test.tier == "family"]
    point = counts.tagger.operating_point
    dates = counts.dates
    return Content(
        audience=audience,
        audience_note=_audience_note(basis, n_teams),
        min_authors=min_authors,
        by=basis.step,
        periods=basis.periods,
        first=dates[0].isoformat() if dates else "",
        last=dates[-1].isoformat() if dates else "",
        teams=teams,
        together=together,
        hidden=basis.hidden(),
        findings=findings[:_MAX_FINDINGS],
        more=len(findings) - len(findings[:_MAX_FINDINGS]),
        possible=possible[:_MAX_FINDINGS],
        tested=len(pairs),
        untested=untested(changes.left_out, len(pairs)),
        silent=tuple(sorted({test.team for test in pairs if test.team} - {finding.team for finding in findings})),
        events=tuple((event.day.isoformat(), event.title) for event in events),
        map_note=_map_note(basis),
        unplaced=() if basis.shared_names else tuple(team.name for team in teams if not team.path),
        foreign=counts.foreign,
        levels=tuple(map(_level, teams)),
        n_undated=sum(tally.messages for (_, period), tally in basis.cells.items() if period == UNDATED),
        counts=_table(basis, together, counts.tagger),
        outcome=outcome.from_inputs(),
        model=counts.tagger.model,
        quality=counts.tagger.model.quality[point],
        operating_point=point,
        evidence=quoting is not None,
        command=command,
    )


def _allowed(changes: Changes, basis: Basis) -> Changes:
    """Return what was tested without what is withheld; nothing of it was counted, so nothing of it was found."""
    return Changes(
        changes.found,
        changes.tested,
        tuple(one for one in changes.left_out if one[1] not in basis.withheld),
        changes.possible,
    )


def _audience_note(basis: Basis, n_teams: int) -> tuple[str, ...]:
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
        f"They are shown for all teams together, in each {basis.step} with at least {MIN_TEAMS_FOR_LEADS} teams."
        if any(basis.over_all(name) for name in basis.withheld)
        else f"Here they cannot be shown for {MIN_TEAMS_FOR_LEADS} teams together, so they are not shown at all."
    )
    return (
        f"This report is for the organisation. {about} Of a single team they are left out{gone}: a figure about one"
        f" person would be an appraisal. {rest} A team gets its own complete report with --audience team.",
    )


def _map_note(basis: Basis) -> tuple[str, ...]:
    """Return how the axes of the map are computed."""
    families = list(basis.taxonomy.families.values())
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
    if basis.shared_names:
        families_ = listed([family_told(basis.taxonomy.families[name]) for name in basis.shared_names])
        note.append(
            f"The sign stands for all teams together: the place of a single team would tell its {families_}, which this"
            " report does not."
        )
    return tuple(note)


def _level(team: Team) -> str:
    rates = [c for c in team.families if math.isfinite(c.whole.rate)]
    seen = [c for c in rates if not c.whole.unseen]
    # By what is known of each: a wide interval does not come first for its width.
    ordered = [c for _, c in sorted(zip(shrunk([c.whole for c in seen]), seen, strict=True), key=lambda at: -at[0])]
    parts = [f"{c.name} {with_interval(c.whole)}" for c in ordered]
    hidden = [math.ceil(100 * c.whole.high) for c in rates if c.whole.unseen]
    if hidden:
        rest = "each other family" if parts else "each family"
        parts.append(f"{rest} fewer than {max(1, *hidden)} in 100")
    return f"{team.name}: {', '.join(parts)}"


def _table(basis: Basis, together: Team | None, tagger: Tagger) -> pd.DataFrame:
    """Return the counts of all shown cells, then of all teams together, with the number of people in coarse steps."""
    names = [*basis.taxonomy.families, *basis.taxonomy.signals]
    of_teams = [name for name in names if name not in basis.withheld]
    frames = [_rows({cell: basis.cells[cell] for cell in basis.shown_cells}, of_teams, tagger, basis.min_authors)]
    if together:
        for some in (of_teams, sorted(basis.withheld)):
            at = {period: basis.together(period, name) for name in some[:1] for period in (*basis.periods, UNDATED)}
            frames.append(
                _rows({(together.name, p): tally for p, tally in at.items() if tally}, some, tagger, basis.min_authors)
            )
    return pd.concat(frames, ignore_index=True)


def _rows(cells: dict[Cell, Tally], names: Sequence[str], tagger: Tagger, min_authors: int) -> pd.DataFrame:
    frame = table(cells, tagger)
    if frame.empty:
        return frame
    frame["n_authors"] = [people(cells[cell], min_authors) for cell in zip(frame["team"], frame["period"], strict=True)]
    return frame[frame["signal"].isin(names)]
