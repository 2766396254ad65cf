import base64
import errno
import hashlib
import hmac
import json
import multiprocessing
import os
import zlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from fake_tagger import counted, message, weeks_of
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.errors import TextSignalsError
from textsignals.measures import ledger as module
from textsignals.measures.ledger import REFUSED, Ledger, forget, joined, project_key, state_folder, texts
from textsignals.measures.privacy import may_show
from textsignals.measures.scores import UNDATED
from textsignals.measures.suppression import plan
from textsignals.teams import Pseudonyms

MONDAY = date(2026, 3, 2)


def text(authors=8, n=10, *, first=0, day=MONDAY):
    """Return the text of some authors, `n` sentences each."""
    return {(f"person {i}", day, ""): n for i in range(first, first + authors)}


def minutes(n):
    return {(None, MONDAY, f"minutes {i}"): 20 for i in range(n)}


def answers(folder, *reports):
    """Return what the ledger says to the sums of one report after the other."""
    said = []
    for sums in reports:
        with Ledger(folder) as ledger:
            ledger.recognise(sums)
            said.append([ledger.admit(atoms) for atoms in sums])
    return said


def weeks(*numbers, **more):
    return joined(text(day=MONDAY + timedelta(days=7 * number), **more) for number in numbers)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("first", [True, False])
def test_a_cell_with_one_to_four_authors_more_or_fewer_is_refused(tmp_path, n, first):
    both = [[text(8, n=40)], [text(8 + n, n=40)]]
    assert answers(tmp_path, *(both if first else both[::-1])) == [[""], [REFUSED]]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (text(), text(), ""),
        # Five more, who wrote enough.
        (text(8), text(13), ""),
        (text(13), text(8), ""),
        (text(8), {**text(8), **text(5, 5, first=8)}, REFUSED),
        (text(8), {**text(8), **text(5, 5, first=8), ("person 9", MONDAY, ""): 100}, REFUSED),
        # One message more, one author for another, the same author on another day.
        (text(), {**text(), ("person 3", MONDAY, ""): 11}, REFUSED),
        (text(), {**text(7), **text(1, first=99)}, REFUSED),
        (text(), {**text(7), **text(1, first=7, day=date(2026, 3, 3))}, REFUSED),
        # Everybody wrote more, and enough.
        (text(n=10), text(n=20), ""),
        (text(n=10), text(n=12), REFUSED),
        # Nothing in common.
        (text(), text(first=8), ""),
        (text(), text(day=date(2026, 3, 9)), ""),
        # Minutes without authors.
        (minutes(5), minutes(4), REFUSED),
        (minutes(5), minutes(3), ""),
        # Zeros are no text.
        (text(), {**text(), ("person 99", MONDAY, ""): 0}, ""),
        (text(), text(4), REFUSED),
    ],
)
def test_what_may_be_published_after_what(tmp_path, before, after, said):
    assert answers(tmp_path, [before], [after]) == [[""], [said]]


def test_a_month_is_refused_if_it_leaves_a_hidden_week(tmp_path):
    few = text(3, day=MONDAY + timedelta(days=21))
    assert answers(tmp_path, [weeks(0), weeks(1), weeks(2)], [joined([weeks(0, 1, 2), few])])[1] == [REFUSED]
    assert answers(tmp_path, [weeks(0, 1, 2)]) == [[""]]
    # Four weeks of enough people and text each.
    assert answers(tmp_path, [weeks(0, 1, 2, 3)]) == [[""]]


def test_a_published_month_refuses_the_week_that_would_leave_too_little(tmp_path):
    month = joined([weeks(0, 1), text(3, n=5, day=MONDAY + timedelta(days=14))])
    assert answers(tmp_path, [month], [weeks(0), weeks(1)]) == [[""], ["", REFUSED]]


