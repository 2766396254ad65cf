from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.measures.privacy import may_show
from textsignals.measures.scores import Tally
from textsignals.measures.suppression import audit, plan, published


def tally(team, *counts, unattributed=0):
    """Return a cell in which each of the team's authors wrote so many sentences."""
    made = Tally()
    made.sentences.update({(f"{team}{i}", "week"): n for i, n in enumerate(counts)})
    for document in ("minutes", "notes"):
        made.sentences[None, f"{team} {document}"] += unattributed
    return made


def planned(cells, **more):
    return plan(cells, {cell: may_show(tally) for cell, tally in cells.items()}, **more)


def together(cells, some):
    whole = Tally()
    for cell in some:
        whole.add(cells[cell])
    return whole


BIG, FOUR, TWO, ONE = (10,) * 6, (10,) * 4, (10,) * 2, (50,)


@pytest.mark.parametrize(
    ("hidden", "pooled"),
    [
        # Nothing hidden, one team, two with four authors together: the row of all teams is that of shown ones.
        ({}, []),
        ({"b": FOUR}, []),
        ({"b": TWO, "c": TWO}, []),
        # Five authors of two teams speak for nobody.
        ({"b": FOUR, "c": TWO}, ["b", "c"]),
        ({"b": (5,) * 4, "c": (5,) * 3}, ["b", "c"]),
        ({"b": (3,) * 4, "c": (3,) * 3}, []),
        # One who wrote over half of it is left out with her team; so is a second.
        ({"b": FOUR, "c": TWO, "d": (200,)}, ["b", "c"]),
        ({"b": FOUR, "c": TWO, "d": (200,), "e": (900,)}, ["b", "c"]),
        ({"b": FOUR, "d": (200,)}, []),
    ],
)
def test_hidden_teams_are_in_the_row_of_all_teams_if_they_may_be_shown_together(hidden, pooled):
    cells = {(team, "2026-W10"): tally(team, *counts) for team, counts in {"a": BIG, **hidden}.items()}
    made = planned(cells)
    assert [team for team, _ in made.hidden] == sorted(hidden)
    assert [team for team, _ in made.rows["2026-W10"]] == sorted(["a", *pooled])
    assert made.overall == made.rows["2026-W10"]


def test_few_authors_are_left_out_where_the_rest_speaks_for_groups():
    cells = {
        ("minutes", "p"): tally("m", unattributed=10),
        ("notes", "p"): tally("n", unattributed=10),
        ("three", "p"): tally("t", 9, 9, 9),
    }
    assert planned(cells).rows == {"p": (("minutes", "p"), ("notes", "p"))}


def test_what_is_in_no_period_may_be_in_the_total_of_all_periods():
    cells = {("a", "p"): tally("a", *FOUR), ("b", "q"): tally("b", *FOUR), ("c", "q"): tally("c", *BIG)}
    made = planned(cells)
    assert made.rows == {"p": (), "q": (("c", "q"),)}
    assert made.overall == (("a", "p"), ("b", "q"), ("c", "q"))
    # Periods of a single team are no pool, though there are enough authors over all of them.
    alone = {("a", "p"): tally("a", *FOUR), ("a", "q"): tally("other", *FOUR)}
    assert planned(alone).overall == ()


def test_cells_without_sentences_are_in_no_pool():
    cells = {("a", "p"): tally("a", *FOUR), ("b", "p"): tally("b"), ("c", "p"): tally("c", 0, 0)}
    assert planned(cells).overall == ()


def test_what_is_refused_is_hidden_for_that_reason_and_in_no_total():
    cells = {(team, "p"): tally(team, *BIG) for team in "abc"}
    asked = []

    def refused(some):
        asked.append(some)
        return "no" if len(some) > 1 or some[0][0] != "a" else ""

    made = planned(cells, refused=refused)
    assert made.hidden == {("b", "p"): "no", ("c", "p"): "no"}
    assert made.overall == (("a", "p"),)
    assert asked == [[("a", "p")], [("b", "p")], [("c", "p")], [("b", "p"), ("c", "p")], [("b", "p"), ("c", "p")]]


CELLS = st.dictionaries(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["p", "q", "r"])),
    st.tuples(st.lists(st.integers(0, 40), max_size=12), st.integers(0, 3).map(lambda n: 8 * n)),
    min_size=1,
    max_size=12,
).map(lambda drawn: {cell: tally(cell[0], *counts, unattributed=n) for cell, (counts, n) in drawn.items()})


