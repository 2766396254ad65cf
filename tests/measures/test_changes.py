from collections import Counter
from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from textsignals.measures import changes
from textsignals.measures.changes import Event, compare_events, find_changes
from textsignals.measures.scores import Tally
from textsignals.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
NAMES = [*TAXONOMY.families, *TAXONOMY.signals]
ICC, YOUDEN = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.8)
# A family with two signals, and one with nine.
FAMILY, (SIGNAL, OTHER) = "control", ("micromanagement", "top_down")
FIRST = date(2026, 1, 5)
WEEK = (FIRST.toordinal() - 1) // 7


def tally(n, flags, authors=6, week=0):
    """Sentences spread over authors, and flags by signal."""
    cell = Tally(messages=n)
    for i in range(n):
        cell.sentences[(f"author {i % authors}", str(week)) if authors else (None, f"file {week}")] += 1
    cell.statuses.update({(signal, "asserted"): x for signal, x in flags.items()})
    families = Counter()
    for signal, x in flags.items():
        families[TAXONOMY.signals[signal].family] += x
    cell.statuses.update({(family, "asserted"): x for family, x in families.items()})
    return cell


def weeks(flagged, n=100, stratum="chat", signal=SIGNAL, authors=6):
    return {(WEEK + i, stratum): tally(n, {signal: x}, authors, i) for i, x in enumerate(flagged)}


def noisy(rng, share, n=100):
    return [int(x) for x in rng.binomial(n, share)]


def found(teams, **other):
    return find_changes(teams, TAXONOMY, other.get("icc", ICC), other.get("youden", YOUDEN))


STEADY = [4, 6, 5, 5, 6, 4, 5, 5, 4, 6, 5, 5]
RISING = [1, 2, 2, 3, 5, 6, 9, 10, 13, 14, 17, 19]


def test_a_steady_rate_is_tested_and_nothing_is_found():
    result = found({"A": weeks(STEADY)})
    assert result.found == ()
    assert [(t.tier, t.team, t.name, t.n_weeks) for t in result.tested] == [("family", "A", FAMILY, 12)]


@pytest.mark.parametrize(("flagged", "rises"), [(RISING, True), (RISING[::-1], False)])
def test_a_steep_course_is_found_in_the_family_and_in_the_signal_that_carries_it(flagged, rises):
    result = found({"A": weeks(flagged)})
    assert [(c.tier, c.team, c.name, c.rises) for c in result.found] == [
        ("family", "A", FAMILY, rises),
        ("signal", "A", SIGNAL, rises),
    ]
    assert result.found[0].slope == pytest.approx(np.polyfit(range(12), np.array(flagged) / 100, 1)[0])


def test_signals_are_looked_at_only_inside_a_family_that_changed():
    # What one signal gains the other loses.
    both = {
        place: tally(100, {SIGNAL: x, OTHER: 20 - x}, week=place[0])
        for place, x in zip(weeks(RISING), RISING, strict=True)
    }
    result = found({"A": both})
    assert result.found == ()
    assert {t.tier for t in result.tested} == {"family"}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (weeks(RISING[:7]), "fewer than 8 complete weeks"),
        (weeks(RISING, authors=4), "fewer than 5 authors"),
        (weeks([1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0]), "fewer than 10 tagged sentences"),
    ],
)
def test_gates_on_totals_say_why_a_family_is_left_out(cells, reason):
    result = found({"A": cells})
    assert (result.found, result.tested) == ((), ())
    assert ("A", FAMILY, reason) in result.left_out
    assert len(result.left_out) == len(TAXONOMY.families)