def test_a_week_across_two_months_does_not_give_its_days_away(tmp_path):
    days = [text(n=n, day=day) for n, day in [(10, date(2026, 3, 23)), (10, date(2026, 3, 30)), (2, date(2026, 4, 1))]]
    across = joined([days[1], days[2]])
    assert answers(tmp_path, [days[0], across], [joined(days[:2])])[1] == [REFUSED]


def test_other_teams_are_compared_by_their_text_not_by_their_names(tmp_path):
    people = [message("Plain words. " * 10, author=f"person {i}", team="Payments") for i in range(8)]
    renamed = [m._replace(team="Money") for m in people[:7]]
    key = project_key(tmp_path)
    first, other = (texts(counted(m, pseudonyms=Pseudonyms(key)).days, "week") for m in (people, renamed))
    assert answers(tmp_path, first.values(), other.values()) == [[""], [REFUSED]]


def documents(*names, n=20, day=MONDAY):
    """Return the messages of documents without authors, in folders of teams, each of `n` sentences."""
    return [message("Plain words. " * n, author=None, file=name, team=name.split("/")[-2], day=day) for name in names]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # Minutes of one name in folders of teams; one more of them is all that two reports differ in.
        ([f"in/sales/{i}.md" for i in range(3)], [*(f"in/sales/{i}.md" for i in range(4)), "in/ops/0.md"], REFUSED),
        # The same folder, told by another path.
        ([f"in/sales/{i}.md" for i in range(3)], [f"/home/in/sales/{i}.md" for i in range(3)], ""),
        ([f"in/sales/{i}.md" for i in range(3)], [f"/home/in/sales/{i}.md" for i in range(4)], REFUSED),
    ],
)
def test_documents_are_known_again_by_their_names_in_any_folder(tmp_path, before, after, said):
    reports = [texts(counted(documents(*names)).days, "week") for names in (before, after)]
    sales = [[atoms for (team, _), atoms in report.items() if team == "sales"] for report in reports]
    assert answers(tmp_path, *sales) == [[""], [said]]


def test_a_document_of_two_teams_is_one(tmp_path):
    board = [message("Plain words. " * 40, author=None, file="board.csv", team=team) for team in ("Sales", "Ops")]
    whole = texts(counted([*board, *documents("in/ops/1.md", "in/ops/2.md")]).days, "week")
    rest = texts(counted(documents("in/ops/1.md", "in/ops/2.md")).days, "week")
    assert answers(tmp_path, [joined(rest.values())], [joined(whole.values())]) == [[""], [REFUSED]]


def test_undated_text_goes_by_its_document(tmp_path):
    def board(name, n):
        return [message("Card. " * n, author=f"person {i}", file=name, day=None, number=i) for i in range(8)]

    one, other = board("retro 1.csv", 10), board("retro 2.csv", 12)
    late = [message("Card.", author="late", file="retro 2.csv", day=None)]
    key = Pseudonyms(project_key(tmp_path))
    reports = [texts(counted(m, pseudonyms=key).days, "week").values() for m in (one, other, [*one, *other, *late])]
    assert answers(tmp_path, *reports) == [[""], [""], [REFUSED]]


def test_a_ledger_counts_its_days_in_one_zone(tmp_path):
    with Ledger(tmp_path, "Europe/Berlin") as ledger:
        ledger.admit(text())
    with pytest.raises(TextSignalsError) as error, Ledger(tmp_path):
        pass
    assert str(error.value) == (
        f"{tmp_path / 'ledger.jsonl'}: earlier reports count days in Europe/Berlin, not in UTC; use --tz Europe/Berlin,"
        " or set TEXTSIGNALS_STATE to a folder for reports on other text"
    )
    with Ledger(tmp_path, "Europe/Berlin") as ledger:
        assert ledger.admit(text()) == ""


