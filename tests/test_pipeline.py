from datetime import date
from zoneinfo import ZoneInfo

import pytest
from fake_tagger import FakeTagger

from textsignals.pipeline import Outcome, Settings, count, messages

ROWS = "date,member,team,text\n2026-03-02 23:30,Ann,Payments,Plain words one.\n2026-03-04,Ben,,Plain words two.\n"


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "squad" / "sheet.csv"
    path.parent.mkdir()
    path.write_text(ROWS)
    return path


def run(inputs, **said):
    outcome = Outcome()
    return list(messages(inputs, Settings(**said), outcome)), outcome


def test_every_message_has_its_team(sheet):
    found, outcome = run([sheet])
    assert [m.team for m in found] == ["Payments", "squad"]
    assert (len(outcome.reports), outcome.outside, outcome.problems) == (1, 0, [])


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"since": date(2026, 3, 3)}, 1),
        ({"since": date(2026, 3, 2), "until": date(2026, 3, 4)}, 2),
        ({"until": date(2026, 3, 3)}, 1),
        ({"since": date(2026, 4, 1)}, 0),
        ({"since": date(2026, 3, 3), "until": date(2026, 3, 3)}, 0),
    ],
)
def test_the_window_holds_both_its_days_and_counts_what_lies_outside(sheet, said, kept):
    found, outcome = run([sheet], **said)
    assert (len(found), outcome.outside) == (kept, 2 - kept)
    assert outcome.reports[0].yielded == 2


def test_days_of_the_window_are_those_of_the_zone(sheet):
    # Half past eleven at night in Lisbon is the next day in Helsinki; both ends of the chain use the one asked for.
    for zone in ("Europe/Lisbon", "Europe/Helsinki"):
        found, _ = run([sheet], tz=ZoneInfo(zone), until=date(2026, 3, 2))
        assert len(found) == 1


def test_undated_messages_are_inside_every_window(tmp_path):
    (tmp_path / "x.csv").write_text("text,author\nPlain words here.,Ann\nMore words here.,Ben\n")
    found, outcome = run([tmp_path / "x.csv"], since=date(2030, 1, 1))
    assert (len(found), outcome.outside) == (2, 0)


def test_a_failing_input_stops_neither_those_before_nor_those_after(sheet, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    found, outcome = run([tmp_path / "gone.csv", sheet, empty, sheet])
    assert len(found) == 4
    assert [str(problem) for problem in outcome.problems] == [
        f"{tmp_path}/gone.csv: no such file or folder; check the spelling",
        f"{empty}: is empty; export it again",
    ]
    assert all(r.read == r.yielded + sum(r.skipped.values()) + r.quarantined for r in outcome.reports)


def test_records_in_quarantine_and_inputs_that_failed_are_problems_in_their_order(sheet, tmp_path):
    sheet.write_text(ROWS + "31.02.2026,Cem,,Plain words three.\n")
    _, outcome = run([sheet, tmp_path / "gone.csv"])
    assert [(p.file, p.place) for p in outcome.problems] == [(str(sheet), "line 4"), (f"{tmp_path}/gone.csv", "")]
    assert (outcome.reports[0].read, outcome.reports[0].quarantined) == (3, 1)


def test_count_counts_all_inputs_and_lets_others_watch_the_stream(sheet):
    seen = []

    def watch(stream):
        for item in stream:
            seen.append(item.locator)
            yield item

    counts, outcome = count([sheet, sheet], FakeTagger(), Settings(team="All"), watch)
    assert seen == ["line 2", "line 3"] * 2
    assert {team: tally.messages for (team, _), tally in counts.cells("month").items()} == {"All": 4}
    assert len(outcome.reports) == 2
