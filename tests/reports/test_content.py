import re
from dataclasses import asdict, replace
from datetime import date
from random import Random

import numpy as np
import pytest
from fake_tagger import FakeTagger, counted, message, outcome, weeks_of
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.measures.changes import Event
from textsignals.measures.evidence import Quotes
from textsignals.measures.ledger import REFUSED, Ledger, project_key
from textsignals.measures.rates import Rate
from textsignals.measures.redaction import Redactor
from textsignals.measures.scores import Counts, Tally
from textsignals.reports.basis import Basis
from textsignals.reports.content import build
from textsignals.reports.wording import clean, per_100
from textsignals.reports.writers import WRITERS, html
from textsignals.teams import Pseudonyms

CALM = [1, 2, 1, 2, 1, 2, 1, 2]
STEEP = [1] * 8 + [15] * 8


def content_of(*messages, by="week", **more):
    return build(counted([m for some in messages for m in some]), outcome(), by=by, **more)


def said(content):
    """Return all of a content but the model and the table of counts, in a form that can be compared."""
    return asdict(replace(content, model=None, quality={}, counts=None))


def test_a_steep_rise_is_a_finding_and_says_from_where_to_where_and_since_when():
    content = content_of(weeks_of("Payments", STEEP))
    assert content.tested == 1
    (finding,) = content.findings
    assert finding.text == (
        "Payments: drift (autonomy without alignment) rose from about 1.4 in 100 (2026-W02 to 2026-W09)"
        " to about 31 in 100 (2026-W10 to 2026-W17), above all blindside (8 tagged, then 120); the clearest step is at"
        " 2026-W10"
    )
    assert finding.certainty in ("likely real", "very likely real")
    assert not finding.better
    signals = FakeTagger().model.taxonomy.signals
    assert [title for title, _ in finding.terms] == ["Autonomy without alignment", "Blindside"]
    assert finding.questions == (signals["blindside"].question,)


@pytest.mark.parametrize(
    ("flags", "step"),
    [([1] * 3 + [20] * 9, "2026-W05"), ([1] * 9 + [20] * 3, "2026-W11"), ([20] * 4 + [1] * 8, "2026-W06")],
)
def test_a_finding_says_where_the_clearest_step_is(flags, step):
    (finding,) = content_of(weeks_of("Payments", flags)).findings
    assert finding.text.endswith(f"; the clearest step is at {step}")


def test_steps_in_several_teams_are_found():
    # Changes of many teams at once must not be taken for how much rates swing anyway.
    content = content_of(*[weeks_of(f"team {i}", [1] * 8 + [8 + 2 * i] * 8) for i in range(7)])
    assert len(content.findings) + content.more == 7


def test_a_fall_is_called_a_fall():
    (finding,) = content_of(weeks_of("Payments", STEEP[::-1])).findings
    assert " fell from about 31 in 100 (2026-W02 to 2026-W09) to about 1.4 in 100 " in finding.text
    assert finding.better


@pytest.mark.parametrize(
    ("flags", "tested"),
    [
        ([0] * 7 + [9], 0),
        ([0] * 7 + [10], 1),
        ([20] * 7, 0),
        ([10] + [0] * 7, 1),
    ],
)
def test_changes_are_looked_for_from_eight_weeks_and_ten_flags_on(flags, tested):
    assert content_of(weeks_of("Payments", flags)).tested == tested


def test_nothing_is_found_where_nothing_changed():
    content = content_of(weeks_of("Payments", CALM))
    assert (content.tested, content.findings) == (1, ())


def test_periods_that_are_partly_covered_or_hidden_are_in_no_comparison():
    # The first week lacks its Monday, the last has two people and no Friday; both would make a steep change.
    partial = [m for m in weeks_of("Payments", [60] + [1] * 9) if m.timestamp.date() != date(2026, 1, 5)]
    thin = weeks_of("Payments", [40], n_authors=2, per_author=20, start=date(2026, 3, 16))
    content = content_of(partial, thin)
    assert content.findings == ()
    assert [p.partial for p in content.teams[0].families[0].points] == [True, *[False] * 9, True]
    assert content.teams[0].families[0].points[-1].rate is None


