"""Recurring times: what is read, what is refused, and when they came last."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelstream.matchmaking.scaling.cron import day_of, last_time, parse

BERLIN = "Europe/Berlin"


def at(text: str, timezone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp()


@pytest.mark.parametrize(
    ("cron", "timezone", "now", "last"),
    [
        ("0 8 * * *", "UTC", "2026-11-24 08:00", "2026-11-24 08:00"),
        ("0 8 * * *", "UTC", "2026-11-24 07:59:59", "2026-11-23 08:00"),
        ("30 8 * * mon-fri", "UTC", "2026-11-22 12:00", "2026-11-20 08:30"),  # a Sunday
        ("0 20 * * 0", "UTC", "2026-11-24 12:00", "2026-11-22 20:00"),
        ("0 20 * * 7", "UTC", "2026-11-24 12:00", "2026-11-22 20:00"),
        ("0 0 1 * *", "UTC", "2026-11-24 12:00", "2026-11-01 00:00"),
        ("0 0 31 * *", "UTC", "2026-11-24 12:00", "2026-10-31 00:00"),
        ("0 0 29 2 *", "UTC", "2026-11-24 12:00", "2024-02-29 00:00"),
        ("0 0 29 feb *", "UTC", "2103-11-24 12:00", "2096-02-29 00:00"),  # 2100 is no leap year
        ("*/15 * * * *", "UTC", "2026-11-24 12:44", "2026-11-24 12:30"),
        ("5-59/20 9,17 * * *", "UTC", "2026-11-24 12:00", "2026-11-24 09:45"),
        ("0 0 13 * fri", "UTC", "2026-11-24 12:00", "2026-11-20 00:00"),  # either: the 20th is a Friday
        ("0 0 */2 * fri", "UTC", "2026-11-24 12:00", "2026-11-13 00:00"),  # both: odd and a Friday
        ("0 0 1 JAN,jul *", "UTC", "2026-11-24 12:00", "2026-07-01 00:00"),
        ("0 8 * * *", BERLIN, "2026-11-24 08:00", "2026-11-24 08:00"),
        ("0 8 * * *", "Asia/Kathmandu", "2026-11-24 08:10", "2026-11-24 08:00"),
        ("0 2 * * *", "Pacific/Kiritimati", "2026-11-24 03:00", "2026-11-24 02:00"),
    ],
)
def test_when_it_came_last(cron: str, timezone: str, now: str, last: str) -> None:
    assert last_time(cron, timezone, at(now, timezone)) == at(last, timezone)


def test_a_time_that_the_clock_skips_comes_as_much_later() -> None:
    # On 29 March 2026 the clock in Berlin goes from 02:00 to 03:00.
    assert last_time("30 2 * * *", BERLIN, at("2026-03-29 01:20")) == at("2026-03-28 01:30")
    assert last_time("30 2 * * *", BERLIN, at("2026-03-29 01:30")) == at("2026-03-29 01:30")


def test_a_time_that_the_clock_repeats_comes_once() -> None:
    # On 25 October 2026 it goes from 03:00 back to 02:00, which is 01:00 UTC.
    for now in ("00:30", "01:30", "02:00"):
        assert last_time("30 2 * * *", BERLIN, at(f"2026-10-25 {now}")) == at("2026-10-25 00:30")


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("", "has 0 fields, not five"),
        ("@daily", "has 1 fields, not five"),
        ("0 0 * * * *", "has 6 fields, not five"),
        ("60 * * * *", 'minute: "60" is not from 0 to 59'),
        ("* 24 * * *", 'hour: "24" is not from 0 to 23'),
        ("* * 0 * *", 'day of the month: "0" is not from 1 to 31'),
        ("* * * 13 *", 'month: "13" is not from 1 to 12'),
        ("* * * * 8", 'day of the week: "8" is not from 0 to 7'),
        ("* * * * monday", '"monday" is not from 0 to 7'),
        ("* * * mon *", '"mon" is not from 1 to 12'),
        ("30-10 * * * *", '"30-10" holds nothing'),
        ("*/0 * * * *", '"*/0" holds nothing'),
        ("5/10 * * * *", "is neither *"),
        ("1,, * * * *", "is neither *"),
        ("-5 * * * *", "is neither *"),
        ("1.5 * * * *", "is neither *"),
        ("٣ * * * *", "is neither *"),
        ("? * * * *", "is neither *"),
        ("* * L * *", "is not from 1 to 31"),
        ("0 0 31 2,4,6 *", "never comes"),
        ("0 0 30 feb *", "never comes"),
    ],
)
def test_what_is_no_recurring_time_is_refused_by_its_field(cron: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(cron)
    assert words in str(caught.value)


def test_a_month_without_the_day_does_if_a_weekday_is_named_beside_it() -> None:
    assert last_time("0 0 31 2 mon", "UTC", at("2026-11-24 00:00")) == at("2026-02-23 00:00")


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "Europe", "/UTC", "utc+1"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        last_time("* * * * *", name, 0.0)


@pytest.mark.parametrize(("day", "hours"), [("2026-11-24", 24), ("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_is_as_long_as_its_zone_has_it(day: str, hours: int) -> None:
    begin, end = day_of(BERLIN, at(f"{day} 12:00", BERLIN))
    assert begin == at(f"{day} 00:00", BERLIN)
    assert end - begin == hours * 3600


def brute(minutes: list[int], hours: list[int], weekdays: list[int], now: datetime) -> datetime | None:
    """Walk back minute by minute."""
    for back in range(8 * 24 * 60):
        then = now - timedelta(minutes=back)
        if (then.minute in minutes and then.hour in hours) and (then.isoweekday() % 7) in weekdays:
            return then
    return None


@given(
    minutes=st.lists(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=3),
    weekdays=st.lists(st.integers(0, 6), min_size=1, max_size=3),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - the zone is added below
)
def test_it_agrees_with_going_back_minute_by_minute(
    minutes: list[int], hours: list[int], weekdays: list[int], now: datetime
) -> None:
    text = " ".join(
        [*(",".join(map(str, part)) for part in (minutes, hours)), "* *", ",".join(map(str, weekdays))]
    )
    now = now.replace(second=0, microsecond=0, tzinfo=UTC)
    found = brute(minutes, hours, weekdays, now)
    assert found is not None
    assert last_time(text, "UTC", now.timestamp()) == found.timestamp()
