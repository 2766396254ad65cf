from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.measures.periods import (
    STEPS,
    between,
    first_day,
    following,
    local_day,
    partial,
    period_of,
    suggested_step,
)

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("day", "by", "period"),
    [
        # The last days of a year may belong to week 1 of the next, the first ones to week 52 or 53 of the last.
        (date(2024, 12, 29), "week", "2024-W52"),
        (date(2024, 12, 30), "week", "2025-W01"),
        (date(2024, 12, 31), "week", "2025-W01"),
        (date(2018, 12, 30), "week", "2018-W52"),
        (date(2018, 12, 31), "week", "2019-W01"),
        (date(2014, 12, 29), "week", "2015-W01"),
        (date(2020, 12, 31), "week", "2020-W53"),
        (date(2021, 1, 3), "week", "2020-W53"),
        (date(2021, 1, 4), "week", "2021-W01"),
        (date(2022, 1, 1), "week", "2021-W52"),
        (date(2022, 1, 2), "week", "2021-W52"),
        (date(2026, 12, 31), "week", "2026-W53"),
        (date(2027, 1, 3), "week", "2026-W53"),
        (date(2027, 1, 4), "week", "2027-W01"),
        (date(2024, 2, 29), "month", "2024-02"),
        (date(2024, 12, 31), "month", "2024-12"),
        (date(2026, 3, 31), "quarter", "2026-Q1"),
        (date(2026, 4, 1), "quarter", "2026-Q2"),
        (date(2026, 9, 30), "quarter", "2026-Q3"),
        (date(2026, 12, 31), "quarter", "2026-Q4"),
    ],
)
def test_period_of_a_day(day, by, period):
    assert period_of(day, by) == period


@pytest.mark.parametrize(
    ("period", "day", "after"),
    [
        ("2020-W52", date(2020, 12, 21), "2020-W53"),
        ("2020-W53", date(2020, 12, 28), "2021-W01"),
        ("2021-W52", date(2021, 12, 27), "2022-W01"),
        ("2025-W01", date(2024, 12, 30), "2025-W02"),
        ("2023-02", date(2023, 2, 1), "2023-03"),
        ("2024-02", date(2024, 2, 1), "2024-03"),
        ("2025-12", date(2025, 12, 1), "2026-01"),
        ("2024-Q1", date(2024, 1, 1), "2024-Q2"),
        ("2025-Q4", date(2025, 10, 1), "2026-Q1"),
    ],
)
def test_first_day_and_following(period, day, after):
    assert first_day(period) == day
    assert following(period) == after


@given(DAYS, st.sampled_from(STEPS))
@settings(max_examples=50, deadline=None)
def test_a_period_begins_on_its_first_day_and_ends_the_day_before_the_following(day, by):
    period = period_of(day, by)
    start, end = first_day(period), first_day(following(period))
    assert start <= day < end
    assert period_of(start, by) == period
    assert period_of(start - timedelta(days=1), by) != period
    assert period_of(end - timedelta(days=1), by) == period
    assert period_of(end, by) == following(period) != period


@given(DAYS, st.integers(0, 400), st.sampled_from(STEPS))
@settings(max_examples=50, deadline=None)
def test_between_holds_the_period_of_every_day_once_and_in_order(day, n_days, by):
    days = [day + timedelta(days=i) for i in range(n_days + 1)]
    periods = between(period_of(days[0], by), period_of(days[-1], by))
    assert periods == list(dict.fromkeys(period_of(d, by) for d in days))
    assert periods == sorted(periods)


def test_between_keeps_gaps_over_the_turn_of_a_year_with_53_weeks():
    assert between("2020-W51", "2021-W02") == ["2020-W51", "2020-W52", "2020-W53", "2021-W01", "2021-W02"]
    assert between("2026-Q2", "2026-Q2") == ["2026-Q2"]


@pytest.mark.parametrize(
    ("period", "first", "last", "cut"),
    [
        # 2026-W10 is Monday 2 March to Sunday 8 March; nobody misses a weekend.
        ("2026-W10", date(2026, 3, 2), date(2026, 3, 8), False),
        ("2026-W10", date(2026, 3, 2), date(2026, 3, 6), False),
        ("2026-W10", date(2026, 3, 3), date(2026, 3, 8), True),
        ("2026-W10", date(2026, 3, 2), date(2026, 3, 5), True),
        ("2026-W10", date(2026, 1, 1), date(2026, 12, 31), False),
        # August 2026 begins on a Saturday and ends on a Monday.
        ("2026-08", date(2026, 8, 3), date(2026, 8, 31), False),
        ("2026-08", date(2026, 8, 4), date(2026, 8, 31), True),
        ("2026-08", date(2026, 8, 1), date(2026, 8, 30), True),
        # May 2026 ends on a Sunday.
        ("2026-05", date(2026, 5, 1), date(2026, 5, 29), False),
        ("2026-05", date(2026, 5, 1), date(2026, 5, 28), True),
        ("2026-Q2", date(2026, 4, 1), date(2026, 6, 30), False),
        ("2026-Q2", date(2026, 4, 2), date(2026, 6, 30), True),
    ],
)
def test_partial_means_that_a_working_day_is_missing(period, first, last, cut):
    assert partial(period, first, last) is cut


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        # The clock in Berlin goes forward on 29 March and back on 25 October 2026.
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 28)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 21, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 3, 30)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 25)),
        (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 10, 26)),
        # In New York on 8 March 2026.
        (datetime(2026, 3, 8, 4, 59, tzinfo=UTC), "America/New_York", date(2026, 3, 7)),
        (datetime(2026, 3, 9, 3, 59, tzinfo=UTC), "America/New_York", date(2026, 3, 8)),
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), "America/New_York", date(2026, 3, 9)),
        (datetime(2026, 12, 31, 10, 0, tzinfo=UTC), "Pacific/Kiritimati", date(2027, 1, 1)),
        (datetime(2026, 1, 1, 9, 59, tzinfo=UTC), "Pacific/Honolulu", date(2025, 12, 31)),
    ],
)
def test_local_midnight_decides_about_the_day_also_when_the_clock_changes(moment, zone, day):
    assert local_day(moment, ZoneInfo(zone)) == day


@pytest.mark.parametrize(
    ("days", "step"),
    [
        ([], "week"),
        ([date(2026, 3, 1), date(2026, 4, 30)], "week"),
        ([date(2026, 3, 31), date(2026, 4, 1), date(2026, 5, 1)], "month"),
        ([date(2025, 3, 1), date(2026, 3, 1)], "week"),
    ],
)
def test_three_months_with_text_suggest_months(days, step):
    assert suggested_step(days) == step