def test_undated_text_is_in_no_comparison():
    undated = [message("A !blindside. " * 20, author=f"person {i}", day=None) for i in range(6)]
    content = content_of(weeks_of("Payments", CALM), undated)
    assert content.findings == ()
    assert content.n_undated == 6
    assert content.teams[0].n_sentences == 8 * 60 + 120


def test_a_change_beyond_every_doubt_is_not_lost():
    # Its p-value is smaller than the smallest number there is.
    counts = Counts(FakeTagger())
    for week in range(10):
        cell = counts.days[("Payments", date.fromisocalendar(2026, 2 + week, 1), "table")]
        cell.sentences.update({(f"p{i}", str(week)): 4000 for i in range(6)})
        for i in range(6):
            cell.flags[((f"p{i}", str(week)), "control")] = 40 + 390 * week
        cell.statuses[("control", "asserted")] = 6 * (40 + 390 * week)
    counts.days[("Payments", date.fromisocalendar(2026, 11, 5), "table")].messages = 1
    content = build(counts, outcome(), by="week")
    assert [f.certainty for f in content.findings] == ["very likely real"]


def test_a_finding_names_the_signal_that_moved_most_the_same_way():
    texts = [*weeks_of("Payments", STEEP), *weeks_of("Payments", [6] * 8 + [0] * 8, signal="silo")]
    (finding,) = content_of(texts, weeks_of("Payments", [0] * 8 + [3] * 8, signal="strain")).findings
    assert ", above all blindside (8 tagged, then 120)" in finding.text