def of_teams(**sentences):
    """Return the texts of teams in each of which the same eight people wrote in one place on one day."""
    return {team: {(f"person {i}", MONDAY, f"general\n{team}"): n for i in range(8)} for team, n in sentences.items()}


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        # Other names, or the same for other text of which there may be some in common.
        ({"a": 10, "b": 20}, {"a": 10, "c": 20}, ""),
        ({"a": 10, "b": 20}, {"c": 10, "d": 20}, ""),
        ({"a": 10, "b": 20}, {"c": 11, "b": 20}, "c"),
        ({"a": 10, "b": 20}, {"c": 15, "b": 20}, ""),
        ({"a": 10, "b": 10}, {"a": 10, "c": 10}, ""),
        # Who is who cannot be said.
        ({"a": 10, "b": 10}, {"c": 10, "d": 10}, "cd"),
        ({"a": 10, "b": 20}, {"c": 15, "d": 25}, "cd"),
        ({"a": 10}, {"b": 10, "a": 5}, "a"),
        # One of two, and two of one; one of them alone.
        ({"a": 10, "b": 20}, {"a": 30}, ""),
        ({"a": 10, "b": 20}, {"c": 31}, "c"),
        ({"a": 10}, {"a": 10, "b": 20}, ""),
        ({"a": 10}, {"a": 15, "b": 20}, "ab"),
        ({"a": 10, "b": 20}, {"c": 20}, ""),
        # A third team; two that became one beside a third.
        ({"a": 10, "b": 20}, {"a": 10, "b": 20, "c": 30}, ""),
        ({"a": 10, "b": 20}, {"a": 10, "d": 20, "c": 30}, ""),
        ({"a": 10, "b": 20, "c": 30}, {"a": 10, "d": 50}, ""),
        ({"a": 10, "b": 20, "c": 30}, {"a": 30, "c": 30}, ""),
        # Names that changed places, with a little more.
        ({"a": 10, "b": 20}, {"b": 10, "a": 21}, "a"),
        ({"a": 10, "b": 20}, {"a": 11, "b": 21}, "ab"),
    ],
)
def test_texts_of_one_day_and_place_are_known_again_whatever_their_teams_are_called(tmp_path, before, after, refused):
    said = []
    for report in (of_teams(**before), of_teams(**after), of_teams(**after)):
        with Ledger(tmp_path) as ledger:
            ledger.recognise(report.values())
            said.append("".join(team for team, atoms in report.items() if ledger.admit(atoms)))
    assert said == ["", refused, refused]


@pytest.mark.parametrize(("alike", "refused"), [(0, ""), (1, "ab")])
def test_names_that_changed_places_are_trusted_for_no_numbers_alike(tmp_path, alike, refused):
    numbers = {"a": range(10, 18), "b": [10] * alike + [30 + i for i in range(alike, 8)]}
    said = []
    for one, other in ("ab", "ba"):
        report = {
            name: {(f"person {i}", MONDAY, f"tickets\n{name}"): n for i, n in enumerate(numbers[team])}
            for name, team in (("a", one), ("b", other))
        }
        with Ledger(tmp_path) as ledger:
            ledger.recognise(report.values())
            said.append("".join(team for team, atoms in report.items() if ledger.admit(atoms)))
    assert said == ["", refused]


def test_refused_stays_refused_and_admitted_stays_admitted(tmp_path):
    sums = [weeks(0), joined([weeks(0), text(2, first=20)]), weeks(0, 1), weeks(1, 2), text(3)]
    first = answers(tmp_path, sums)
    before = (tmp_path / "ledger.jsonl").read_bytes()
    assert answers(tmp_path, sums, sums) == first * 2
    assert (tmp_path / "ledger.jsonl").read_bytes() == before


SETS = st.lists(
    st.dictionaries(st.tuples(st.integers(0, 11), st.integers(0, 2)), st.integers(5, 30), min_size=5, max_size=24),
    min_size=2,
    max_size=4,
)


