from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from exports import read_all, tarred, write, zipped

import textsignals as ts
from textsignals import readers
from textsignals.cli import main
from textsignals.errors import InputError
from textsignals.readers import formats, sniff, sources

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"
NOTE = "# Retro\n\n- We agreed\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nAna: We agreed\n"
CSV = "author,text\nAna,We agreed\n"
JSONL = '{"author": "Ana", "text": "We agreed"}\n{"author": "Bo", "text": "So did we"}\n'
SLACK = json.dumps([{"type": "message", "user": "U1", "text": "We agreed", "ts": "1773396000.000100"}])
EXPORT = {"users.json": "[]", "channels.json": "[]", "payments/2026-03-13.json": SLACK}

UNKNOWN = (
    "is of no known format; see `textsignals read --help` for those that are read, or save it as Markdown (.md), plain"
    " text (.txt) or a table (.csv)"
)


def failure(path, **options):
    with pytest.raises(InputError) as caught:
        read_all(path, **options)
    return str(caught.value)


# What the input itself may be


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.md", b"", "is empty; export it again"),
        (
            "a.png",
            PNG,
            UNKNOWN,
        ),
        (
            "a.md",
            PNG,
            UNKNOWN,
        ),
        (
            "a.csv",
            PNG,
            UNKNOWN,
        ),
        (
            "a.json",
            b'{\n"some": "other export"}',
            UNKNOWN,
        ),
        ("a.json", SLACK[:-20].encode(), "is not complete JSON; export it again"),
        (
            "a.zip",
            zipped(EXPORT)[:-40],
            "is not a complete zip file (File is not a zip file); it may be cut off: copy or export it again",
        ),
        (
            "a.zip",
            b"PK\x03\x04",
            "is not a complete zip file (File is not a zip file); it may be cut off: copy or export it again",
        ),
        ("a.zip", zipped({}), "holds no files; give the folder of the export"),
    ],
)
def test_an_input_that_is_no_export_says_what_is_wrong_and_what_to_try(tmp_path, name, data, problem):
    path = write(tmp_path / name, data)
    message = failure(path)
    assert message.startswith(str(path))
    assert re.sub(r"^, character \d+", "", message.removeprefix(str(path))).removeprefix(": ") == problem


def test_a_missing_input_fails_at_the_call(tmp_path):
    with pytest.raises(InputError) as caught:
        ts.read(tmp_path / "none.zip")
    assert str(caught.value) == f"{tmp_path / 'none.zip'}: no such file or folder; check the spelling"


def test_a_folder_without_files_says_so(tmp_path):
    (tmp_path / "inner").mkdir()
    assert failure(tmp_path) == f"{tmp_path}: holds no files; give the folder of the export"


def test_the_command_tells_each_bad_input_in_a_line_and_reads_the_others(tmp_path, runner):
    good, empty = write(tmp_path / "a.md", NOTE), write(tmp_path / "b.md", "")
    missing = tmp_path / "none.zip"
    result = runner.invoke(main, ["read", str(empty), str(missing), str(good)])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"Error: {empty}: is empty; export it again",
        f"Error: {missing}: no such file or folder; check the spelling",
    ]
    assert "4 read = 1 message + 1 skipped + 2 quarantined" in result.stdout


def test_the_command_prints_the_identity_and_exits_with_1_on_quarantine(tmp_path, runner):
    path = write(tmp_path / "a.jsonl", JSONL + "{broken\n")
    result = runner.invoke(main, ["read", str(path)])
    assert result.exit_code == 1
    assert "3 read = 2 messages + 0 skipped + 1 quarantined" in result.stdout
    assert result.stderr == f"Error: {path}, line 3: is not a JSON object; write one object a line\n"


@pytest.mark.parametrize(
    "arguments", [["read"], ["read", "--tz", "Mars/Olympus", "a.md"], ["read", "--column", "text", "a.csv"]]
)
def test_wrong_usage_exits_with_2(runner, arguments):
    assert runner.invoke(main, arguments).exit_code == 2


# Folders and zips


