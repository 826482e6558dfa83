"""Times that recur, written as five fields of cron, and when they came last in a time zone.

Fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday); each `*`, a number, a
name (`mon`, `jan`), a range, a step of either (`*/15`, `8-18/2`), or several of these with commas (POSIX
crontab, with the steps and names of common crons). The traps: where both days are restricted, either will
do, as POSIX has it; a time that the clock skips in spring comes as much later as the clock is put forward,
one that it repeats in autumn comes once, the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = 60
LONGEST_PAUSE = 8 * 366
"""Days; 29 February can be 8 years away, over a year such as 2100."""
_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(r"(?:\*|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class _Field:
    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def read(self, text: str) -> frozenset[int]:
        return frozenset(number for item in text.split(",") for number in self._item(item))

    def _item(self, item: str) -> range:
        found = _ITEM.fullmatch(item)
        if found is None or (found["step"] and found["first"] and not found["last"]):
            raise ValueError(
                f'{self.title}: "{item}" is neither *, a number, a range such as '
                f"{self.low}-{self.high}, nor a step of these such as */{max(2, self.high // 4)}"
            )
        first = self._number(found["first"]) if found["first"] else self.low
        last = self._number(found["last"] or found["first"]) if found["first"] else self.high
        step = int(found["step"] or 1)
        if first > last or step < 1:
            raise ValueError(f'{self.title}: "{item}" holds nothing')
        return range(first, last + 1, step)

    def _number(self, text: str) -> int:
        if text in self.names:
            return self.names.index(text) + self.low
        if not text.isdigit() or not self.low <= int(text) <= self.high:
            raise ValueError(f'{self.title}: "{text}" is not from {self.low} to {self.high}')
        return int(text)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A recurring time.

    Attributes:
        minutes, hours, days, months: on which it comes.
        weekdays: by Python's count, Monday is 0.
        either: a day fits if its number or its weekday does; else both must.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, day: date) -> bool:
        """Whether it comes on that day."""
        if day.month not in self.months:
            return False
        numbered, named = day.day in self.days, day.weekday() in self.weekdays
        return (numbered or named) if self.either else (numbered and named)

    def times(self, day: date, zone: ZoneInfo) -> Iterator[float]:
        """Yield when it comes on a day that it comes on, in seconds since 1970."""
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime.combine(day, time(hour, minute), zone).timestamp()


@lru_cache(maxsize=1024)
def parse(text: str) -> Cron:
    """Read five fields.

    Raises:
        ValueError: they are no recurring time; the words name the field.
    """
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        words = "minute, hour, day of the month, month, day of the week"
        raise ValueError(f'"{text}" has {len(parts)} fields, not five: {words}')
    minutes, hours, days, months, weekdays = (
        field.read(part) for field, part in zip(_FIELDS, parts, strict=True)
    )
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    if not either and all(min(days) > _MONTH_LENGTHS[month - 1] for month in months):
        raise ValueError(f'"{text}" never comes: no such month has a day {min(days)}')
    return Cron(minutes, hours, days, months, frozenset((day - 1) % 7 for day in weekdays), either)


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its name in the IANA data base.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # also a folder of zones, a path out of them
        raise ValueError(f'"{name}" is no time zone; write one such as Europe/Berlin or UTC') from None


def last_time(text: str, timezone: str, now: float) -> float | None:
    """Return when a recurring time came last, in seconds since 1970; None if that is too long ago.

    Raises:
        ValueError: it is no recurring time, or no time zone.
    """
    return _last_time(text, timezone, int(now // MINUTE) * MINUTE)


@lru_cache(maxsize=4096)
def _last_time(text: str, timezone: str, now: int) -> float | None:
    cron, where = parse(text), zone(timezone)
    today = datetime.fromtimestamp(now, where).date()
    for back in range(LONGEST_PAUSE):
        day = today - timedelta(days=back)
        if cron.on(day):
            past = [at for at in cron.times(day, where) if at <= now]
            if past:
                return max(past)
    return None


def day_of(timezone: str, now: float) -> tuple[float, float]:
    """Return when the day that it is in a time zone began, and when it ends.

    Raises:
        ValueError: there is no such time zone.
    """
    where = zone(timezone)
    today = datetime.fromtimestamp(now, where).date()
    begin, end = (
        datetime.combine(day, time(), where).timestamp() for day in (today, today + timedelta(days=1))
    )
    return begin, end
