"""What texts of times mean, and what instants look like in a zone."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milvus_store_lite.schema.times import FIRST, LAST, PARTS, instant, parts, to_text

ZONES = [
    ZoneInfo(name) for name in ("UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "Asia/Manila")
]
zones = st.sampled_from(ZONES)


@given(st.integers(FIRST, LAST), zones)
@example(FIRST, ZONES[1])
@example(FIRST, ZONES[2])
@example(LAST, ZONES[1])
@example(LAST, ZONES[2])
def test_a_time_that_is_shown_is_read_back_as_the_same_instant(micros: int, zone: ZoneInfo) -> None:
    assert instant(to_text(micros, zone)) == micros
    assert instant(to_text(micros, zone), ZoneInfo("Asia/Tokyo")) == micros


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)), zones)
def test_parts_are_what_the_clocks_of_the_zone_show(moment: datetime, zone: ZoneInfo) -> None:
    micros = instant(moment)
    local = moment.replace(tzinfo=timezone.utc).astimezone(zone)
    assert parts(micros, PARTS, zone) == [getattr(local, name) for name in PARTS]


def test_parts_at_the_ends_of_what_can_be_stored() -> None:
    new_york, kolkata = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
    assert parts(FIRST, ("year", "month", "day", "hour"), new_york) == [0, 12, 31, 19]
    assert parts(LAST, ("year", "month", "day", "hour", "minute"), kolkata) == [10000, 1, 1, 5, 29]
    assert parts(LAST, ("microsecond", "year"), new_york) == [999999, 9999]
    assert to_text(FIRST, new_york) == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-01-31T12:00:00", "2025-01-31T11:00:00Z"),
        ("2025-01-31 12:00:00", "2025-01-31T11:00:00Z"),
        (" 2025-01-31T12:00 ", "2025-01-31T11:00:00Z"),
        ("2025-07-31T12:00:00.5", "2025-07-31T10:00:00.5Z"),
        ("2025-01-31T12:00:00.123456789", "2025-01-31T11:00:00.123456Z"),
        ("2025-01-31 12:00:00Z", "2025-01-31T12:00:00Z"),
        ("2025-01-31t12:00:00z", "2025-01-31T12:00:00Z"),
        ("2025-01-31 12:00:00-08", "2025-01-31T20:00:00Z"),
        ("2025-01-31T12:00:00+0530", "2025-01-31T06:30:00Z"),
        ("1899-01-01T12:00:00+08:05:43", "1899-01-01T03:54:17Z"),
        ("2025-03-30T02:30:00", "2025-03-30T01:30:00Z"),  # skipped: an hour after 01:30 comes 03:30
        ("2025-10-26T02:30:00", "2025-10-26T00:30:00Z"),  # shown twice: the first
    ],
)
def test_forms_of_times(text: str, utc: str) -> None:
    assert to_text(instant(text, ZoneInfo("Europe/Berlin"))) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-01-31",
        "20250131T120000",
        "2025-1-31T12:00:00",
        "2025-01-31T12",
        "2025-01-31T12:00:00,5",
        "2025-01-31T12:00:00+24:00",
        "2025-01-31T12:00:00+01:60",
        "٢025-01-31T12:00",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 time"):
        instant(text)
