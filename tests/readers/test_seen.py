from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.readers.seen import Seen


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=3)))
def test_it_knows_what_a_set_would_know(ids):
    seen, known = Seen(), set()
    for id_ in ids:
        assert seen.again(id_) == (id_ in known)
        known.add(id_)
    assert len(seen) == len(known)


def test_it_grows_and_forgets_nothing():
    seen = Seen()
    assert not any(seen.again(str(n)) for n in range(20_000))
    assert all(seen.again(str(n)) for n in range(20_000))
    assert len(seen) == 20_000
