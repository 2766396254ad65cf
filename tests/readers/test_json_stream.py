from __future__ import annotations

import io
import json
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.errors import InputError
from textsignals.readers import json_stream
from textsignals.readers.base import FileLog
from textsignals.readers.json_stream import elements
from textsignals.readers.sources import Source

EXPORT = {
    "name": 'tex\\"té\u2028',
    "id": 1234567,
    "messages": [1, 22, {"x": [1, {"y": None}]}, "s", -1.5e10, True, []],
    "none": [],
    "chats": {"list": [{"q": 1}, {"q": 2}], "about": "n"},
    "other": {"p": [1, 2]},
}
MEMBERS = [
    ("name", EXPORT["name"]),
    ("id", 1234567),
    *(("messages", item) for item in EXPORT["messages"]),
    ("chats.list", {"q": 1}),
    ("chats.list", {"q": 2}),
    ("chats.about", "n"),
    ("other", {"p": [1, 2]}),
]


def read(data, into=(), log=None):
    source = Source("a.json", PurePosixPath("a.json"), lambda: io.BytesIO(data), len(data))
    return list(elements(source, log or FileLog("a.json", "x"), into))


@pytest.fixture(params=[1, 2, 3, 7, 16, 2**20])
def chunk(request, monkeypatch):
    """So many characters are read at once: whatever is cut where, the same comes out."""
    monkeypatch.setattr(json_stream, "_CHUNK", request.param)
    return request.param


@pytest.mark.parametrize("indent", [None, 1])
def test_lists_come_element_by_element_and_the_rest_whole(chunk, indent):
    data = json.dumps(EXPORT, indent=indent, ensure_ascii=False).encode()
    assert read(data, into=("chats",)) == MEMBERS


def test_a_list_gives_its_elements_without_a_key(chunk):
    assert read(b' [1, [2], {"a": [3]}, "b"] ') == [("", 1), ("", [2]), ("", {"a": [3]}), ("", "b")]
    assert read(b"[]") == []


def test_a_file_cut_anywhere_is_an_error_after_what_stands_before(chunk):
    data = json.dumps(EXPORT).encode()
    for end in range(0, len(data), 7):
        with pytest.raises(InputError, match=r"^a\.json, character \d+: is not complete JSON; export it again$"):
            read(data[:end])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a.json, character 1: is not complete JSON; export it again"),
        (b"hello", "a.json, character 1: is not complete JSON; export it again"),
        (b'{"a": 1} {"b": 2}', "a.json, character 10: holds more than one JSON value; export it again"),
        (b'{"a" 1}', "a.json, character 6: is not complete JSON; export it again"),
        (b"{1: 2}", "a.json, character 3: is not complete JSON; export it again"),
        (b"[1, 2,, 3]" + b" " * 99, "a.json, character 7: is not complete JSON; export it again"),
        (b"[1 2]", "a.json, character 4: is not complete JSON; export it again"),
        (b"[" + b"9" * 5000 + b"]", "a.json, character 2: holds a number that is none; export it again"),
        (b"[" * 200_000, "a.json, character 2: is not JSON that an export holds (too deep); export it again"),
    ],
)
def test_what_is_no_json_says_where(data, message):
    with pytest.raises(InputError) as caught:
        read(data)
    assert str(caught.value) == message


def test_an_early_mistake_does_not_read_the_rest(monkeypatch):
    monkeypatch.setattr(json_stream, "_CHUNK", 100)
    taken = []

    class Watched(io.BytesIO):
        def read(self, size=-1):
            taken.append(size)
            return super().read(size)

    data = b'[{"a": oops}, ' + b'{"a": 1}, ' * 1_000_000 + b"1]"
    source = Source("a.json", PurePosixPath("a.json"), lambda: Watched(data), len(data))
    with pytest.raises(InputError):
        list(elements(source, FileLog("a.json", "x")))
    assert sum(taken) < len(data) / 10


def test_marks_and_broken_bytes(chunk):
    log = FileLog("a.json", "x")
    assert read(b"\xef\xbb\xbf" + '["é"]'.encode(), log=log) == [("", "é")]
    assert read('["é"]'.encode("utf-16"), log=log) == [("", "é")]
    assert not log.broken_bytes
    assert read(b'["caf\xe9", "ok"]', log=log) == [("", "caf\ufffd"), ("", "ok")]
    assert log.broken_bytes


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4), st.booleans())
def test_any_object_comes_back(value, ascii_only):
    found: dict = {key: [] for key, inner in value.items() if isinstance(inner, list)}
    for key, inner in read(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")):
        if isinstance(value[key], list):
            found[key].append(inner)
        else:
            found[key] = inner
    assert found == value