@given(SETS)
@settings(max_examples=50, deadline=None)
def test_what_is_admitted_differs_by_what_may_be_shown(tmp_path_factory, sums):
    atoms = [{(f"p{i}", MONDAY + timedelta(days=d), ""): n for (i, d), n in some.items()} for some in sums]
    (said,) = answers(tmp_path_factory.mktemp("state"), atoms)
    admitted = [some for some, reason in zip(sums, said, strict=True) if not reason]
    for one in admitted:
        for other in admitted:
            lost = dict.fromkeys(range(12), 0)
            for (i, d), n in one.items():
                lost[i] += max(0, n - other.get((i, d), 0))
            wrote = [n for n in lost.values() if n]
            assert not wrote or (len(wrote) >= 5 and sum(wrote) >= 30 and 2 * max(wrote) <= sum(wrote))


def test_texts_are_told_by_author_and_day_and_place_or_document():
    key = Pseudonyms(b"k" * 32)
    counts = counted(
        [
            message("One. Two.", author="Ann", channel="general"),
            message("Three.", author="ann ", day=date(2026, 3, 3), channel="random"),
            message("Four.", author=None, file="minutes.md", day=None),
            message("Four.", author="Ann", file="in/board.csv", day=None),
            message("Four.", author=None, file="in/retro.zip!retro.md"),
            message("Four.", author=None, file="in/2026/notes.md"),
            message("Four. Again.", author=None, file="in/2025/notes.md"),
            message("Four.", author=None, file="board.csv"),
            message("Four.", author=None, file="board.csv", team="Sales"),
            message("Five.", author="Ben"),
            message("Six.", author="Ben", team="Sales"),
            message("Seven.", author="Ben", team="Sales", channel="general"),
        ],
        pseudonyms=key,
    )
    assert texts(counts.days, "week") == {
        ("Payments", "2026-W10"): {
            (key("Ann"), MONDAY, "general\ngeneral\nPayments"): 2,
            (key("Ann"), date(2026, 3, 3), "random\nrandom\nPayments"): 1,
            (None, MONDAY, "retro.md\nin/retro.zip!retro.md\nPayments"): 1,
            (None, MONDAY, "board.csv\nboard.csv\nPayments"): 1,
            (None, MONDAY, "notes.md\nin/2025/notes.md\nPayments"): 2,
            (None, MONDAY, "notes.md\nin/2026/notes.md\nPayments"): 1,
            (key("Ben"), MONDAY, "csv\ncsv\nPayments"): 1,
        },
        ("Payments", UNDATED): {
            (None, None, "minutes.md\nminutes.md\nPayments"): 1,
            (key("Ann"), None, "board.csv\nin/board.csv\nPayments"): 1,
        },
        ("Sales", "2026-W10"): {
            (None, MONDAY, "board.csv\nboard.csv\nSales"): 1,
            (key("Ben"), MONDAY, "csv\ncsv\nSales"): 1,
            (key("Ben"), MONDAY, "general\ngeneral\nSales"): 1,
        },
    }


def test_a_report_that_is_made_again_hides_the_same(tmp_path):
    made = []
    for gone in (0, 0, 1, 0):
        sales = [m._replace(author=f"sales {m.author}") for m in weeks_of("Sales", [3] * 6, n_authors=8)]
        counts = counted([*weeks_of("Payments", [3] * 6)[gone:], *sales], pseudonyms=Pseudonyms(project_key(tmp_path)))
        cells, atoms = counts.cells("week"), texts(counts.days, "week")
        with Ledger(tmp_path) as ledger:
            ledger.recognise(atoms.values())
            verdicts = {cell: may_show(tally) for cell, tally in cells.items()}
            made.append(plan(cells, verdicts, lambda some, a=atoms, to=ledger: to.admit(joined(a[c] for c in some))))
    assert made[0] == made[1] == made[3]
    assert made[0].hidden == {}
    assert made[2].hidden == {("Payments", "2026-W02"): REFUSED}


NAMES = [f"quorra{i}@vexmail.example" for i in range(300)]