def test_a_bad_file_in_a_folder_does_not_stop_the_others(tmp_path):
    write(tmp_path / "a.md", NOTE)
    write(tmp_path / "b.md", "")
    write(tmp_path / "c.zip", zipped(EXPORT)[:-40])
    write(tmp_path / "d.png", PNG)
    write(tmp_path / ".hidden.md", NOTE)
    write(tmp_path / "e.csv", CSV)
    messages, report = read_all(tmp_path)
    assert [m.text for m in messages] == ["We agreed"] * 2
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / 'b.md'}: is empty; export it again",
        f"{tmp_path / 'c.zip'}: is not a complete zip file (File is not a zip file);"
        " it may be cut off: copy or export it again",
    ]
    assert report.skipped == {"heading": 1, "hidden file": 1, "unknown format": 1}


def test_a_slack_zip_beside_notes_and_tables_is_read_with_them(tmp_path):
    write(tmp_path / "export.ZIP", zipped(EXPORT))
    write(tmp_path / "minutes/retro.md", NOTE)
    write(tmp_path / "standups.csv", CSV)
    write(tmp_path / "unzipped/users.json", "[]")
    write(tmp_path / "unzipped/payments/2026-03-13.json", SLACK)
    messages, report = read_all(tmp_path)
    assert [m.text for m in messages] == ["We agreed"] * 3
    assert {m.source for m in messages} == {"slack", "notes", "csv"}
    assert sorted(f.format for f in report.files) == ["notes", "slack", "slack", "table"]
    assert [m.channel for m in messages if m.source == "slack"] == ["payments"]
    assert report.skipped == {"duplicate": 1, "heading": 1}


def test_a_zip_of_other_files_is_read_member_by_member_with_the_zips_in_it(tmp_path):
    inner = {"d.md": NOTE.replace("agreed", "waited"), "e.zip": zipped({"f.md": NOTE})}
    path = write(tmp_path / "all.zip", zipped({"a.md": NOTE, "b.vtt": VTT, "c.zip": zipped(inner)}))
    messages, report = read_all(path)
    assert {m.file: m.text for m in messages} == {
        f"{path}!a.md": "We agreed",
        f"{path}!b.vtt": "We agreed",
        f"{path}!c.zip!d.md": "We waited",
    }
    assert [str(p) for p in report.problems] == [
        f"{path}!c.zip!e.zip: is an archive too deep inside others; unpack the outer one"
    ]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_file_is_read_like_a_zip(tmp_path, mode):
    link = tarfile.TarInfo("link.md")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    files = {"./a.md": NOTE, "b/c.vtt": VTT, "../out.md": NOTE}
    path = write(tmp_path / ("all.tar" if mode == "w" else "all.tar.gz"), tarred(files, mode, [link]))
    messages, report = read_all(path)
    assert {m.file for m in messages} == {f"{path}!a.md", f"{path}!b/c.vtt"}
    assert [p.problem for p in report.problems] == ["points outside the tar file"] * 2


def test_a_cut_tar_file_says_so(tmp_path):
    path = write(tmp_path / "all.tar.gz", tarred({"a.md": os.urandom(100_000)})[:50_000])
    assert failure(path).startswith(f"{path}: is not a complete tar file (")


def test_a_damaged_member_is_quarantined_and_the_other_days_are_read(tmp_path):
    later = SLACK.replace("We agreed", "Later on").replace("1773396", "1773482")
    data = zipped(EXPORT | {"payments/2026-03-14.json": later})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo("payments/2026-03-13.json")
    start = info.header_offset + 30 + len(info.filename)
    broken = data[: start + 5] + bytes(b ^ 0xFF for b in data[start + 5 : start + 25]) + data[start + 25 :]
    messages, report = read_all(write(tmp_path / "e.zip", broken))
    assert [m.text for m in messages] == ["Later on"]
    [problem] = report.problems
    assert problem.file == f"{tmp_path / 'e.zip'}!payments/2026-03-13.json"
    assert problem.problem.startswith("cannot be read: ")
    assert problem.hint == "copy or export it again"
    assert (report.read, report.quarantined) == (2, 1)


