from __future__ import annotations

import pytest

from textsignals.readers.base import FileLog, Options
from textsignals.readers.sheets.dates import Dates


def order(dates, date_order=None):
    log = FileLog("a.csv", "table")
    return Dates(dates, Options(date_order=date_order), log).day_first, log.assumptions


@pytest.mark.parametrize(
    ("dates", "option", "day_first", "said"),
    [
        (["03/02/2026", "13/02/2026"], None, True, "dates with slashes: day first"),
        (["03/02/2026", "02/13/2026"], "dmy", False, "dates with slashes: month first"),
        # Far down in the file.
        (["03/02/2026"] * 5_000 + ["13/02/2026"], None, True, "dates with slashes: day first"),
        (
            ["11/02/2026", "12/02/2026", "01/03/2026"],
            None,
            True,
            "dates with slashes: day first, since the rows are in time order then",
        ),
        (
            ["03/01/2026", "02/12/2026", "02/11/2026"],
            None,
            False,
            "dates with slashes: month first, since the rows are in time order then",
        ),
        # Two rows may be in order by chance; three that are so either way tell nothing.
        (["11/02/2026", "01/03/2026"], "dmy", True, "dates with slashes: day first (--date-order)"),
        (["01/02/2026", "02/02/2026", "03/02/2026"], "mdy", False, "dates with slashes: month first (--date-order)"),
        (["01/02/2026", "02/02/2026", "03/02/2026"], None, False, "dates with slashes: month first"),
        (["01-02-2026", "13-02-2026"], None, True, "dates with slashes: day first"),
    ],
)
def test_the_order_of_day_and_month_is_decided_once(dates, option, day_first, said):
    assert order(dates, option) == (day_first, [said])


def test_dates_without_slashes_need_no_order_and_no_look_at_the_whole_file():
    def endless():
        while True:
            yield "2026-03-13"

    assert order(endless()) == (False, [])
