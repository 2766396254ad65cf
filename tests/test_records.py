from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime

import pytest

from textsignals.records import FileReport, Message, Problem, ReadReport, Tag

FILES = (
    FileReport("a", "notes", 10, 6, {"heading": 1, "empty": 1}, 2, {"lines": 30}, ("zone: UTC", "no date")),
    FileReport("b", "slack", 7, 3, {"join": 3, "empty": 1}, 0, {}, ("zone: UTC",)),
)


def test_a_read_report_sums_its_files():
    report = ReadReport("in", FILES, (Problem("a", "line 2", "is broken"),))
    assert (report.read, report.yielded, report.quarantined) == (17, 9, 2)
    assert report.read == report.yielded + sum(report.skipped.values()) + report.quarantined


def test_reasons_come_most_frequent_first_and_then_by_name():
    assert list(ReadReport("in", FILES).skipped.items()) == [("join", 3), ("empty", 2), ("heading", 1)]


def test_assumptions_are_told_once_in_the_order_met():
    assert ReadReport("in", FILES).assumptions == ("zone: UTC", "no date")


def test_a_report_without_files_is_all_zero():
    report = ReadReport("in")
    assert (report.read, report.yielded, report.skipped, report.quarantined, report.assumptions) == (0, 0, {}, 0, ())


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (Message("1", "notes", "a.md", "line 1", "note", "Hello"), "text"),
        (Tag("blindside", "guess", "asserted", 0.9, 0, 5), "score"),
        (FILES[0], "read"),
        (ReadReport("in"), "files"),
    ],
)
def test_records_cannot_be_changed_after_they_were_made(record, name):
    with pytest.raises(AttributeError):
        setattr(record, name, None)


def test_a_message_can_be_copied_pickled_and_written_as_json():
    bare = Message("1", "notes", "a.md", "line 1", "note", "Hello")
    full = bare._replace(timestamp=datetime(2026, 3, 2, tzinfo=UTC), reactions={"+1": 2}, meta={"labels": ["web"]})
    for message in (bare, full):
        assert pickle.loads(pickle.dumps(message)) == copy.deepcopy(message) == message
        assert type(pickle.loads(pickle.dumps(message))) is Message
        assert json.loads(json.dumps(message._asdict(), default=str))["meta"] == message.meta
    assert (bare.timestamp, bare.reactions, bare.meta, bare.attachments) == (None, {}, {}, ())