@pytest.mark.parametrize("name", ["../out.md", "/etc/out.md", "a/../../out.md", "C:/out.md", "link"])
def test_members_that_point_outside_are_refused(tmp_path, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("in.md", NOTE)
        info = zipfile.ZipInfo(name)
        if name == "link":
            info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    path = write(tmp_path / "e.zip", out.getvalue())
    messages, report = read_all(path)
    assert [m.text for m in messages] == ["We agreed"]
    assert [str(p) for p in report.problems] == [f"{path}!{name}: points outside the zip file; not a plain export"]


def test_a_member_without_a_name_is_refused(tmp_path):
    data = zipped({"in.md": NOTE, "x": NOTE})
    # The directory of the zip then says that the second name has no letters.
    at = data.rindex(b"PK\x01\x02")
    nameless = data[: at + 28] + b"\0\0" + data[at + 30 : at + 46] + data[at + 47 :]
    directory = nameless.rindex(b"PK\x05\x06")
    size = int.from_bytes(nameless[directory + 12 : directory + 16], "little") - 1
    nameless = nameless[: directory + 12] + size.to_bytes(4, "little") + nameless[directory + 16 :]
    messages, report = read_all(write(tmp_path / "e.zip", nameless))
    assert [m.text for m in messages] == ["We agreed"]
    assert [p.problem for p in report.problems] == ["points outside the zip file"]


def test_links_in_a_folder_are_refused_because_they_can_leave_it(tmp_path):
    outside = write(tmp_path / "secret.md", NOTE)
    write(tmp_path / "input/a.md", NOTE)
    (tmp_path / "input/link.md").symlink_to(outside)
    messages, report = read_all(tmp_path / "input")
    assert [m.file for m in messages] == [str(tmp_path / "input/a.md")]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / 'input/link.md'}: is a link; copy the file itself into the folder"
    ]


def test_a_member_that_unpacks_to_far_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_RATIO_FREE_BYTES", 10_000)
    path = write(tmp_path / "e.zip", zipped({"bomb.md": "a" * 1_000_000, "in.md": NOTE}))
    messages, report = read_all(path)
    assert [m.text for m in messages] == ["We agreed"]
    assert [str(p) for p in report.problems] == [
        f"{path}!bomb.md: unpacks to over 200 times its size; not a plain export"
    ]


def test_many_small_members_that_together_unpack_to_far_too_much_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_RATIO_FREE_BYTES", 200_000)
    path = write(tmp_path / "e.zip", zipped({f"{n}.md": "a" * 100_000 for n in range(30)}))
    assert failure(path) == f"{path}: unpacks to over 200 times its size; not a plain export"


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_whose_packing_could_fill_the_memory_is_refused(tmp_path, packing):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("in.md", NOTE)
        archive.writestr("other.md", NOTE, packing)
    path = write(tmp_path / "e.zip", out.getvalue())
    messages, report = read_all(path)
    assert [m.text for m in messages] == ["We agreed"]
    assert [str(p) for p in report.problems] == [
        f"{path}!other.md: is packed in a way that is not read; unpack the zip file"
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_the_later_is_read_and_the_other_told(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.md", "The first\n")
        archive.writestr("./a.md", "The second\n")
    path = write(tmp_path / "e.zip", out.getvalue())
    messages, report = read_all(path)
    assert [m.text for m in messages] == ["The second"]
    assert [str(p) for p in report.problems] == [f"{path}!./a.md: is twice in the zip file; the later one is read"]


def test_what_may_not_be_looked_at_in_a_folder_is_told(tmp_path, monkeypatch):
    write(tmp_path / "a.md", NOTE)
    write(tmp_path / "closed/b.md", NOTE)
    write(tmp_path / "c.md", NOTE)
    scan, look = os.scandir, Path.is_symlink

    def scandir(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied", folder)
        return scan(folder)

    def is_symlink(path):
        if path.name == "c.md":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "is_symlink", is_symlink)
    messages, report = read_all(tmp_path)
    assert [m.file for m in messages] == [str(tmp_path / "a.md")]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / name}: cannot be read: Permission denied; ask for the right to read it"
        for name in ("closed", "c.md")
    ]


