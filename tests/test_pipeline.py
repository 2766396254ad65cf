import json
import zipfile
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from fake_tagger import FakeTagger

from textsignals.pipeline import Outcome, Settings, count, messages, names
from textsignals.team_file import load_teams

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
    other = sheet.with_name("other.csv")
    other.write_text(ROWS.replace("Plain", "Other"))
    found, outcome = run([tmp_path / "gone.csv", sheet, empty, other])
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

    other = sheet.with_name("other.csv")
    other.write_text(ROWS.replace("Plain", "Other"))
    counts, outcome = count([sheet, other], FakeTagger(), Settings(team="All"), watch)
    assert seen == ["line 2", "line 3"] * 2
    assert {team: tally.messages for (team, _), tally in counts.cells("month").items()} == {"All": 4}
    assert len(outcome.reports) == 2


def sums_hold(report):
    parts = [report, *report.files]
    return all(p.read == p.yielded + sum(p.skipped.values()) + p.quarantined for p in parts)


# Overlaps


def slack(path, days):
    with zipfile.ZipFile(path, "w") as export:
        export.writestr("channels.json", json.dumps([{"id": "C1", "name": "payments"}]))
        export.writestr("users.json", json.dumps([{"id": "U1", "real_name": "Ann"}, {"id": "U2", "real_name": "Ben"}]))
        for channel in ("payments", "random"):
            for day in days:
                at = 1_767_600_000 + 86_400 * day
                posts = [
                    {"type": "message", "user": f"U{u}", "ts": f"{at + u}.0", "text": f"Day {day}."} for u in (1, 2)
                ]
                export.writestr(f"{channel}/2026-01-{5 + day:02}.json", json.dumps(posts))
    return path


def test_exports_that_overlap_are_counted_once(tmp_path):
    first, second = slack(tmp_path / "a.zip", [0, 1]), slack(tmp_path / "b.zip", [1, 2])
    found, outcome = run([first, second])
    assert len(found) == len({(m.channel, m.timestamp) for m in found}) == 12
    assert [(r.yielded, r.skipped) for r in outcome.reports] == [(8, {}), (4, {"duplicate": 4})]
    assert all(map(sums_hold, outcome.reports))


def test_a_second_run_begins_anew(tmp_path):
    path = slack(tmp_path / "a.zip", [0])
    assert len(run([path])[0]) == len(run([path])[0]) == 4


def notes(text):
    return f"# Retro\n\n- {text}\n"


def table(text):
    return f"date,author,text\n2026-03-02,Ann,{text}\n"


def captions(text):
    return f"WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Ann>{text}</v>\n"


@pytest.mark.parametrize(("name", "write"), [("retro.md", notes), ("retro.csv", table), ("retro.vtt", captions)])
def test_files_of_one_name_in_two_inputs_are_two_files(tmp_path, name, write):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(write(f"What we in {folder} think of it."))
    found, _ = run([tmp_path / "a" / name, tmp_path / "b" / name])
    assert len(found) == 2
    found, _ = run([tmp_path / "a", tmp_path / "b"])
    assert len(found) == 2


# With a teams.toml


def told(tmp_path, text):
    (tmp_path / "teams.toml").write_text(text)
    return load_teams(tmp_path / "teams.toml")


IGNORE = '[teams.all]\nfiles = ["**"]\n[ignore]\nchannels = ["random"]\nauthors = ["cem"]\n'


def test_what_is_ignored_is_skipped_in_the_account_of_its_file(tmp_path):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    slack(folder / "a.zip", [0])
    (folder / "deep" / "x.csv").write_text("date,author,text\n2026-03-02,Cem,Words one.\n2026-03-02,Dee,Words two.\n")
    found, outcome = run([folder], teams=told(tmp_path, IGNORE))
    assert {m.team for m in found} == {"all"} and len(found) == 3
    [report] = outcome.reports
    assert {f.file.removeprefix(f"{folder}/"): (f.read, f.yielded, f.skipped) for f in report.files} == {
        "a.zip": (4, 2, {"ignored channel": 2}),
        "deep/x.csv": (2, 1, {"ignored author": 1}),
    }
    assert sums_hold(report)


def test_what_is_ignored_in_two_exports_of_one_archive_stands_in_the_account_of_each(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, days in (("one", [0, 1]), ("two", [2])):
            for member, data in members_of(slack(tmp_path / "part.zip", days)):
                archive.writestr(f"{name}/{member}", data)
    found, outcome = run([tmp_path / "all.zip"], teams=told(tmp_path, IGNORE))
    [report] = outcome.reports
    assert {f.file.removeprefix(f"{tmp_path}/"): (f.read, f.yielded, f.skipped) for f in report.files} == {
        "all.zip!one": (8, 4, {"ignored channel": 4}),
        "all.zip!two": (4, 2, {"ignored channel": 2}),
    }
    assert len(found) == 6 and sums_hold(report)


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def test_what_is_ignored_is_ignored_inside_and_outside_of_the_window(tmp_path):
    path = slack(tmp_path / "a.zip", [0, 1])
    found, outcome = run([path], teams=told(tmp_path, IGNORE), since=date(2026, 1, 6))
    assert (len(found), outcome.outside, outcome.whole.skipped) == (2, 2, {"ignored channel": 4})


def test_sums_hold_even_where_a_reader_names_another_file(tmp_path, sheet):
    from textsignals.pipeline import _skipping

    _, outcome = run([sheet])
    [report] = outcome.reports
    changed = _skipping(report, {("elsewhere/odd", "ignored file"): 1})
    assert (changed.yielded, changed.skipped) == (1, {"ignored file": 1})
    assert sums_hold(changed)


def test_several_names_of_one_person_count_once(tmp_path):
    (tmp_path / "x.csv").write_text("date,author,text\n2026-03-02,Ann Lee,Plain.\n2026-03-02,ann.lee,Plain too.\n")
    aliases = '[teams.all]\nauthors = ["ann"]\n[aliases]\nann = ["Ann Lee", "ann.lee"]\n'
    for teams, n in ((None, 2), (told(tmp_path, aliases), 1)):
        counts, _ = count([tmp_path / "x.csv"], FakeTagger(), Settings(teams=teams))
        assert [len(tally.authors) for tally in counts.cells("month").values()] == [n]


def test_names_to_blot_out_are_those_of_everybody_as_written(tmp_path):
    path = slack(tmp_path / "a.zip", [0])
    (tmp_path / "x.csv").write_text("date,author,text\n2020-03-02,Cem,Plain words.\n")
    aliases = IGNORE + '[aliases]\nann = ["Ann", "Annie L."]\n'
    said = Settings(teams=told(tmp_path, aliases), since=date(2026, 1, 1))
    assert names([path, tmp_path / "x.csv"], said) == {"Ann", "Ben", "U1", "U2", "Cem", "ann", "Annie L."}
    assert names([], replace(said, teams=None)) == set()
