from __future__ import annotations

import pytest

from textsignals.readers.date_order import Evidence, open_date


def evidence(*dates):
    found = Evidence()
    for date in dates:
        found.add(*open_date(date))
    return found


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (["03/02/2026", "13/02/2026", "02/13/2026"], "dmy"),
        (["3-2-26", "2-13-26"], "mdy"),
        (["03/02/2026"], None),
        # No date in either order.
        (["31/04/2026", "40/02/2026", "00/13/2026"], None),
    ],
)
def test_the_first_date_that_can_be_read_in_one_way_tells(dates, told):
    assert evidence(*dates).told == told


@pytest.mark.parametrize(
    ("dates", "rising", "either"),
    [
        (["06/01/2026", "07/01/2026", "01/02/2026"], "dmy", "dmy"),
        (["1/6/2026", "1/7/2026", "2/1/2026"], "mdy", "mdy"),
        (["03/01/2026", "02/12/2026"], "dmy", None),
        # Down in one order, up and down in the other.
        (["03/01/2026", "02/12/2026", "02/11/2026"], None, "mdy"),
        (["03/04/2026", "05/04/2026"], None, None),
        ([], None, None),
    ],
)
def test_days_that_run_on_in_one_order_only_show_it(dates, rising, either):
    found = evidence(*dates)
    assert (found.in_sequence(rising=True), found.in_sequence()) == (rising, either)


def test_days_that_follow_each_other_count_once():
    assert evidence("03/02/2026", "03/02/2026", "04/02/2026", "03/02/2026").days == 3


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        (" 3/4/2026 10:00", (3, 4, 2026)),
        ("Mon, 3-4-26", (3, 4, 26)),
        ("2026-03-04", None),
        ("3.4.2026", None),
        ("3/4-2026", None),
        ("3-4-2026-7", None),
        ("3 Apr 2026", None),
        ("soon", None),
    ],
)
def test_a_date_is_open_if_its_form_leaves_the_order_open(written, numbers):
    assert open_date(written) == numbers