def test_at_most_five_findings_the_surest_first():
    teams = [weeks_of(f"team {i}", [1 + (10 + 2 * i) * week // 15 for week in range(16)]) for i in range(7)]
    content = content_of(*teams)
    assert content.tested == 7
    assert (len(content.findings), content.more) == (5, 2)
    assert "team 0" not in {f.text[:6] for f in content.findings}


def test_reports_without_any_change_seldom_find_one():
    # 6 teams, 4 families, 12 weeks of about 64 sentences by authors who differ (icc 0.1) and stay the same.
    rng, false_alarms = np.random.default_rng(11), 0
    for _ in range(12):
        counts = Counts(FakeTagger())
        for team in range(6):
            rates = {f: rng.beta(0.05 * 9, 0.95 * 9, 8) for f in ("drift", "control", "crowding", "aligned")}
            for week in range(12):
                cell = counts.days[
                    (f"team {team:02}", date.fromisocalendar(2026, week + 1, 1 + 4 * (week == 11)), "table")
                ]
                sizes = rng.integers(5, 12, 8)
                cell.sentences.update({(f"p{i}", str(week)): int(n) for i, n in enumerate(sizes)})
                for family, rate in rates.items():
                    found = rng.binomial(sizes, rate)
                    cell.flags.update({((f"p{i}", str(week)), family): int(x) for i, x in enumerate(found) if x})
                    cell.statuses[(family, "asserted")] += int(found.sum())
        false_alarms += bool(build(counts, outcome(), by="week").findings)
    assert false_alarms <= 1


def test_hidden_teams_and_periods_are_listed_with_the_reason_and_no_number():
    content = content_of(
        weeks_of("Payments", [3, 3]),
        weeks_of("Payments", [9], n_authors=3, per_author=20, start=date(2026, 1, 19)),
        weeks_of("Pair", [30, 30], n_authors=2, per_author=40),
        weeks_of("Quiet", [1], n_authors=6, per_author=2),
    )
    assert [team.name for team in content.teams] == ["Payments"]
    assert content.hidden == (
        ("Pair", "2026-W02, 2026-W03", "fewer than 5 authors"),
        ("Payments", "2026-W04", "fewer than 5 authors"),
        ("Quiet", "2026-W02", "fewer than 30 sentences"),
    )
    assert not any("Pair" in text or "Quiet" in text for text in (*content.levels, *(f.text for f in content.findings)))


def test_sums_are_over_shown_periods_only():
    shown = weeks_of("Payments", [3, 4], start=date(2026, 1, 5))
    hidden = weeks_of("Payments", [40], n_authors=4, per_author=20, start=date(2026, 1, 19))
    with_, without = content_of(shown, hidden), content_of(shown)
    (a,), (b,) = with_.teams, without.teams
    assert (a.n_messages, a.n_sentences, a.people, a.standings, a.questions) == (
        *(b.n_messages, b.n_sentences, b.people, b.standings, b.questions),
    )
    assert [(c.whole.flagged, c.whole.total) for c in a.signals] == [
        (c.whole.flagged, c.whole.total) for c in b.signals
    ]
    for curve in (*a.families, *a.signals):
        rates = [point.rate for point in curve.points if point.rate]
        assert curve.whole.flagged == sum(rate.flagged for rate in rates)
        assert curve.whole.total == sum(rate.total for rate in rates)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.lists(st.integers(0, 40), min_size=1, max_size=12)),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=50, deadline=None)
def test_no_number_of_a_cell_below_the_floors_is_in_a_report(cells):
    counts = Counts(FakeTagger())
    for team, week, sizes in cells:
        cell = Tally(messages=len(sizes))
        cell.sentences.update({(f"p{i}", ""): n for i, n in enumerate(sizes)})
        counts.days[(f"team {team}", date(2026, 1, 5 + 7 * week), "table")].add(cell)
    sums = counts.cells("week")
    for team in build(counts, outcome(), by="week").teams:
        for curve in (*team.families, *team.signals):
            for point in curve.points:
                if point.rate:
                    wrote = [n for n in sums[(team.name, point.period)].sentences.values() if n]
                    assert len(wrote) >= 5 and sum(wrote) >= 30 and 2 * max(wrote) <= sum(wrote)


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_shuffled_messages_say_the_same(random: Random):
    texts = [*weeks_of("Payments", STEEP), *weeks_of("Sales", CALM, signal="silo", n_authors=7, per_author=9)]
    shuffled = random.sample(texts, len(texts))
    one, other = content_of(shuffled), content_of(texts)
    assert said(one) == said(other)
    assert one.counts.equals(other.counts)


@given(st.integers(1, 120), st.integers(0, 7))
@settings(max_examples=15, deadline=None)
def test_neutral_sentences_never_raise_a_rate(n, week):
    texts, day = weeks_of("Payments", STEEP), date.fromisocalendar(2026, 2 + week, 3)
    neutral = [message("Plain.", author=f"person {i % 6}", day=day) for i in range(n)]
    before, after = content_of(texts).teams[0], content_of(texts, neutral).teams[0]
    for old, new in zip((*before.families, *before.signals), (*after.families, *after.signals), strict=True):
        assert new.whole.rate <= old.whole.rate
        assert all(b.rate.rate <= a.rate.rate for a, b in zip(old.points, new.points, strict=True))


def test_what_carries_most_is_led_by_the_number_of_tags_and_questions_are_about_trouble():
    content = content_of(
        weeks_of("Payments", [4, 4], signal="support"),
        weeks_of("Payments", [2, 2], signal="silo"),
        weeks_of("Payments", [3, 3], signal="blindside"),
    )
    (team,) = content.teams
    assert [curve.name for curve in team.leading] == ["support", "blindside", "silo"]
    signals = FakeTagger().model.taxonomy.signals
    assert team.questions == (signals["blindside"].question, signals["silo"].question)


def test_healthy_signals_are_seen_missing_and_wanted_with_intervals():
    texts = weeks_of("Payments", [0, 0])
    texts += [
        message("A !support. B !support:negated. C !support:hypothetical. D !support:resolved.", day=date(2026, 1, 6))
    ]
    texts[-1] = texts[-1]._replace(author="person 1")
    (team,) = content_of(texts).teams
    standing = next(row for row in team.standings if row.name == "support")
    for rate in (standing.seen, standing.missing, standing.wanted):
        assert (rate.flagged, rate.total) == (1, 124)
        assert 0 <= rate.low <= rate.rate <= rate.high < 0.1
    # What is missed and wanted is a plain share of tags.
    assert standing.missing.rate == standing.wanted.rate == pytest.approx(1 / 124)


def test_gaps_are_points_without_text():
    content = content_of(weeks_of("Payments", [3]), weeks_of("Payments", [3], start=date(2026, 1, 26)))
    points = content.teams[0].families[0].points
    assert [(p.period, p.rate is None, p.note) for p in points] == [
        ("2026-W02", False, ""),
        ("2026-W03", True, "no text"),
        ("2026-W04", True, "no text"),
        ("2026-W05", False, ""),
    ]


def test_the_map_places_teams_by_the_mix_of_their_signals():
    corners = {"silo": (1, -1), "micromanagement": (-1, 1), "support": (1, 1), "top_down": (-1, 1)}
    for signal, (autonomy, alignment) in corners.items():
        path = content_of(weeks_of("Payments", [20] * 3, signal=signal)).teams[0].path
        assert [(np.sign(p.autonomy), np.sign(p.alignment)) for p in path] == [(autonomy, alignment)] * 3
        assert all(-1 <= p.autonomy <= 1 and -1 <= p.alignment <= 1 and min(p.radii) >= 0 for p in path)


def test_a_team_of_whom_nothing_is_known_stands_in_the_middle():
    for place in content_of(weeks_of("Payments", [0] * 3)).teams[0].path:
        assert (place.autonomy, place.alignment) == pytest.approx((0, 0))


@pytest.mark.parametrize(
    ("months", "step"),
    [(range(3, 5), "week"), (range(3, 6), "month")],
)
def test_the_step_follows_the_span_unless_one_is_asked_for(months, step):
    texts = [m for month in months for m in weeks_of("Payments", [1], start=date(2026, month, 2))]
    assert content_of(texts, by=None).by == step
    assert content_of(texts, by="quarter").by == "quarter"


def test_nothing_counted_makes_an_empty_report():
    content = content_of([])
    assert (content.periods, content.teams, content.hidden, content.findings, content.first) == ((), (), (), (), "")


def test_only_undated_text_has_a_level_and_one_row():
    content = content_of([message("A !silo. Plain. Plain. Plain. Plain.", author=f"p{i}", day=None) for i in range(6)])
    assert content.periods == ()
    (team,) = content.teams
    assert (team.n_sentences, team.families[0].whole.flagged) == (30, 6)
    assert [(point.period, point.rate.flagged) for point in team.families[0].points] == [("undated", 6)]


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (Rate(0, 100, 0.0, 0.0, 0.034), "fewer than 4 in 100"),
        (Rate(0, 9000, 0.0, 0.0, 0.0), "fewer than 1 in 100"),
        (Rate(2, 100, 0.02, 0.0, 0.1), "fewer than 10 in 100"),
        (Rate(2, 100, 0.0123, 0.001, 0.1), "about 1.2 in 100"),
        (Rate(2, 100, 0.0195, 0.001, 0.1), "about 2 in 100"),
        (Rate(99, 100, 1.0, 0.9, 1.0), "over 90 in 100, more than can be corrected for"),
        (Rate(9, 100, float("nan"), 0.0, 1.0), "not measurable"),
    ],
)
def test_rates_in_words_never_say_zero(rate, words):
    assert per_100(rate) == words


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Payments / Core", "Payments / Core"),
        ("\x1b[31mred\x07\x00\r\n", "·[31mred····"),
        ("\x9b1m \ud800 \u202etxt.exe", "·1m · ·txt.exe"),
        ("日本 👩‍💻 é", "日本 👩‍💻 é"),
    ],
)
def test_clean_takes_out_orders_and_leaves_every_script(text, cleaned):
    assert clean(text) == cleaned


