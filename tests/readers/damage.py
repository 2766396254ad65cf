"""Damaged exports, and reading them whatever comes of it: what the tests of all readers share."""

from __future__ import annotations

from exports import check_accounts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError

MANY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What a field may hold instead of what it should; half a character is among it.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def read_anyway(path, **options):
    """Read to the end or to the one error allowed, and check the account either way."""
    try:
        reading = ts.read(path, **options)
    except InputError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
        return []
    messages = []
    try:
        for message in reading:
            assert message.timestamp is None or message.timestamp.utcoffset().total_seconds() == 0
            # Halves of characters would stop every writer further on.
            message.text.encode()
            messages.append(message)
    except InputError as error:
        assert str(path) in str(error)
    report = reading.report
    check_accounts(report)
    assert report.yielded == len(messages)
    assert report.quarantined == len(report.problems)
    return messages


@st.composite
def damaged(draw, data):
    """Return the bytes with up to four places overwritten, cut out, doubled, or everything after one cut off."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 12))
        match draw(st.sampled_from(["write", "insert", "delete", "double", "cut"])):
            case "write":
                data = data[:at] + draw(st.binary(min_size=size, max_size=size)) + data[at + size :]
            case "insert":
                data = data[:at] + draw(st.binary(max_size=size)) + data[at:]
            case "delete":
                data = data[:at] + data[at + size :]
            case "double":
                data = data[: at + size] + data[at:]
            case "cut":
                data = data[:at]
    return data


def damage_never_crashes(path, data, **options):
    """Read an export from a path again and again, each time damaged in other places."""

    @MANY
    @given(damaged(data))
    def check(broken):
        path.write_bytes(broken)
        read_anyway(path, **options)

    check()