def test_a_lying_size_of_a_member_unpacks_to_no_more_than_it_says(tmp_path):
    data = zipped({"a.md": "- We agreed\n" + "b" * 100_000})
    short = (100).to_bytes(4, "little")
    true = (100_012).to_bytes(4, "little")
    assert data.count(true) == 2
    _, report = read_all(write(tmp_path / "e.zip", data.replace(true, short)))
    [problem] = report.problems
    assert problem.problem.startswith("cannot be read: Bad CRC-32")


def test_files_and_archives_beyond_the_limits_are_refused(tmp_path, monkeypatch):
    path = write(tmp_path / "e.zip", zipped({f"{n}.md": NOTE for n in range(4)}))
    note = write(tmp_path / "a.md", NOTE)
    monkeypatch.setattr(sources, "MAX_MEMBERS", 3)
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 10)
    assert failure(path) == f"{path}: is over 10 bytes; export a shorter time"
    assert failure(note) == f"{note}: is over 10 bytes; export a shorter time"
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 10_000)
    assert failure(path) == f"{path}: holds over 3 files; not a plain export"


def test_an_encrypted_member_is_told(tmp_path):
    data = bytearray(zipped({"a.md": NOTE}))
    # Bit 0 of the flags, in the local header and in the directory.
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    _, report = read_all(write(tmp_path / "e.zip", bytes(data)))
    assert "is encrypted, password required" in report.problems[0].problem


def test_a_name_in_utf8_without_the_flag_is_mended(tmp_path):
    data = zipped({"Rückblick.md": NOTE})
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        at = data.index(mark) + offset
        data = data[:at] + bytes([data[at] & ~8]) + data[at + 1 :]
    messages, _ = read_all(write(tmp_path / "e.zip", data))
    assert messages[0].file.endswith("!Rückblick.md")


# Which format it is


@pytest.mark.parametrize(
    ("name", "data", "format_"),
    [
        ("call.txt", VTT, "webvtt"),
        ("call", VTT, "webvtt"),
        ("table.csv", JSONL, "table"),
        ("table", JSONL, "table"),
        ("chat.txt", SLACK, "slack"),
        ("day.json", SLACK, "slack"),
        ("export.zip", zipped(EXPORT), "slack"),
        ("export.dat", zipped(EXPORT), "slack"),
        ("retro.md", NOTE, "notes"),
        ("retro", NOTE, "notes"),
        ("table.txt", "date,author,text,team,channel\n" + "2026-03-13,Ana,Yes we do,P,c\n" * 3, "table"),
        ("minutes.txt", "We met, as always.\nNobody came, so we left.\n", "notes"),
        ("picture.png", PNG, ""),
        ("other.zip", zipped({"a.md": NOTE}), ""),
    ],
)
def test_content_decides_the_format_whatever_the_name(tmp_path, name, data, format_):
    found, sure = sniff(write(tmp_path / name, data))
    assert found == format_
    assert (sure > 0) == bool(format_)
    assert 0 <= sure <= 1


def test_format_overrides_the_content(tmp_path):
    path = write(tmp_path / "call.vtt", VTT)
    _, report = read_all(path, format="notes")
    assert report.files[0].format == "notes"
    assert failure(path, format="slack") == f"{path}, character 1: is not complete JSON; export it again"


def test_an_unknown_format_names_those_there_are(tmp_path):
    path = write(tmp_path / "a.md", NOTE)
    assert failure(path, format="fax") == f"--format fax: no such format; one of {', '.join(formats())}"


def test_every_reader_has_the_shape_that_a_new_one_must_have():
    assert len({reader.NAME for reader in readers.READERS}) == len(readers.READERS)
    assert [r.NAME for r in readers.READERS if not (r.sniff.__doc__ and r.read.__doc__)] == []


