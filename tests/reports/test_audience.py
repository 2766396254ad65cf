"""What speaks of whoever leads a team: told to the team, and to others only of several teams as one."""

import csv
import io
from datetime import date

import pytest
from fake_tagger import FakeTagger, counted, message, outcome, weeks_of

from textsignals.measures.changes import Event
from textsignals.measures.ledger import LEADS_REFUSED, Ledger, project_key
from textsignals.reports.basis import ALL
from textsignals.reports.content import build
from textsignals.reports.writers import WRITERS, html
from textsignals.teams import Pseudonyms

TAXONOMY = FakeTagger().model.taxonomy
LEADS = {name for name, signal in TAXONOMY.signals.items() if signal.lead}
TEAMS = ("Payments", "Sales", "Depots", "Routing")


def texts(*teams, flags=(3, 2, 4, 3, 5, 2, 4, 3, 2, 3), **more):
    """Return ten weeks of some teams, full of what speaks of leads, with something else beside it."""
    found = []
    for team in teams:
        for signal in sorted(LEADS):
            found += weeks_of(team, flags, signal=signal, **more)
        found += weeks_of(team, [2] * len(flags), signal="silo", **more)
    return found


def report(*messages, **more):
    return build(counted([m for some in messages for m in some]), outcome(), by="week", **more)


def names(team):
    return {curve.name for curve in (*team.families, *team.signals, *team.leading)}


@pytest.mark.parametrize(
    ("teams", "audience"), [(TEAMS[:1], "team"), (TEAMS[:2], "organisation"), (TEAMS, "organisation")]
)
def test_a_report_on_one_team_is_for_that_team_and_others_are_for_the_organisation(teams, audience):
    assert report(texts(*teams)).audience == audience


def test_teams_that_are_hidden_count_as_teams_when_the_audience_is_chosen():
    small = [message("Plain.", team="Pair", author="Ann", day=date(2026, 1, 6))]
    assert report(texts("Payments"), small).audience == "organisation"


def test_the_team_itself_is_told_everything():
    content = report(texts(*TEAMS), audience="team")
    assert all(LEADS | {"control"} <= names(team) for team in (*content.teams, content.together))
    assert "tells everything of each" in content.audience_note[0]


def test_nothing_of_a_single_team_that_speaks_of_a_lead_reaches_the_organisation():
    with_, without = (report(texts(*TEAMS, flags=flags), audience="organisation") for flags in ([3] * 10, [0] * 10))
    for content in (with_, without):
        assert not any((LEADS | {"control"}) & names(team) for team in content.teams)
    # The figures of teams are those of a text in which nobody speaks of a lead, but for how long that text is.
    for one, other in zip(with_.teams, without.teams, strict=True):
        assert one.families[0].whole.flagged == other.families[0].whole.flagged
    assert [(f.team, f.name) for f in with_.findings] == [(f.team, f.name) for f in without.findings]


def test_a_sentence_that_says_more_than_who_leads_counts_for_the_rest():
    both = [
        message("A !abdication and !silo here. An !abdication here. Plain words. Plain. Plain.", author=f"p{i}", team=t)
        for i in range(6)
        for t in TEAMS[:2]
    ]
    content = report(both)
    drift, silo = (
        next(c for c in (*content.teams[0].families, *content.teams[0].signals) if c.name == name)
        for name in ("drift", "silo")
    )
    assert (drift.whole.flagged, silo.whole.flagged) == (6, 6)
    assert next(c for c in report(both, audience="team").teams[0].families if c.name == "drift").whole.flagged == 12


@pytest.mark.parametrize("ending", sorted(WRITERS))
def test_no_format_has_a_figure_of_a_team_about_its_lead(ending):
    # Numbers that occur nowhere else give them away: 977 sentences of one team speak of its lead.
    loud = weeks_of("Payments", [977], signal="micromanagement", n_authors=40, per_author=30)
    loud += weeks_of("Payments", [431], signal="abdication:negated", n_authors=40, per_author=30)
    text = WRITERS[ending](report(loud, texts("Sales", flags=[0] * 10), audience="organisation"))
    assert "977" not in text and "431" not in text
    assert "977" in WRITERS[ending](report(loud, audience="team"))


@pytest.mark.parametrize(("n", "told"), [(2, False), (3, True)])
def test_leads_are_told_of_three_teams_together_and_of_no_fewer(n, told):
    content = report(texts(*TEAMS[:n]), audience="organisation")
    assert (names(content.together) >= LEADS) == told
    assert ("control" in names(content.together)) == told
    assert ("not shown at all" in content.audience_note[0]) != told
    assert [team.path for team in content.teams] == [()] * n
    assert bool(content.together.path) == told
    assert any("the place of a single team would tell its control" in note for note in content.map_note)


def test_leads_are_not_told_of_where_one_team_wrote_most():
    content = report(texts(*TEAMS[:2]), texts("Depots", per_author=60), audience="organisation")
    assert "control" not in names(content.together)
    assert "one team wrote over 50% of the sentences" not in str(content.hidden)