def everything(folder):
    """Return all that lies in the folder but the key, also unpacked."""
    found = [path.name.encode() for path in folder.iterdir()]
    for line in (folder / "ledger.jsonl").read_bytes().splitlines():
        found += [line, zlib.decompress(base64.b64decode(json.loads(line)["atoms"]))]
    return b"\n".join(found)


def test_neither_names_nor_the_key_nor_guessable_hashes_are_in_the_ledger(tmp_path):
    answers(tmp_path, [{(name, MONDAY, "Vexteam"): 10 for name in NAMES}, {(None, MONDAY, "Vexminutes"): 60}])
    kept, key = everything(tmp_path), project_key(tmp_path)
    assert not [name for name in (b"quorra", b"vexmail", b"vexteam", b"vexminutes") if name in kept.lower()]
    assert not any(form in kept for form in (key, key.hex().encode(), base64.b64encode(key)))
    guesses = [hashlib.new(how, name.encode()).digest() for how in ("md5", "sha1", "sha256") for name in NAMES]
    guesses += [hmac.digest(guess, name.encode(), "sha256") for guess in (b"", b"key", bytes(32)) for name in NAMES]
    assert not [guess for guess in guesses if guess[:8] in kept or guess.hex()[:16].encode() in kept]


def test_the_same_people_under_two_keys_have_no_value_in_common(tmp_path):
    values = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        answers(folder, [{(name, MONDAY, "place"): 10 for name in NAMES}])
        (line,) = (folder / "ledger.jsonl").read_text().splitlines()
        packed = zlib.decompress(base64.b64decode(json.loads(line)["atoms"]))
        values.append({packed[i : i + 16] for i in range(0, len(packed), 36)} | {packed[20:28]})
    assert len(values[0]) == len(values[1]) == len(NAMES) + 1
    assert not values[0] & values[1]
    assert project_key(tmp_path / "a") != project_key(tmp_path / "b")


def test_folder_and_files_are_the_users_own(tmp_path):
    folder = tmp_path / "state" / "textsignals"
    before = os.umask(0)
    try:
        answers(folder, [text()])
    finally:
        os.umask(before)
    assert sorted(path.name for path in folder.iterdir()) == ["key", "ledger.jsonl"]
    assert [path.stat().st_mode & 0o777 for path in (folder, *sorted(folder.iterdir()))] == [0o700, 0o600, 0o600]


def test_the_window_is_kept_in_clear(tmp_path):
    answers(tmp_path, [weeks(0, 2), {(None, None, f"minutes {i}"): 40 for i in range(3)}])
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert [(line["first"], line["last"]) for line in lines] == [("2026-03-02", "2026-03-16"), ("", "")]


def test_the_key_is_made_once_and_stays(tmp_path):
    key = project_key(tmp_path)
    assert len(key) == 32 and project_key(tmp_path) == key
    answers(tmp_path, [text()])
    assert project_key(tmp_path) == key


