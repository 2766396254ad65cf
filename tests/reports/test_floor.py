"""A floor of authors that is raised holds in every part of a report."""

from datetime import date

import pytest
from fake_tagger import counted, outcome, weeks_of
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.measures.changes import Event
from textsignals.measures.ledger import REFUSED, Ledger, project_key
from textsignals.measures.scores import Tally
from textsignals.measures.suppression import published
from textsignals.reports.basis import Basis
from textsignals.reports.content import build
from textsignals.reports.writers import WRITERS
from textsignals.teams import Pseudonyms

TEAMS = ("Payments", "Sales", "Depots")


def of(team, n_authors, n_weeks=2, first=0):
    """Return weeks of a team that shares nobody with other teams, whose authors are numbered from `first` on."""
    start = date(2026, 1, 5)
    found = weeks_of(team, [3] * n_weeks, n_authors=n_authors, start=start)
    return [m._replace(author=f"{team} {int(m.author.split()[1]) + first}") for m in found]


@given(st.integers(5, 10), st.lists(st.integers(1, 12), min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_no_cell_and_no_total_of_fewer_is_shown(floor, sizes):
    sizes = dict(zip(TEAMS, sizes, strict=False))
    counts = counted([m for team, n in sizes.items() for m in of(team, n)])
    basis = Basis(counts, "week", "organisation", None, floor)
    assert basis.teams == sorted(team for team, n in sizes.items() if n >= floor)
    for some in published(basis.plan):
        whole = Tally()
        for cell in some:
            whole.add(basis.cells[cell])
        pooled = [cell for cell in some if cell in basis.plan.hidden]
        assert len(whole.authors) >= floor and (not pooled or sum(sizes[t] for t in {t for t, _ in pooled}) >= floor)


@pytest.mark.parametrize("floor", [5, 7, 10])
def test_no_part_of_a_report_tells_of_fewer(floor):
    texts = [*of("Payments", floor, 12), *of("Sales", floor - 1, 12), *of("Depots", floor + 1, 12)]
    content = build(counted(texts), outcome(), by="month", events=[Event(date(2026, 2, 16), "x")], min_authors=floor)
    assert [team.name for team in content.teams] == ["Depots", "Payments"]
    assert {team.people for team in content.teams} == {f"{floor} to {floor + 4}"}
    assert {(team, reason) for team, _, reason in content.hidden} == {("Sales", f"fewer than {floor} authors")}
    assert {row["n_authors"] for row in content.counts.to_dict("records")} >= {f"{floor} to {floor + 4}"}
    assert content.min_authors == floor and f"with fewer than {floor} authors" not in content.untested


@pytest.mark.parametrize("maker", [WRITERS[ending] for ending in (".html", ".md")])
def test_a_report_that_shows_no_team_tells_its_floor(maker):
    text = maker(build(counted(of("Payments", 7)), outcome(), by="week", min_authors=8))
    assert "needs 30 sentences and, where authors are recorded, 8 of them" in text and "fewer than 8 authors" in text


@pytest.mark.parametrize(("floor", "more", "hidden"), [(5, 4, True), (5, 5, False), (8, 7, True), (8, 8, False)])
def test_what_differs_from_an_earlier_report_by_fewer_is_hidden(state, floor, more, hidden):
    def report(messages):
        counts = counted(messages, pseudonyms=Pseudonyms(project_key(state)))
        with Ledger(state) as ledger:
            return build(counts, outcome(), by="week", ledger=ledger, min_authors=floor)

    texts = of("Payments", 10)
    assert report(texts).hidden == ()
    expected = (("Payments", "2026-W02, 2026-W03", REFUSED),) if hidden else ()
    assert report([*texts, *of("Payments", more, first=10)]).hidden == expected
