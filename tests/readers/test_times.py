from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.readers.times import parse_time

BERLIN_SUMMER = timezone(timedelta(hours=2))
DAY = datetime(2025, 7, 14)
AFTERNOON = datetime(2025, 7, 14, 15, 42)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("14/Jul/25 3:42 PM", AFTERNOON),
        ("14/juil./25 3:42 PM", AFTERNOON),
        ("14-Jul-2025 15:42", AFTERNOON),
        ("14. Juli 2025 15:42", AFTERNOON),
        ("14 luglio 2025", DAY),
        ("July 14, 2025 3:42 PM", AFTERNOON),
        ("Monday, July 14, 2025 at 3:42 p.m.", AFTERNOON),
        ("Mon 14 Jul 2025 15:42", AFTERNOON),
        ("2025/7/14 15:42", AFTERNOON),
        ("2025.07.14", DAY),
        ("2025-7-14 3:42", datetime(2025, 7, 14, 3, 42)),
        ("14-07-2025 15:42", AFTERNOON),
        ("14.07.2025, 15:42", AFTERNOON),
        ("2025-07-14 15:42:00 UTC", AFTERNOON.replace(tzinfo=UTC)),
        ("2025-07-14 15:42:00 +0200", AFTERNOON.replace(tzinfo=BERLIN_SUMMER)),
        ("2025-07-14T15:42:00.123456789Z", AFTERNOON.replace(microsecond=123456, tzinfo=UTC)),
        ("Mon Jul 14 2025 15:42:00 GMT+0200 (Central European Summer Time)", AFTERNOON.replace(tzinfo=BERLIN_SUMMER)),
        ("Mon, 14 Jul 2025 15:42:00 +0200", AFTERNOON.replace(tzinfo=BERLIN_SUMMER)),
        # Figures alone, the month by its name in other languages, and with the words of these.
        ("14.07.25 15.42", AFTERNOON),
        ("14.7.2025 г. 15:42", AFTERNOON),
        ("2025. 7. 14. 오후 3:42", AFTERNOON),
        ("2025年7月14日 15:42", AFTERNOON),
        ("2025/7/14 3:42 PM", AFTERNOON),
        ("2025-Jul-14 15:42", AFTERNOON),
        ("14/07/25 3:42 p. m.", AFTERNOON),
        ("14/07/2025 3:42\u202fPM", AFTERNOON),
        ("Montag, 14. Juli 2025 um 15:42 UTC", AFTERNOON.replace(tzinfo=UTC)),
        ("mardi 15 juillet 2025 à 15:42", AFTERNOON.replace(day=15)),
        ("14 de julio de 2025, 15:42", AFTERNOON),
        ("3 marraskuuta 2025 klo 15.42", AFTERNOON.replace(month=11, day=3)),
        ("Mon, 14 Jul 2025 15:42:00 EDT", AFTERNOON.replace(tzinfo=timezone(timedelta(hours=-4)))),
        ("14/07/99", datetime(1999, 7, 14)),
        # Hours over 12 beside their half count to 24 all the same.
        ("14/07/2025 15:42 PM", AFTERNOON),
        ("14/07/2025 12:42 AM", datetime(2025, 7, 14, 0, 42)),
        ("2025-07-14T15:42:00+02:00", AFTERNOON.replace(tzinfo=BERLIN_SUMMER)),
        ("1752507720", AFTERNOON.replace(tzinfo=UTC)),
        ("1752507720.5", AFTERNOON.replace(microsecond=500_000, tzinfo=UTC)),
        ("1752507720000", AFTERNOON.replace(tzinfo=UTC)),
        ("1752507720000000", AFTERNOON.replace(tzinfo=UTC)),
    ],
)
def test_times_are_understood_in_all_spellings(written, moment):
    assert parse_time(written, day_first=True) == moment


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "14/Foo/25",
        "2025-13-14",
        "99/99/2025",
        "Mon, ",
        "GMT",
        "1",
        "a, b:c",
        "13",
        "2026-02-30",
        "2026-03-13 25:00",
    ],
)
def test_what_is_no_time_is_refused(written):
    with pytest.raises(ValueError, match="is not a date"):
        parse_time(written)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("0123456789/.-: ,TZJulMonpPaAmM+GT"), max_size=40) | st.text(max_size=40))
def test_no_cell_makes_the_reading_of_times_fail_otherwise(written):
    with suppress(ValueError, OverflowError):
        parse_time(written)


@pytest.mark.parametrize(
    ("written", "day_first", "moment"),
    [
        ("3/4/2026", False, datetime(2026, 3, 4)),
        ("3/4/2026", True, datetime(2026, 4, 3)),
        ("3-4-26", True, datetime(2026, 4, 3)),
        # The form tells.
        ("3.4.2026", False, datetime(2026, 4, 3)),
        ("2026/3/4", True, datetime(2026, 3, 4)),
        ("3 Apr 2026", False, datetime(2026, 4, 3)),
    ],
)
def test_the_order_of_day_and_month_is_as_given_where_it_is_open(written, day_first, moment):
    assert parse_time(written, day_first) == moment