@given(CELLS)
@settings(max_examples=50, deadline=None)
def test_no_sum_that_may_not_be_shown_follows_from_what_is_published(cells):
    made = planned(cells)
    shown = {cell for cell in cells if may_show(cells[cell]).shown}
    assert set(made.hidden) == set(cells) - shown
    assert shown <= set(made.overall)
    sums = published(made)
    cells_in_order = sorted(cells)
    matrix = np.array([[cell in some for cell in cells_in_order] for some in sums], dtype=float).reshape(-1, len(cells))
    rank = np.linalg.matrix_rank(matrix) if sums else 0
    # All unions of up to four hidden cells, and the rank of what is known: nothing that holds for the audit alone.
    for some in chain.from_iterable(combinations(sorted(made.hidden), k) for k in (1, 2, 3, 4)):
        if not may_show(together(cells, some)).shown or len({team for team, _ in some}) == 1:
            target = np.array([cell in some for cell in cells_in_order], dtype=float)
            assert np.linalg.matrix_rank(np.vstack([matrix, target])) > rank or not together(cells, some).n_sentences
    for some in sums:
        assert may_show(together(cells, some)).shown


SUMS = st.lists(st.frozensets(st.integers(0, 5), min_size=1), min_size=1, max_size=6)


@given(SUMS)
@settings(max_examples=50, deadline=None)
def test_audit_finds_what_follows_and_nothing_else(sums):
    found = audit(sums, lambda some: False)
    matrix = np.array([[atom in some for atom in range(6)] for some in sums], dtype=float)
    rank = np.linalg.matrix_rank(matrix)

    def follows(some):
        target = np.array([atom in some for atom in range(6)], dtype=float)
        return np.linalg.matrix_rank(np.vstack([matrix, target])) == rank

    assert all(follows(some) for some in found)
    for some in chain.from_iterable(combinations(range(6), k) for k in range(1, 7)):
        # What follows from several blocks that share nothing is the union of what follows from each.
        if follows(some):
            assert set().union(*(part for part in found if part <= set(some))) == set(some)


@pytest.mark.parametrize(
    ("sums", "found"),
    [
        # A total and all its parts but one.
        (["abc", "a", "b"], ["a", "b", "c"]),
        (["abcd", "a", "b"], ["a", "b", "cd"]),
        # Weeks that overlap two months by some days: days of the last week beyond the month come out.
        (["abc", "cd", "ab", "d"], ["ab", "c", "d"]),
        # Half of the sum of three pairs is all three, and each of them follows.
        (["ab", "bc", "ca"], ["a", "b", "c"]),
        (["ab", "bc"], ["ab", "bc"]),
        ([], []),
    ],
)
def test_audit_on_known_systems(sums, found):
    assert sorted(map(sorted, audit(sums, lambda some: False))) == sorted(map(sorted, found))


def test_audit_of_blocks_too_large_for_all_sums_tries_rows_and_pairs():
    chain_ = [{i, i + 1} for i in range(20)]
    assert audit([*chain_, {0}], lambda some: len(some) > 1) == [{i} for i in range(21)]
    found = audit(chain_, lambda some: False)
    assert set(map(frozenset, chain_[-1:])) <= set(found)


def test_families_give_nothing_away_of_a_cell_that_is_hidden_with_all_its_signals():
    cells, signals = ["a", "b", "c"], ["x", "y"]
    sums = [*([[("a", s)] for s in signals]), *([[(cell, s) for cell in cells] for s in signals])]
    sums += [[(cell, s) for s in signals for cell in some] for some in ("a", "abc")]
    assert not [some for some in audit(sums, lambda some: False) if {cell for cell, _ in some} in ({"b"}, {"c"})]
    # With the family of one hidden cell, it comes out, and its signals still do not.
    found = audit([*sums, [("b", "x"), ("b", "y")]], lambda some: len({cell for cell, _ in some}) > 1)
    assert {frozenset({("b", "x"), ("b", "y")}), frozenset({("c", "x"), ("c", "y")})} < set(found)
    assert not [some for some in found if len(some) == 1 and some != {("a", "x")} and some != {("a", "y")}]
