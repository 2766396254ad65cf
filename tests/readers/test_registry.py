from __future__ import annotations

import io
import random
from itertools import permutations

import pytest
from exports import read_all, tarred, write_folder, zipped

import textsignals as ts
from textsignals import readers
from textsignals.readers import copies, gzip_stream, sources, templates

NOTE = "# Retro\n\n- We agreed\n"
LONG = "# Retro\n\n" + "".join(f"- We waited {n} days for an answer.\n\n" for n in range(3, 60))
SLACK = '[{"type": "message", "user": "U1", "text": "We agreed", "ts": "1773396000.000100"}]'
EXPORT = {"users.json": "[]", "channels.json": "[]", "payments/2026-03-13.json": SLACK}
PAGE_ID = "7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c{:02d}"


def texts(path, **options):
    return [m.text for m in read_all(path, **options)[0]]


# Copies


def test_a_copy_under_another_name_is_left_out_as_one_record(tmp_path):
    write_folder(
        tmp_path, {"retro.md": NOTE, "retro (1).md": NOTE, "old.zip": zipped({"all/retro.md": LONG}), "b/x.md": LONG}
    )
    messages, report = read_all(tmp_path)
    assert len(messages) == 1 + LONG.count("- ")
    assert report.skipped == {"heading": 2, "duplicate file": 2}
    copies_ = [f.file.removeprefix(f"{tmp_path}/") for f in report.files if "duplicate file" in f.skipped]
    assert copies_ == ["retro.md", "old.zip!all/retro.md"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("call.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nAna: We agreed\n"),
        ("table.csv", "author,text\nAna,We agreed\n"),
        ("page.html", "<html><body><p>We agreed</p></body></html>"),
        ("note.txt", "We agreed.\n"),
    ],
)
def test_copies_are_found_in_another_input_too(tmp_path, name, data):
    write_folder(tmp_path, {f"a/{name}": data, f"b/a/copy of {name}": data})
    seen = readers.Seen()
    assert len(list(ts.read(tmp_path / "a" / name, seen=seen))) == 1
    for path in (tmp_path / "a", tmp_path / "b", tmp_path / "b/a" / f"copy of {name}"):
        messages, report = read_all(path, seen=seen)
        assert (messages, report.skipped) == ([], {"duplicate file": 1})


def test_the_same_words_on_another_day_or_from_another_team_are_no_copy(tmp_path):
    write_folder(tmp_path, {"2026-03-13.md": NOTE, "2026-03-20.md": NOTE, "pay/notes.md": NOTE, "ship/notes.md": NOTE})
    messages, report = read_all(tmp_path)
    assert ([m.text for m in messages], report.skipped) == (["We agreed"] * 4, {"heading": 4})
    assert len({m.id for m in messages}) == 4


def test_chats_with_ids_of_their_own_are_compared_message_by_message(tmp_path):
    write_folder(tmp_path, {"a/payments.json": SLACK, "b/payments.json": SLACK})
    assert read_all(tmp_path)[1].skipped == {"duplicate": 1}


def test_copies_of_an_undated_note_are_no_series(tmp_path):
    write_folder(tmp_path, {f"retro ({n}).md": NOTE for n in range(1, 6)})
    messages, report = read_all(tmp_path)
    assert ([m.text for m in messages], report.skipped) == (["We agreed"], {"heading": 1, "duplicate file": 4})


def test_files_over_the_limit_and_damaged_ones_are_not_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "MAX_BYTES", len(NOTE) - 1)
    write_folder(tmp_path, {"a.md": NOTE, "b.md": NOTE})
    assert texts(tmp_path) == ["We agreed"] * 2


def test_two_files_that_begin_alike_are_both_read(tmp_path):
    rows = "author,text\n" + "Ana,We waited for the gate\n" * 5000
    write_folder(tmp_path, {"a.csv": f"{rows}Ana,We agreed\n", "b.csv": f"{rows}Ana,We parted\n"})
    assert len((tmp_path / "a.csv").read_bytes()) > 2 * 64 * 1024
    assert read_all(tmp_path)[1].skipped.get("duplicate file", 0) == 0


# Templates


def notes_of_a_series(count):
    return {f"{n:04}.md": f"# Retro\n\nSay what went well!\n\n- We waited {n} days.\n" for n in range(count)}


def test_a_template_is_found_in_pages_that_lie_alone_and_in_a_whole_export(tmp_path):
    pages = {f"Retro {n} {PAGE_ID.format(n)}.md": f"Say what went well!\n\n- We waited {n} days.\n" for n in range(5)}
    write_folder(tmp_path / "whole", pages)
    write_folder(tmp_path / "mixed", pages | {"readme.txt": "We keep our notes here.\n"})
    for folder, others in (("whole", 0), ("mixed", 1)):
        messages, report = read_all(tmp_path / folder)
        assert (len(messages), report.skipped["template"]) == (5 + others, 5)


def test_texts_of_a_template_come_when_everything_is_asked_for(tmp_path):
    write_folder(tmp_path, notes_of_a_series(4))
    found, report = read_all(tmp_path, system=True)
    assert [m.text for m in found if m.skip == "template"] == ["Say what went well!"] * 4
    assert "template" not in report.skipped


def test_fewer_than_four_notes_are_read_once_only():
    def note():
        raise AssertionError("read")

    assert templates.template_of([note] * 3) == frozenset()


def test_of_a_long_series_a_sample_is_enough(monkeypatch):
    monkeypatch.setattr(templates, "_SAMPLE", 10)
    read = []

    def note(n):
        read.append(n)
        return []

    templates.template_of([lambda n=n: note(n) for n in range(101)])
    assert read == list(range(0, 101, 11))


