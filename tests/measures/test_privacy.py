import pytest
from fake_tagger import counted, message
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.errors import TextSignalsError
from textsignals.measures.privacy import MAX_SHARE, MIN_AUTHORS, MIN_SENTENCES, may_show, people, raised_floor
from textsignals.measures.scores import Tally


def tally(*counts, unattributed=0, documents=2):
    """Return a cell in which each of the authors wrote so many sentences, and others stand in documents."""
    made = Tally(messages=len(counts))
    for i, count in enumerate(counts):
        made.sentences[f"author {i}", f"week {i % 3}"] += count
    for i in range(unattributed):
        made.sentences[None, f"minutes {i % documents}.md"] += 1
    return made


def test_the_floors_are_those_of_the_policy():
    assert (MIN_AUTHORS, MIN_SENTENCES, MAX_SHARE) == (5, 30, 0.5)


@pytest.mark.parametrize(
    ("cell", "shown", "reason"),
    [
        (tally(6, 6, 6, 6, 6), True, ""),
        (tally(5, 6, 6, 6, 6), False, "fewer than 30 sentences"),
        (tally(10, 10, 10, 10), False, "fewer than 5 authors"),
        (tally(15, 4, 4, 4, 3), True, ""),
        (tally(16, 4, 4, 4, 3), False, "one author wrote over 50% of the sentences"),
        (tally(1000), False, "fewer than 5 authors"),
        (tally(), False, "fewer than 30 sentences"),
        (tally(unattributed=29), False, "fewer than 30 sentences"),
        (tally(unattributed=30), True, "authors not recorded"),
        # One document may be the words of one person.
        (tally(unattributed=300, documents=1), False, "fewer than 2 documents, and authors are not recorded"),
        # One named author beside minutes of the group: the rule for authors holds for all of it.
        (tally(1, unattributed=500), False, "fewer than 5 authors"),
        # What nobody is named for must not hide that one author dominates the rest.
        (tally(20, 2, 2, 2, 2, unattributed=500), False, "one author wrote over 50% of the sentences"),
        # Those who only posted a smiley do not hide the four who wrote.
        (tally(20, 20, 20, 20, 0, 0, 0), False, "fewer than 5 authors"),
    ],
)
def test_verdict_and_its_reason(cell, shown, reason):
    assert (may_show(cell).shown, may_show(cell).reason) == (shown, reason)


@given(st.lists(st.integers(0, 80), min_size=1, max_size=12), st.integers(0, 200))
@settings(max_examples=500, deadline=None)
def test_no_cell_with_authors_is_shown_below_the_floors(counts, unattributed):
    cell = tally(*counts, unattributed=unattributed)
    wrote = [n for n in counts if n]
    allowed = len(wrote) >= 5 and sum(wrote) + unattributed >= 30 and 2 * max(wrote) <= sum(wrote)
    assert may_show(cell).shown == (allowed or (not wrote and unattributed >= 30))


@given(st.integers(5, 10), st.lists(st.integers(0, 80), min_size=1, max_size=12))
@settings(max_examples=500, deadline=None)
def test_a_floor_that_is_raised_holds_for_every_cell(floor, counts):
    cell, wrote = tally(*counts), sum(map(bool, counts))
    assert may_show(cell, floor).shown == (may_show(cell).shown and wrote >= floor)
    assert wrote >= floor or may_show(cell, floor).reason in (f"fewer than {floor} authors", "fewer than 30 sentences")


def test_the_floor_cannot_be_lowered():
    assert [raised_floor(n) for n in (5, 12)] == [5, 12]
    for n in (4, 0, -1):
        with pytest.raises(TextSignalsError) as error:
            raised_floor(n)
        assert str(error.value) == f"{n} authors are too few: the floor is 5, and may only be raised"


def test_an_author_of_several_weeks_is_one_author():
    cell = Tally()
    cell.sentences.update({(f"author {i % 4}", f"week {i}"): 10 for i in range(40)})
    assert may_show(cell).reason == "fewer than 5 authors"
    assert (len(cell.authors), cell.top_share) == (4, 0.25)


@given(st.integers(1, 12), st.lists(st.integers(0, 11), min_size=1, max_size=150))
@settings(max_examples=50, deadline=None)
def test_floors_hold_for_messages_as_they_are_counted(n_authors, writers):
    names = [f"Person {i % n_authors}" for i in writers]
    cells = counted([message("Plain words.", author=name) for name in names]).cells("week")
    shares = sorted((names.count(name) for name in set(names)), reverse=True)
    allowed = len(shares) >= 5 and len(names) >= 30 and 2 * shares[0] <= len(names)
    assert [may_show(cell).shown for cell in cells.values()] == [allowed]


def test_one_person_with_her_name_written_in_several_ways_is_one_author():
    names = ["Ann Lee", "ann lee", " ANN  LEE ", "Ann\tLee", "ann Lee"]
    cells = counted([message("Plain words. " * 10, author=name) for name in names]).cells("week")
    assert may_show(cells[("Payments", "2026-W10")]).reason == "fewer than 5 authors"


@pytest.mark.parametrize(
    ("n_authors", "said"),
    [
        (0, "not recorded"),
        (1, "under 5"),
        (4, "under 5"),
        (5, "5 to 9"),
        (9, "5 to 9"),
        (10, "10 to 14"),
        (23, "20 to 24"),
    ],
)
def test_people_are_counted_coarsely(n_authors, said):
    assert people(tally(*[3] * n_authors)) == said


@pytest.mark.parametrize(("n_authors", "said"), [(0, "not recorded"), (7, "under 8"), (8, "8 to 12"), (13, "13 to 17")])
def test_people_are_counted_from_a_raised_floor_on(n_authors, said):
    assert people(tally(*[3] * n_authors), 8) == said


def test_what_is_kept_of_messages_holds_neither_text_nor_names():
    counts = counted([message("Zanzibar is !blindside here.", author="Quirina Vogelsang")])
    kept = repr(counts.days) + repr(vars(counts._pseudonyms).keys())
    assert "quirina" not in kept.casefold() and "zanzibar" not in kept.casefold()