def test_forgetting_leaves_nothing_and_makes_a_new_key(tmp_path):
    key = project_key(tmp_path)
    answers(tmp_path, [text()])
    forget(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert answers(tmp_path, [text(7)]) == [[""]]
    assert project_key(tmp_path) != key
    forget(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def publish_with_one_more(folder, number, queue):
    (said,) = answers(folder, [joined([text(), text(1, first=100 + number)]), text(first=1000 * number + 200)])
    queue.put(said)


def test_of_many_reports_at_once_one_is_published_and_all_are_kept(tmp_path):
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    running = [fork.Process(target=publish_with_one_more, args=(tmp_path, i, queue)) for i in range(8)]
    for process in running:
        process.start()
    said = [queue.get(timeout=60) for _ in running]
    for process in running:
        process.join()
    assert sorted(said) == [["", ""], *[[REFUSED, ""]] * 7]
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == 9


def test_nothing_is_kept_of_a_report_that_failed(tmp_path):
    with pytest.raises(ZeroDivisionError), Ledger(tmp_path) as ledger:
        assert ledger.admit(text()) == ""
        raise ZeroDivisionError
    assert not (tmp_path / "ledger.jsonl").exists()
    assert answers(tmp_path, [text(7)]) == [[""]]


AGAIN = (
    "; bring the folder back from a copy, or delete its files key and ledger.jsonl:"
    " new reports are then not compared with earlier ones"
)


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:-1],
        lambda line: line[: len(line) // 2],
        lambda line: b"\x00\xff\n",
        lambda line: b"[]\n",
        lambda line: b"{}\n",
        lambda line: b"\n",
        lambda line: line.replace(b"2026-03-09", b"2026-03-10"),
        lambda line: line.replace(b'"atoms": "e', b'"atoms": "f'),
    ],
)
def test_a_damaged_line_is_an_error_that_says_what_to_do(tmp_path, damage):
    answers(tmp_path, [weeks(0), weeks(1)])
    path = tmp_path / "ledger.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    assert damage(second) != second
    path.write_bytes(first + damage(second))
    with pytest.raises(TextSignalsError) as error, Ledger(tmp_path):
        pass
    assert str(error.value) == f"{path}, line 2: is damaged or of another key{AGAIN}"
    # The folder is free again.
    forget(tmp_path)
    assert answers(tmp_path, [text()]) == [[""]]


def lose(key):
    key.unlink()


def shorten(key):
    key.write_bytes(b"short")


def replace(key):
    key.write_bytes(bytes(32))


def open_up(key):
    key.chmod(0o644)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lose, "{folder}/key: is lost, but its ledger is there" + AGAIN),
        (shorten, "{folder}/key: is damaged: a key has 32 bytes" + AGAIN),
        (replace, "{folder}/ledger.jsonl, line 1: is damaged or of another key" + AGAIN),
        (open_up, "{folder}/key: others may read the key; run chmod 600 on it"),
    ],
)
def test_a_key_that_is_lost_damaged_or_open_is_an_error(tmp_path, harm, said):
    answers(tmp_path, [text()])
    harm(tmp_path / "key")
    with pytest.raises(TextSignalsError) as error, Ledger(tmp_path):
        pass
    assert str(error.value) == said.format(folder=tmp_path)


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path, monkeypatch):
    answers(tmp_path, [weeks(0)])
    before = (tmp_path / "ledger.jsonl").read_bytes()
    write = os.write

    def full(file, content):
        if len(content) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, content[: len(content) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "write", full)
        with pytest.raises(TextSignalsError, match=r"No space left on device; set TEXTSIGNALS_STATE to a folder"):
            answers(tmp_path, [weeks(1)])
    assert (tmp_path / "ledger.jsonl").read_bytes() == before
    assert answers(tmp_path, [weeks(1)]) == [[""]]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TextSignalsError) as error:
        project_key(tmp_path / "file" / "state")
    assert str(error.value) == (
        f"{tmp_path}/file/state: what earlier reports published cannot be kept there: Not a directory;"
        " set TEXTSIGNALS_STATE to a folder that only you can read"
    )


def test_the_state_folder_is_told_or_the_users(monkeypatch):
    for name in ("TEXTSIGNALS_STATE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert state_folder() == Path("/home/somebody/.local/state/textsignals")
    monkeypatch.setenv("XDG_STATE_HOME", "/var/states")
    assert state_folder() == Path("/var/states/textsignals")
    monkeypatch.setenv("TEXTSIGNALS_STATE", "/elsewhere")
    assert state_folder() == Path("/elsewhere")


def test_without_a_home_the_state_folder_must_be_told(monkeypatch):
    def homeless():
        raise RuntimeError

    for name in ("TEXTSIGNALS_STATE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module.Path, "home", homeless)
    with pytest.raises(TextSignalsError, match="there is no home folder for the ledger; set TEXTSIGNALS_STATE"):
        state_folder()
