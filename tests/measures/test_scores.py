from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from fake_tagger import FakeTagger, counted, message, weeks_of

from textsignals.measures.scores import UNDATED, Tally, merged, table, tag_frame


def test_sentences_messages_flags_and_statuses_are_counted_by_team_and_period():
    counts = counted(
        [
            message("Plain. It is !blindside here. And !blindside:negated there.", author="Ann"),
            message("We have !blindside and !silo at once.", author="Ben"),
            message("Plain.", team="Sales"),
        ]
    )
    cells = counts.cells("week")
    assert list(cells) == [("Payments", "2026-W10"), ("Sales", "2026-W10")]
    cell = cells[("Payments", "2026-W10")]
    assert (cell.messages, cell.n_sentences, len(cell.authors)) == (2, 4, 2)
    assert cell.statuses == {
        ("blindside", "asserted"): 2,
        ("blindside", "negated"): 1,
        ("silo", "asserted"): 1,
        # Two signals of a family in one sentence are one sentence of that family.
        ("drift", "asserted"): 2,
        ("drift", "negated"): 1,
    }
    assert sorted(n for (_, name), n in cell.flags.items() if name == "blindside") == [1, 1]


def test_only_asserted_tags_are_flags():
    statuses = ("negated", "hypothetical", "resolved", "reported")
    cells = counted([message(" ".join(f"A !silo:{status} here." for status in statuses))]).cells("week")
    cell = cells[("Payments", "2026-W10")]
    assert not cell.flags
    assert cell.statuses == {(name, status): 1 for name in ("silo", "drift") for status in statuses}


def test_messages_without_a_date_are_a_period_of_their_own():
    counts = counted([message("Plain.", day=None), message("Plain.")])
    assert [period for _, period in counts.cells("month")] == ["2026-03", UNDATED]
    assert counts.dates == [date(2026, 3, 2)]


