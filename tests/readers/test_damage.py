"""Whatever the bytes: an account that adds up or one InputError, never another exception."""

from __future__ import annotations

import json
import zipfile

import pytest
from damage import JSON, MANY, damaged, read_anyway
from exports import write, zipped
from hypothesis import example, given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.readers import formats

RECORD = {
    "type": "message",
    "user": "U1",
    "text": "We <@U1> agreed &amp; left <https://example.org|there>",
    "ts": "1773396000.000100",
    "thread_ts": "1773396000.000100",
    "edited": {"ts": "1773396001.0"},
    "reactions": [{"name": "+1", "count": 2}],
    "files": [{"name": "a.pdf"}],
    "attachments": [{"text": "more"}],
    "blocks": [{"type": "section", "text": {"text": "in a block"}}],
    "user_profile": {"display_name": "Ana"},
}
MEMBERS = {
    "users.json": json.dumps([{"id": "U1", "name": "ana", "profile": {"display_name": "Ana"}}]),
    "channels.json": json.dumps([{"id": "C1", "name": "payments"}]),
    "payments/2026-03-13.json": json.dumps([RECORD, RECORD | {"ts": "1773396002.0", "subtype": "bot_message"}]),
}


VALID = {
    "day.json": json.dumps([RECORD] * 3, indent=1).encode(),
    "call.vtt": (
        "WEBVTT - call\n\nNOTE us\n\n1\n00:00:01.000 --> 00:00:02.500 align:start\n<v Ana>We agreed</v>\n\n"
        "2\n00:02.500 --> 00:04.000\nBo: it’s &amp; was\nfine\n"
    ).encode(),
    "notes.md": (
        "---\ndate: 2026-03-13\n---\n# Retro, 13 March 2026\n\n## Attendees\n- Ana\n\n## Next\n"
        "- [ ] Ana: asks — *legal*\n\n"
        "> said\n\n| a | b |\n|---|---|\n| c | d |\n\n```\ncode\n```\n"
    ).encode(),
    "table.csv": (
        "date,author,text,team\n"
        '13/03/2026 10:00,Ana,"We agreed, and left",P\n2026-03-14T10:00:00Z,Bo,It’s fine (+2),P\n'
    ).encode(),
    "lines.jsonl": (json.dumps({"ts": 1773396000, "text": "We agreed", "tags": [1, {"a": None}]}) + "\n").encode() * 3,
    "deflated.zip": zipped(MEMBERS),
    "stored.zip": zipped(MEMBERS, zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("name", VALID)
def test_the_undamaged_files_are_read_without_a_problem(folder, name):
    reading = ts.read(write(folder / name, VALID[name]))
    assert list(reading)
    assert reading.report.problems == ()


@pytest.mark.parametrize("name", VALID)
def test_damaged_exports_never_crash(folder, name):
    @MANY
    @given(damaged(VALID[name]), st.booleans())
    def check(data, system):
        read_anyway(write(folder / name, data), system=system)

    check()


@pytest.mark.parametrize("format_", [None, *formats()])
def test_random_bytes_never_crash(folder, format_):
    # Few: hardly any random bytes get beyond the first look, and there are two dozen formats.
    @settings(MANY, max_examples=20)
    @given(st.binary(max_size=200), st.sampled_from(["a.md", "a.txt", "a.csv", "a.json", "a.vtt", "a.zip", "a"]))
    @example(b"PK\x05\x06" + bytes(18), "a.zip")
    @example(b"\xff\xfe", "a.txt")
    @example(b"[" * 100_000, "a.json")
    @example(b'{"a":' * 100_000, "a.csv")
    def check(data, name):
        read_anyway(write(folder / name, data), format=format_)

    check()


@MANY
@given(
    st.dictionaries(st.sampled_from([*RECORD, "subtype", "comment", "username", "bot_id", "bot_profile"]), JSON),
    JSON,
    JSON,
)
def test_slack_fields_of_any_type_never_crash(folder, fields, user, channel):
    path = folder / "fields.zip"
    members = {
        "users.json": json.dumps([{"id": "U1", "profile": user}, user]),
        "channels.json": json.dumps([{"id": "C1", "name": channel}, channel]),
        "payments/2026-03-13.json": json.dumps([RECORD | fields, fields, RECORD | {"ts": "1773396009.0"}]),
    }
    path.write_bytes(zipped(members))
    messages = read_anyway(path, system=True)
    # The sound record after the odd ones is read whatever stood before.
    assert messages[-1].text.endswith("agreed & left there")


@MANY
@given(st.lists(st.dictionaries(st.sampled_from(["text", "date", "author", "team"]), JSON), min_size=1))
def test_table_fields_of_any_type_never_crash(folder, entries):
    read_anyway(write(folder / "fields.jsonl", "\n".join(map(json.dumps, entries))))