def test_each_team_says_what_would_have_gone_unseen_and_what_was_not_tested():
    content = content_of(weeks_of("Payments", CALM), weeks_of("Sales", [1] * 4))
    payments, sales = content.teams
    assert re.fullmatch(
        r"A steady change of drift by about \d+ in 100 from the first to the second half would be found four times in"
        r" five, a sudden one if it is a third larger, a smaller one less often; so no finding is not the same as"
        r" no change\.",
        payments.unseen[0],
    )
    assert payments.unseen[1:] == ("Not tested for changes: crowding and aligned (fewer than 10 tagged sentences).",)
    assert sales.unseen == ("Not tested for changes: drift, crowding and aligned (fewer than 8 complete weeks).",)
    assert content.untested == (
        "5 pairs of team and family could not be tested (3 with fewer than 8 complete weeks and 2 with fewer than 10"
        " tagged sentences), 1 could."
    )


def test_an_event_is_compared_before_and_after_in_shares_that_no_part_of_a_period_can_be_computed_from():
    event = Event(date(2026, 3, 2), "new lead")
    content = build(counted(weeks_of("Payments", STEEP)), outcome(), by="week", events=[event])
    assert content.events == (("2026-03-02", "new lead"),)
    (shift,) = content.teams[0].shifts
    assert (shift.day, shift.event, shift.family) == ("2026-03-02", "new lead", "Drift: autonomy without alignment")
    assert (shift.before, shift.after) == (0.017, 0.25)
    assert shift.certainty in ("likely not chance", "very likely not chance") and shift.sure