def test_column_and_zone_reach_the_reader_through_the_command(tmp_path, runner):
    path = write(tmp_path / "a.csv", "Wann,Was\n2026-07-01 00:30,We agreed\n")
    arguments = ["read", "--json", "--tz", "Europe/Berlin", "--column", "text=was", "--column", "date=Wann", str(path)]
    result = runner.invoke(main, arguments)
    assert result.exit_code == 0
    [account] = json.loads(result.stdout)
    assert account["files"][0]["assumptions"] == [
        "columns: text = column 2, date = Wann",
        "no author column: the texts speak for the group; if one is there, name it: --column author=NAME",
        "time zone: Europe/Berlin for times that name none",
    ]


LOGS = {
    "1/25/26, 12:0{n} - Ana: we wait\n": "whatsapp",
    "[2026-01-05, 12:00:0{n}] Bo Berg: we wait\n": "whatsapp",
    "[12:1{n}] <ana> we wait\n": "irc",
    "2026-01-05T09:16:2{n}+0000  <bo> we wait\n": "irc",
    "00:05:4{n}\tCy Cole:\twe wait\n": "zoom-chat",
    "[12:1{n}] Ana Berg: we wait {n}\n": "transcript",
}
UNREAD_LOGS = [
    "2026-01-05 12:00:0{n} Bo Berg: we wait\n",
    "05.01.2026 12:0{n} Bo Berg: we wait\n",
    "05/01/2026 12:1{n}:00 <ana> we wait\n",
]


def logged(line):
    return "".join(line.replace("{n}", str(n)) for n in range(6))


@pytest.mark.parametrize(("line", "format_"), LOGS.items())
def test_a_chat_log_is_read_as_what_each_of_its_authors_said(tmp_path, line, format_):
    messages, report = read_all(write(tmp_path / "chat.txt", logged(line)))
    assert report.files[0].format == format_
    assert {message.author.split()[0].casefold() for message in messages} <= {"ana", "bo", "cy"}
    assert sum(message.text.count("we wait") for message in messages) == 6


@pytest.mark.parametrize("line", UNREAD_LOGS)
def test_a_chat_log_of_a_format_not_read_is_refused_and_not_taken_for_the_note_of_a_group(tmp_path, line):
    path = write(tmp_path / "chat.txt", logged(line))
    assert failure(path) == (
        f"{path}: looks like a chat or transcript of a format that is not read yet;"
        " bring it as a table with the columns date, author, text"
    )


def test_minutes_with_some_times_are_still_minutes(tmp_path):
    text = "# Agenda\n\n10:00 Welcome: Ana\n\n10:15 Budget: we agreed\n\nWe decided to wait.\n\nBo asks legal.\n"
    assert len(list(ts.read(write(tmp_path / "a.md", text)))) == 4