def test_the_zone_decides_about_the_week():
    late = message("Plain.")._replace(timestamp=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert list(counted([late]).cells("week")) == [("Payments", "2026-W09")]
    assert list(counted([late], tz=ZoneInfo("Europe/Berlin")).cells("week")) == [("Payments", "2026-W10")]


def test_sentences_without_an_author_hang_together_by_file():
    texts = [message("One. Two.", author=None, file=name) for name in ("a.md", "a.md", "b.md")]
    cell = counted(texts).cells("week")[("Payments", "2026-W10")]
    assert cell.sentences == {(None, "a.md"): 4, (None, "b.md"): 2}
    assert (cell.authors, cell.n_sentences, cell.top_share) == ({}, 6, 0.0)


def test_sentences_of_an_author_hang_together_by_week():
    days = [date(2026, 3, 2), date(2026, 3, 6), date(2026, 3, 9)]
    cell = counted([message("One. Two.", day=day) for day in days]).cells("month")[("Payments", "2026-03")]
    assert sorted((week, n) for (_, week), n in cell.sentences.items()) == [("2026-W10", 4), ("2026-W11", 2)]
    assert list(cell.authors.values()) == [6]


def test_an_id_stands_for_a_missing_name():
    ids = [message("One.", author=None, author_id=id_) for id_ in ("U1", "U2", "U1")]
    assert len(counted(ids).cells("week")[("Payments", "2026-W10")].authors) == 2


def test_top_share_is_that_of_the_most_active_among_those_named():
    texts = [message("One. Two. Three.", author="Ann"), message("One.", author="Ben"), message("One.", author=None)]
    assert counted(texts).cells("week")[("Payments", "2026-W10")].top_share == 0.75


@pytest.mark.parametrize("n", [1, 255, 256, 257, 513])
def test_batches_lose_and_double_nothing(n):
    texts = [message("Plain. A !silo here." if i % 2 else "Plain.", number=i) for i in range(n)]
    cell = counted(texts).cells("week")[("Payments", "2026-W10")]
    assert (cell.messages, cell.n_sentences, cell.statuses[("silo", "asserted")]) == (n, n + n // 2, n // 2)


def test_table_has_a_row_for_each_team_period_and_name_and_no_person():
    tagger = FakeTagger()
    frame = table(counted(weeks_of("Payments", [3, 0])).cells("week"), tagger)
    names = len(tagger.model.taxonomy.signals) + len(tagger.model.taxonomy.families)
    assert len(frame) == 2 * names
    assert list(frame.columns) == [
        *["team", "period", "level", "signal", "n_messages", "n_sentences", "n_authors"],
        *[f"n_{status}" for status in tagger.model.taxonomy.statuses],
    ]
    flagged = frame[frame.n_asserted > 0]
    assert flagged[["period", "level", "signal", "n_asserted", "n_sentences", "n_authors"]].values.tolist() == [
        ["2026-W02", "family", "drift", 3, 60, 6],
        ["2026-W02", "signal", "blindside", 3, 60, 6],
    ]
    assert "person" not in frame.to_csv()


def test_a_team_whose_name_holds_half_a_character_stands_in_the_table():
    counts = counted([message("Plain.", team="Sales \ud83d"), message("Plain.", team="Sales \udce9", number=1)])
    assert set(table(counts.cells("week"), counts.tagger).team) == {"Sales \ufffd"}


def test_table_is_the_same_whatever_the_order_of_messages():
    texts = weeks_of("Payments", [3, 0, 9]) + weeks_of("Sales", [1, 1], signal="silo")
    shuffled = Random(5).sample(texts, len(texts))
    frames = [table(counted(order).cells("week"), FakeTagger()) for order in (texts, shuffled)]
    pd.testing.assert_frame_equal(*frames)


def test_tag_frame_has_a_row_for_each_tag_with_the_label_of_its_row():
    frame = pd.DataFrame({"text": ["Plain.", "A !silo. And !support.", None, 7]}, index=["a", "b", "c", "d"])
    found = tag_frame(frame, tagger=FakeTagger())
    assert found[["row", "signal", "status", "start", "end"]].values.tolist() == [
        ["b", "silo", "asserted", 0, 8],
        ["b", "support", "asserted", 9, 22],
    ]


def test_tag_frame_without_tags_keeps_its_columns():
    found = tag_frame(pd.DataFrame({"note": ["Plain."]}), "note", tagger=FakeTagger())
    assert list(found.columns) == ["row", "signal", "family", "status", "score", "start", "end", "evidence"]
    assert found.empty


def test_tag_frame_names_the_column_that_is_not_there():
    with pytest.raises(KeyError, match="note"):
        tag_frame(pd.DataFrame({"text": []}), "note", tagger=FakeTagger())


def tallied(sizes, flags, name="any"):
    tally = Tally(messages=len(sizes))
    for i, (size, flag) in enumerate(zip(sizes, flags, strict=True)):
        tally.sentences[f"a{i}", ""] += size
        if flag:
            tally.flags[((f"a{i}", ""), name)] += flag
            tally.statuses[(name, "asserted")] += flag
    return tally


def test_merged_sums_the_periods_of_one_team_and_leaves_the_cells_alone():
    cells = {("a", "w1"): tallied([3, 4], [1, 0]), ("a", "w2"): tallied([5], [2]), ("b", "w1"): tallied([9], [9])}
    whole = merged(cells, "a", ["w1", "w2", "w3"])
    assert (whole.n_sentences, whole.messages, whole.statuses[("any", "asserted")]) == (12, 3, 3)
    assert whole.sentences == {("a0", ""): 8, ("a1", ""): 4}
    assert cells[("a", "w1")].n_sentences == 7


def test_strata_are_the_channel_of_a_chat_and_else_the_format_of_the_source():
    texts = [
        message("One.", channel="payments-dev"),
        message("One.", channel="mpdm-ann--ben-1", number=1),
        message("One.", kind="note", source="notes", channel="minutes", number=2),
        message("One.", number=3),
    ]
    counts = counted(texts)
    assert [stratum for _, _, stratum in counts.days] == ["payments-dev", "direct messages", "notes", "csv"]
    assert counts.cells("week")[("Payments", "2026-W10")].n_sentences == 4


def test_outside_of_a_team_nothing_is_told_that_speaks_of_its_lead():
    texts = [
        "An !abdication. Both !abdication and !silo. A !silo. Only !abdication:negated here.",
        "The !micromanagement and !top_down. Once !top_down:hypothetical. A !support.",
    ]
    counts = counted([message(text, number=i) for i, text in enumerate(texts)])
    cell = counts.cells("week")[("Payments", "2026-W10")]
    told = cell.without_lead(counts.tagger.model.taxonomy)
    assert (cell.statuses[("drift", "asserted")], cell.statuses[("control", "asserted")]) == (3, 1)
    assert told.statuses == {
        ("silo", "asserted"): 2,
        ("drift", "asserted"): 2,
        ("support", "asserted"): 1,
        ("aligned", "asserted"): 1,
    }
    assert sorted((name, n) for (_, name), n in told.flags.items()) == [
        *[("aligned", 1), ("drift", 2), ("silo", 2), ("support", 1)]
    ]
    assert (told.sentences, told.messages) == (cell.sentences, cell.messages)