def test_an_event_without_enough_weeks_on_a_side_is_told_and_not_compared():
    content = build(
        counted(weeks_of("Payments", STEEP)), outcome(), by="week", events=[Event(date(2026, 1, 14), "x <b> y")]
    )
    assert content.teams[0].shifts == ()
    assert "x &lt;b&gt; y (2026-01-14): too little text to compare" in html(content)


def test_a_team_with_too_few_tags_for_the_map_is_named():
    content = content_of(weeks_of("Payments", [1, 1]), weeks_of("Sales", [9, 9]), audience="team")
    assert content.unplaced == ("Payments",)
    assert "Too little to place: Payments." in html(content)


def test_a_path_has_fewer_places_where_single_windows_have_too_few_tags():
    assert len(content_of(weeks_of("Payments", [9, 9, 9])).teams[0].path) == 3
    assert len(content_of(weeks_of("Payments", [1, 1, 1, 1, 1, 1, 1, 1])).teams[0].path) == 1


def test_weeks_that_lie_partly_in_a_hidden_month_are_in_no_test():
    # March is hidden, with its two last days; the week of 30 March is half of April.
    texts = weeks_of("Payments", [2] * 8, start=date(2026, 3, 30))
    basis = Basis(counted([message("Plain.", day=date(2026, 3, 2)), *texts]), "month", "team", None)
    assert [period for _, period in basis.plan.hidden] == ["2026-03"]
    assert basis.shown("Payments") == ["2026-04", "2026-05"]
    mondays = [date.fromordinal(7 * week + 1).isoformat() for week, _ in basis.weeks("Payments")]
    assert mondays == ["2026-04-06", "2026-04-13", "2026-04-20"]


def test_a_report_for_a_ledger_shows_what_it_showed_before_and_hides_what_differs_by_few(state):
    pseudonyms = Pseudonyms(project_key(state))
    texts = weeks_of("Payments", [3, 3], n_authors=9)

    def shown(messages):
        with Ledger(state) as ledger:
            content = build(counted(messages, pseudonyms=pseudonyms), outcome(), by="week", ledger=ledger)
        return [team.n_sentences for team in content.teams], content.hidden

    first = shown(texts)
    assert first == ([180], ())
    assert shown(texts) == first
    fewer = [m for m in texts if m.author not in ("person 1", "person 2")]
    assert shown(fewer) == ([], (("Payments", "2026-W02, 2026-W03", REFUSED),))
    assert build(counted(fewer), outcome(), by="week").hidden == ()


def test_quotes_are_redacted_and_only_where_ten_wrote_and_three_said_so():
    quotes = Quotes()
    said = ["Nobody told Zelda about the !blindside again", "We were in a !blindside by Zelda once more"]
    said += ["They had a !blindside of us all week", "Plain words here of all"]
    texts = [
        message(f"{said[min(i, 3)]}. Plain words. Plain. Plain.", author=f"person {i}", day=date(2026, 1, 6), number=i)
        for i in range(11)
    ]
    counts = counted(texts, offer=quotes.offer_from)
    content = build(counts, outcome(), by="week", quoting=(quotes, Redactor(["Zelda"])))
    ((title, told),) = content.teams[0].quotes
    assert title == "Blindside" and len(told) == 3
    for maker in WRITERS.values():
        text = maker(content)
        assert "Zelda" not in text and "person" not in re.sub(r"\bpersons?\b(?! \d)", "", text)
    assert build(counts, outcome(), by="week").teams[0].quotes == ()
