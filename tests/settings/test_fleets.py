"""Settings of fleets: a number or a policy for the buffer, a budget, and what is refused in words."""

import re

import pytest

from pixelstream.errors import SettingsError
from pixelstream.matchmaking.scaling import cron
from pixelstream.matchmaking.scaling.policy import Budget, Row, Sizing
from pixelstream.settings.base import parse
from pixelstream.settings.fleets import FleetsFile, _pattern

FULL = """
fleets:
  - name: gold
    buffer:
      fixed: 1
      percent: 20
      schedule: [{cron: "0 8 * * mon-fri", timezone: Europe/Berlin, streams: 5}]
    minimum: 1
    maximum: 40
    budget: {gpuHoursPerDay: 96.5, timezone: Europe/Berlin, ahead: 30m, schedule: [{cron: "@", streams: 9}]}
    pricePerGpuHour: 1.25
    gpus: 0.25
    scaled: true
    tolerance: 0.1
""".replace('"@"', '"0 0 * * *"')


def sizing(text: str) -> Sizing:
    return parse(FleetsFile, f"fleets: [{text}]").fleets[0].sizing()


def test_everything_that_can_be_said_reaches_the_rules() -> None:
    (fleet,) = parse(FleetsFile, FULL).fleets
    assert fleet.price_per_gpu_hour == 1.25
    assert fleet.sizing() == Sizing(
        spare=1,
        minimum=1,
        maximum=40,
        percent=20,
        schedule=(Row("0 8 * * mon-fri", 5, "Europe/Berlin"),),
        budget=Budget(96.5, "Europe/Berlin", 1800.0, (Row("0 0 * * *", 9),)),
        gpus=0.25,
        tolerance=0.1,
        scaled=True,
    )


def test_a_number_is_a_fixed_buffer() -> None:
    assert sizing("{buffer: 3}") == sizing("{buffer: {fixed: 3}}") == Sizing(3)
    assert sizing("{}") == Sizing(1)


def test_a_budget_that_bounds_nothing_is_none() -> None:
    assert sizing("{budget: {timezone: Europe/Berlin}}").budget is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{buffer: -1}", "buffer = -1: must be at least 0"),
        ("{buffer: two}", 'buffer = "two": must be a whole number'),
        ("{buffer: {fixd: 1}}", 'fleets[0].buffer.fixd: unknown key (did you mean "fixed"?)'),
        ("{buffer: {percent: 10.5}}", "must be a whole number"),
        ("{buffer: {schedule: [{cron: '0 25 * * *', streams: 1}]}}", 'hour: "25" is not from 0 to 23'),
        ("{buffer: {schedule: [{cron: '0 8 * * *'}]}}", "schedule[0].streams: missing"),
        ("{budget: {schedule: [{cron: '0 8 * * *', timezone: Mars, streams: 1}]}}", "is no time zone"),
        ("{budget: {gpuHoursPerDay: 0}}", "must be more than 0"),
        ("{minimum: 3, maximum: 2}", "minimum must not be above maximum"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_key(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        sizing(text)
    assert words in str(caught.value)
    assert str(caught.value).count("\n  ") == 1


@pytest.mark.parametrize(
    "text", ["0 8 * * *", "*/15 0-6/2,22 1,15 jan-MAR mon", " 5  4 * * 7 ", "59 23 31 12 0", "00 08 01 01 *"]
)
def test_the_schema_takes_what_the_parser_takes(text: str) -> None:
    cron.parse(text)
    assert re.search(_pattern(), text)


@pytest.mark.parametrize(
    "text", ["0 8 * *", "60 * * * *", "* 24 * * *", "* * 32 * *", "5/10 * * * *", "@daily"]
)
def test_the_schema_refuses_most_of_what_the_parser_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cron.parse(text)
    assert not re.search(_pattern(), text)