def test_the_first_look_at_a_note_keeps_nothing_of_it(tmp_path):
    class Reader:
        NAME = "example"

        def read(self, source, log, options):
            assert source.head()
            return iter(())

    source = sources.open_file(write_folder(tmp_path, {"a.md": NOTE}) / "a.md")
    assert list(readers._once(Reader(), source, readers.Options())) == []
    assert source._first == []


# Folders and archives


def test_everything_comes_in_the_order_of_paths(tmp_path):
    slack = {f"b/{name}": data for name, data in EXPORT.items()}
    parts = {
        "a.md": "One",
        "c.zip": zipped({"z.md": "Three", "a.md": "We"}),
        "b.md": "Two",
        "d/e.md": "Four",
        "d.md": "Five",
    }
    write_folder(tmp_path, slack | parts)
    # "b" stands before "b.md", as a word before a longer one.
    assert texts(tmp_path) == ["One", "We agreed", "Two", "We", "Three", "Five", "Four"]


def test_a_folder_in_an_archive_in_an_archive_may_be_an_export(tmp_path):
    inner = zipped({f"export/{name}": data for name, data in EXPORT.items()} | {"a.md": "Hello there"})
    path = write_folder(tmp_path, {"all.zip": zipped({"inner.zip": inner})}) / "all.zip"
    assert texts(path) == ["Hello there", "We agreed"]


def test_a_format_that_is_asked_for_is_found_as_an_export_in_a_folder(tmp_path):
    write_folder(tmp_path, {f"x/{name}": data for name, data in EXPORT.items()})
    messages, report = read_all(tmp_path, format="slack")
    assert [(m.text, m.channel) for m in messages] == [("We agreed", "payments")]
    assert report.problems == ()


def test_the_ids_of_a_note_are_the_same_in_an_archive_and_in_the_folder_it_was(tmp_path):
    files = {"a.md": "One", "pay/b.md": "Two"}
    write_folder(tmp_path, {"all.zip": zipped(files), "all.tgz": tarred(files)})
    write_folder(tmp_path / "all", files)
    ids = [[m.id for m in ts.read(tmp_path / name)] for name in ("all", "all.zip", "all.tgz")]
    assert ids[0] == ids[1] == ids[2]


def test_members_in_thousands_of_folders_are_refused(tmp_path):
    path = write_folder(tmp_path, {"deep.zip": zipped({"a/" * 20_000 + "b.md": NOTE, "a.md": NOTE})}) / "deep.zip"
    messages, report = read_all(path)
    assert len(messages) == 1
    assert [(p.problem, len(p.file)) for p in report.problems] == [("lies over 100 folders deep", 200)]


# Packed tar files


class Counted(io.BytesIO):
    """A file that counts how many of its bytes were read."""

    taken = 0

    def read(self, size=-1):
        data = super().read(size)
        self.taken += len(data)
        return data


def noise(count, size):
    source = random.Random(1)
    return {f"{n:03}.bin": source.randbytes(size) for n in source.sample(range(count), count)}


@pytest.mark.parametrize("parts", [1, 3])
def test_a_packed_stream_gives_its_bytes_in_any_order(monkeypatch, parts):
    import gzip

    monkeypatch.setattr(gzip_stream, "_SPACING", 2_000)
    monkeypatch.setattr(gzip_stream, "_MAX_MARKS", 8)
    data = random.Random(2).randbytes(60_000) + b"a" * 60_000
    step = len(data) // parts
    packed = b"".join(gzip.compress(data[at : at + step]) + b"\0" * 20_000 for at in range(0, len(data), step))
    stream = gzip_stream.GzipStream(io.BytesIO(packed))
    for places in permutations([0, 1, 40_000, 119_990]):
        for at in places:
            assert stream.seek(at) == stream.tell() == at
            assert b"".join(stream.read(1) for _ in range(9)) == data[at : at + 9]
    assert stream.seek(10**9) == len(data)
    assert stream.read(1) == b""
    assert len(stream._marks) <= 8


def test_a_cut_or_damaged_stream_says_so():
    import gzip
    import zlib

    packed = gzip.compress(random.Random(3).randbytes(50_000))
    with pytest.raises(EOFError):
        gzip_stream.GzipStream(io.BytesIO(packed[:-9])).readall()
    with pytest.raises(zlib.error):
        gzip_stream.GzipStream(io.BytesIO(packed[:-8] + b"12345678")).readall()


def test_members_of_a_packed_tar_file_in_any_order_are_not_unpacked_from_the_start_each_time():
    members = noise(60, 100_000)
    packed, opened = tarred(members), []

    def opener():
        opened.append(Counted(packed))
        return opened[-1]

    folder = sources.open_archive(sources.Source("a.tgz", sources.PurePosixPath("a.tgz"), opener, len(packed)))
    for path, member in folder.files.items():
        assert member.head() == members[path][: 64 * 1024]
        assert member.read() == members[path]
    # Once to list them, and for each the marks before its head and before its content: without marks it is 60 times.
    assert sum(stream.taken for stream in opened) < 8 * len(packed)


def test_a_packed_tar_file_is_read_whatever_the_order_of_its_members(tmp_path):
    notes = {f"{n}.md": f"We waited {n} days.\n".encode() for n in (5, 1, 4, 2, 3)}
    write_folder(tmp_path, {"a.tar.gz": tarred(notes), "b.tar": tarred(notes, "w")})
    expected = [f"We waited {n} days." for n in range(1, 6)]
    assert texts(tmp_path / "a.tar.gz") == texts(tmp_path / "b.tar") == expected