def test_a_raised_floor_of_authors_is_that_of_changes_and_events():
    teams, event = {"A": weeks(RISING, authors=6)}, Event(date.fromordinal(7 * (WEEK + len(RISING) // 2) + 1), "x")
    for floor, reasons in ((6, set()), (7, {"fewer than 7 authors"})):
        changes = find_changes(teams, TAXONOMY, ICC, YOUDEN, floor)
        assert {reason for *_, reason in changes.left_out} - {"fewer than 10 tagged sentences"} == reasons
        assert (
            bool(changes.found) == bool(compare_events([event], teams, TAXONOMY, ICC, YOUDEN, floor)) == (not reasons)
        )


def test_where_no_authors_are_recorded_none_are_asked_for():
    assert found({"A": weeks(RISING, authors=0)}).found


def test_a_change_in_the_mix_of_channels_is_no_change_of_the_team():
    rng = np.random.default_rng(3)
    chat, retro = {}, {}
    for i in range(20):
        n = 40 + 20 * i
        chat |= {(WEEK + i, "chat"): tally(440 - n, {SIGNAL: int(rng.binomial(440 - n, 0.01))}, week=i)}
        retro |= {(WEEK + i, "retro"): tally(n, {SIGNAL: int(rng.binomial(n, 0.08))}, week=i)}
    assert found({"A": chat | retro}).found == ()
    mixed = {}
    for (week, _), cell in (chat | retro).items():
        mixed.setdefault((week, "all"), Tally()).add(cell) if (week, "all") in mixed else mixed.update(
            {(week, "all"): cell}
        )
    assert found({"A": mixed}).found


def test_one_off_channels_are_pooled_and_cost_no_power():
    cells = weeks(RISING) | {(WEEK + i, f"once {i}"): tally(2, {}, week=i) for i in range(12)}
    assert found({"A": cells}).found


@pytest.mark.parametrize(("n_teams", "there"), [(8, True), (7, False)])
def test_what_rises_a_little_in_eight_teams_is_found_in_the_organisation(n_teams, there):
    rng = np.random.default_rng(1)
    teams = {f"team {i}": weeks(noisy(rng, np.linspace(0.02, 0.09, 12))) for i in range(n_teams)}
    result = found(teams)
    assert [c.name for c in result.found if c.tier == "organisation"] == [SIGNAL] * there


def test_a_change_of_one_team_alone_is_none_of_the_organisation():
    rng = np.random.default_rng(1)
    teams = {f"team {i}": weeks(noisy(rng, [0.05] * 12)) for i in range(9)} | {"team 9": weeks(RISING)}
    assert {(c.tier, c.team) for c in found(teams).found} == {("family", "team 9"), ("signal", "team 9")}


def test_nothing_depends_on_the_order_of_teams_weeks_or_channels():
    rng = np.random.default_rng(2)
    teams = {
        f"team {i}": weeks(noisy(rng, np.linspace(0.02, 0.1, 12))) | weeks(noisy(rng, [0.1] * 12), stratum="retro")
        for i in range(9)
    }
    turned = {team: dict(reversed(cells.items())) for team, cells in reversed(teams.items())}
    assert found(teams) == found(turned)


@pytest.mark.parametrize(("youden", "finite"), [(0.8, True), (0.0, False), (-0.1, False), (float("nan"), False)])
def test_the_smallest_change_grows_as_the_tagger_gets_worse(youden, finite):
    good, worse = (found({"A": weeks(STEADY)}, youden=dict.fromkeys(NAMES, j)).tested[0] for j in (0.8, youden))
    assert (worse.smallest == pytest.approx(good.smallest)) if finite else worse.smallest == np.inf


def test_a_change_of_the_smallest_size_is_found_four_times_in_five():
    rng = np.random.default_rng(0)
    share, hits, repeats = 0.06, 0, 80
    steady = {f"team {i}": weeks(noisy(rng, [share] * 16)) for i in range(1, 4)}
    step = next(t.smallest for t in found({"A": weeks(noisy(rng, [share] * 16)), **steady}).tested) * 0.8
    course = np.linspace(share - step, share + step, 16)
    for _ in range(repeats):
        hits += any(c.team == "A" for c in found({"A": weeks(noisy(rng, course)), **steady}).found)
    assert 0.65 <= hits / repeats <= 0.95


def test_false_discoveries_are_controlled_as_statsmodels_does():
    rng = np.random.default_rng(5)
    p = rng.uniform(size=40) ** 2
    tests = [
        changes._Test("family", "A", FAMILY, float(x), 1.0, 30.0, 1.0, 12) for x in changes.student_t.isf(p / 2, 30)
    ]
    verdicts = changes._judge(tests, 0.05, YOUDEN)
    sure, q, _, _ = multipletests(p, 0.05, "fdr_bh")
    assert [v.q for v in verdicts] == pytest.approx(q)
    assert [v.sure for v in verdicts] == list(sure)


def compared(day, cells, **other):
    return compare_events([Event(day, "new lead")], {"A": cells}, TAXONOMY, other.get("icc", ICC), YOUDEN)


def test_an_event_compares_the_weeks_before_with_those_after_and_leaves_out_its_own():
    flagged = [4, 6, 5, 5, 4, 6, 90, 15, 14, 16, 15, 15, 15]
    [one] = compared(FIRST + timedelta(weeks=6, days=2), weeks(flagged))
    assert (one.event.title, one.team, one.name, one.sure) == ("new lead", "A", FAMILY, True)
    assert (one.before, one.after) == pytest.approx((0.05, 0.15))
    assert 0 < one.smallest < 0.15


def test_an_event_on_a_monday_belongs_to_the_weeks_after():
    [one] = compared(FIRST + timedelta(weeks=6), weeks([5] * 6 + [15] * 6))
    assert (one.before, one.after) == pytest.approx((0.05, 0.15))


@pytest.mark.parametrize(("week", "n"), [(3, 0), (4, 1), (8, 1), (9, 0), (-5, 0), (40, 0)])
def test_an_event_needs_four_weeks_on_either_side(week, n):
    assert len(compared(FIRST + timedelta(weeks=week), weeks(STEADY))) == n


def test_an_event_at_which_only_the_mix_of_channels_changes_changes_nothing():
    cells = {}
    for i, (channel, share) in product(range(12), (("chat", 0.02), ("retro", 0.1))):
        n = 300 if (channel == "chat") == (i < 6) else 100
        cells[(WEEK + i, channel)] = tally(n, {SIGNAL: round(n * share) + i % 2}, week=i)
    [one] = compared(FIRST + timedelta(weeks=6), cells)
    assert not one.sure
    assert one.before == pytest.approx(one.after, abs=0.005)


def test_the_events_of_a_report_share_what_they_may_claim():
    cells = weeks([5, 4, 6, 5, 5, 4, 9, 10, 9, 11, 9, 10])
    days = [FIRST + timedelta(weeks=w) for w in (4, 5, 6, 7, 8)]
    [alone] = compared(days[2], cells)
    among = compare_events([Event(day, "") for day in days], {"A": cells}, TAXONOMY, ICC, YOUDEN)
    assert [one.event.day for one in among] == days
    assert among[2].p == alone.p
    assert among[2].q >= alone.q
    assert among[2].smallest > alone.smallest