def test_an_office_file_that_is_not_read_says_what_to_do(tmp_path):
    told = UNKNOWN.partition("; ")[2]
    saved = "save it as Markdown (.md), plain text (.txt) or a table (.csv)"
    office = write(tmp_path / "in" / "a.xlsx", zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<w/>"}))
    assert failure(office) == f"{office}: is an Excel or PowerPoint file, which is not read; {saved}"
    assert failure(office.parent) == f"{office.parent}: holds no file of a known format; {told}"


# Texts that stand there more than once


def test_what_recurs_in_most_notes_of_a_series_is_their_template(tmp_path):
    own = ["We wait for legal.", "Nobody told us.", "We agreed on it.", "We tested it.", "Fine week."]
    for n, text in enumerate(own):
        write(tmp_path / f"team/2026-03-{n + 10}.md", f"# Retro\n\nSay what went well!\n\n- {text}\n")
    write(tmp_path / "other/2026-03-20.md", "# Retro\n\nSay what went well!\n")
    messages, report = read_all(tmp_path)
    assert sorted(m.text for m in messages) == sorted([*own, "Say what went well!"])
    assert report.skipped == {"heading": 6, "template": 5}


def test_three_notes_are_no_series(tmp_path):
    for n in range(3):
        write(tmp_path / f"2026-03-{n + 10}.md", "- We wait for legal.\n")
    assert len(read_all(tmp_path)[0]) == 3


def test_exports_that_overlap_are_counted_once_even_as_two_inputs(tmp_path):
    later = json.dumps([*json.loads(SLACK), json.loads(SLACK)[0] | {"text": "Later", "ts": "1773396050.0"}])
    first = write(tmp_path / "a.zip", zipped(EXPORT))
    second = write(tmp_path / "b.zip", zipped(EXPORT | {"payments/2026-03-13.json": later}))
    seen = readers.Seen()
    assert [m.text for m in ts.read(first, seen=seen)] == ["We agreed"]
    reading = ts.read(second, seen=seen)
    assert [m.text for m in reading] == ["Later"]
    assert reading.report.skipped == {"duplicate": 1}


def test_files_of_one_name_and_other_content_are_both_read(tmp_path):
    for format_, data in {"md": NOTE, "csv": CSV, "vtt": VTT}.items():
        write(tmp_path / f"x/minutes.{format_}", data)
        write(tmp_path / f"y/minutes.{format_}", data.replace("agreed", "waited"))
    seen = readers.Seen()
    texts = [m.text for part in ("x", "y") for m in ts.read(tmp_path / part, seen=seen)]
    assert sorted(texts) == ["We agreed"] * 3 + ["We waited"] * 3


# What a reading promises


def test_the_account_can_be_asked_for_at_any_time(tmp_path):
    write(
        tmp_path / "a.csv", "name,Yesterday,Today,Blocker\n" + "Ana,we paired all day,we test,we wait for legal\n" * 2
    )
    write(tmp_path / "b.vtt", VTT + "\n00:02.000 --> 00:03.000\nBo: Fine\n")
    reading = ts.read(tmp_path)
    seen = 0
    for _ in reading:
        seen += 1
        report = reading.report
        assert report.yielded == seen
        assert report.read == report.yielded + sum(report.skipped.values()) + report.quarantined
    assert reading.report.read == seen == 8


def test_records_of_the_software_come_only_when_asked_for(tmp_path):
    join = {"type": "message", "subtype": "channel_join", "user": "U1", "text": "joined", "ts": "1773396001.0"}
    path = write(tmp_path / "day.json", json.dumps([*json.loads(SLACK), join]))
    messages, report = read_all(path)
    assert ([m.text for m in messages], report.skipped) == (["We agreed"], {"channel_join": 1})
    everything, full = read_all(path, system=True)
    assert [(m.kind, m.skip) for m in everything] == [("message", None), ("system", "channel_join")]
    assert (full.yielded, full.skipped) == (2, {})


def test_the_same_input_gives_the_same_messages_wherever_it_lies(tmp_path, root):
    shutil.copytree(root / "corpora/sample", tmp_path / "copy")
    here, there = (read_all(folder) for folder in (root / "corpora/sample", tmp_path / "copy"))
    assert len(here[0]) > 1_000
    assert [(m.id, m.text, m.timestamp) for m in here[0]] == [(m.id, m.text, m.timestamp) for m in there[0]]
    assert here[1].read == there[1].read
    assert here[1].problems == ()


def test_what_people_do_not_see_is_left_out_and_every_file_is_accounted_for(tmp_path):
    write(tmp_path / ".git" / "description", b"Unnamed repository of ours.\n")
    write(tmp_path / "more.zip", zipped({"__MACOSX/a.md": b"Not a note.\n", "a.md": b"We wait.\n"}))
    write(tmp_path / "none.zip", zipped({}))
    found, report = read_all(tmp_path)
    assert [m.text for m in found] == ["We wait."]
    assert report.skipped == {"hidden file": 2}
    assert [p.problem for p in report.problems] == ["holds no files"]


def test_iterating_again_reads_anew(tmp_path):
    write(tmp_path / "a.md", b"We wait.\n")
    reading = ts.read(tmp_path / "a.md")
    assert list(reading) == list(reading)
    assert reading.report.read == 1