def test_a_period_of_two_teams_is_in_no_sum_about_leads():
    ten = texts(*TEAMS[:2])
    content = report(ten, texts("Depots", flags=[3] * 6), audience="organisation")
    control = next(c for c in content.together.families if c.name == "control")
    shown = [p.rate is not None for p in control.points]
    assert shown == [True] * 6 + [False] * 4
    assert {p.note for p in control.points[6:]} == {"fewer than 3 teams"}
    # What is left of the whole without the periods is nothing.
    assert control.whole.flagged == sum(p.rate.flagged for p in control.points[:6])
    assert control.whole.total == sum(p.rate.total for p in control.points[:6])


def test_all_together_is_the_sum_of_what_is_shown_and_of_what_may_be_pooled():
    pairs = [m for team in ("A", "B", "C") for m in weeks_of(team, [1], n_authors=2, per_author=30, signal="silo")]
    pairs = [m._replace(author=f"{m.team} {m.author}") for m in pairs]
    content = report(texts("Payments", "Sales"), pairs)
    silo = next(c for c in content.together.signals if c.name == "silo")
    own = sum(next(c for c in t.signals if c.name == "silo").whole.flagged for t in content.teams)
    assert [t.name for t in content.teams] == ["Payments", "Sales"]
    assert silo.whole.flagged == own + 3
    assert content.together.name == ALL


def test_one_team_has_no_sum_of_all_and_a_team_of_that_name_keeps_it():
    assert report(texts("Payments")).together is None
    content = report(texts("Payments", ALL))
    assert [team.name for team in content.teams] == [ALL, "Payments"]
    assert content.together.name == f"{ALL} (sum)"


def test_every_format_names_the_audience():
    content = report(texts(*TEAMS[:3]))
    rows = list(csv.DictReader(io.StringIO(WRITERS[".csv"](content))))
    assert {row["audience"] for row in rows} == {"organisation"}
    assert "For the organisation. " in WRITERS[".html"](content) and "For the organisation. " in WRITERS[".md"](content)
    assert '"audience": "organisation"' in WRITERS[".json"](content)


def test_the_table_has_no_row_about_leads_but_of_all_together():
    rows = list(csv.DictReader(io.StringIO(WRITERS[".csv"](report(texts(*TEAMS))))))
    assert {row["team"] for row in rows if row["signal"] in LEADS | {"control"}} == {ALL}
    assert {row["n_authors"] for row in rows} == {"5 to 9"}


def test_events_compare_no_family_that_is_withheld():
    content = report(texts(*TEAMS), events=[Event(date(2026, 2, 9), "new lead")])
    told = {shift.family for team in content.teams for shift in team.shifts}
    assert told and not any("ontrol" in family for family in told)


def kept(state, *teams, flags=(3, 2, 4, 3)):
    """Return a report on some teams, each with people of its own, that is compared with those before."""
    found = [m._replace(author=f"{m.team} {m.author}") for m in texts(*teams, flags=flags)]
    counts = counted(found, pseudonyms=Pseudonyms(project_key(state)))
    with Ledger(state) as ledger:
        return build(counts, outcome(), by="week", audience="organisation", ledger=ledger)


def lead_points(content):
    """Return what is said of a lead signal of all together: whether there is a rate, and the note."""
    (curve,) = (c for c in content.together.signals if c.name == "abdication")
    return [(point.rate is not None, point.note) for point in curve.points]


def test_what_speaks_of_one_lead_cannot_be_subtracted_from_an_earlier_report(state):
    assert lead_points(kept(state, *TEAMS[:3])) == [(True, "")] * 4
    later = kept(state, *TEAMS)
    # The fourth team has its place, and the leads of all four have none.
    assert [team.name for team in later.teams] == sorted(TEAMS)
    assert "abdication" not in names(later.together) and "control" not in names(later.together)
    assert "Here they cannot be shown for 3 teams together, so they are not shown at all." in later.audience_note[0]
    assert later.placed == ()
    assert "There is no map: the place of a single team would tell what this report does not" in html(later)
    assert "drift" in names(later.together) and "!abdication" not in html(later)


def test_leads_of_other_periods_or_of_three_more_teams_are_told_and_so_is_what_was_told_before(state):
    first = kept(state, *TEAMS[:3])
    assert kept(state, *TEAMS[:3]) == first
    assert lead_points(kept(state, *TEAMS[:3], "East", "South", "West")) == [(True, "")] * 4
    # A team more is refused for the weeks that were told of, and told in those that follow.
    refused, told = (False, LEADS_REFUSED), (True, "")
    assert lead_points(kept(state, *TEAMS, flags=(3, 2, 4, 3, 5, 2))) == [*[refused] * 4, told, told]
    # The order does not matter: what is told of four hides what is told of three of them.
    assert lead_points(kept(state, *TEAMS[:3], flags=(3, 2, 4, 3, 5, 2))) == [*[told] * 4, refused, refused]


def test_leads_of_the_same_teams_are_told_by_month_after_they_were_told_by_week(state):
    kept(state, *TEAMS[:3], flags=[3] * 9)
    found = [m._replace(author=f"{m.team} {m.author}") for m in texts(*TEAMS[:3], flags=[3] * 9)]
    counts = counted(found, pseudonyms=Pseudonyms(project_key(state)))
    with Ledger(state) as ledger:
        content = build(counts, outcome(), by="month", audience="organisation", ledger=ledger)
    assert lead_points(content) == [(True, "")] * 3
