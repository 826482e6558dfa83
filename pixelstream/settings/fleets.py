"""Settings of fleets: how many streams each should have, and what they may cost.

They stand in the matchmaker's settings, or in a file that the streams' chart writes and that is followed
while it runs. The trap: a number for `buffer` is short for `{fixed: number}`, in the file as in values.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from pixelstream.matchmaking.scaling import cron, policy
from pixelstream.settings.base import Model, Name, Seconds

Streams = Annotated[int, Field(ge=0, le=10_000)]


def _recurring(text: str) -> str:
    cron.parse(text)
    return text


def _zone(name: str) -> str:
    cron.zone(name)
    return name


def _pattern() -> str:
    """Return what a schema can hold of five fields: all but a range that ends before it begins."""
    word = "[A-Za-z]{3}"
    ones = r"[0-5]?\d", r"[01]?\d|2[0-3]", r"0?[1-9]|[12]\d|3[01]", f"0?[1-9]|1[0-2]|{word}", f"[0-7]|{word}"
    items = [rf"(\*(/\d+)?|({one})(-({one})(/\d+)?)?)" for one in ones]
    return r"^\s*" + r"\s+".join(f"{item}(,{item})*" for item in items) + r"\s*$"


Cron = Annotated[str, AfterValidator(_recurring), WithJsonSchema({"type": "string", "pattern": _pattern()})]
"""A recurring time in five fields: minute, hour, day of the month, month, day of the week."""
TimeZone = Annotated[
    str,
    AfterValidator(_zone),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"}),
]
"""A time zone by its name in the IANA data base, such as `Europe/Berlin`."""


class RowSettings(Model):
    """From the times that `cron` names on: so many streams, until the time of another row comes."""

    cron: Cron
    timezone: TimeZone = "UTC"
    streams: Streams

    def row(self) -> policy.Row:
        """Return the row that the rules go by."""
        return policy.Row(self.cron, self.streams, self.timezone)


Schedule = Annotated[tuple[RowSettings, ...], Field(max_length=100)]


class BufferSettings(Model):
    """Streams to be free beyond those that are taken and waited for; the most that any key asks for.

    `fixed`: so many. `percent`: so many for a hundred that are taken, rounded up. `schedule`: so many by the
    time of day and week.
    """

    fixed: Streams = 0
    percent: Annotated[int, Field(ge=0, le=1000)] = 0
    schedule: Schedule = ()


def _kind(value: object) -> str:
    return "block" if isinstance(value, (dict, BufferSettings)) else "number"


Buffer = Annotated[
    Annotated[Streams, Tag("number")] | Annotated[BufferSettings, Tag("block")], Discriminator(_kind)
]
"""Streams to be free; a number is short for `fixed`."""


class BudgetSettings(Model):
    """What a fleet may cost; nothing here is no bound.

    `gpuHoursPerDay` of a day in `timezone`; what is left of them must last `ahead` for all streams, or else
    no more are started. `schedule` names the most streams by the time. No player is ever sent away for it.
    """

    gpu_hours_per_day: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    timezone: TimeZone = "UTC"
    ahead: Annotated[Seconds, Field(ge=60, le=86_400)] = 3600.0
    schedule: Schedule = ()

    def budget(self) -> policy.Budget | None:
        """Return the bound that the rules go by."""
        if self.gpu_hours_per_day is None and not self.schedule:
            return None
        rows = tuple(row.row() for row in self.schedule)
        return policy.Budget(self.gpu_hours_per_day, self.timezone, self.ahead, rows)


class FleetSettings(Model):
    """A kind of stream that players can wait for.

    `buffer` is how many streams are held ready beyond those that are taken or waited for; the number
    of streams wanted stays between `minimum` and `maximum`, and within `budget`. A stream has so many
    `gpus`, at a price each. `scaled`: an autoscaler goes by that number; differences below `tolerance`, a
    share of the streams that there are, it may ignore.
    """

    name: Name = "default"
    buffer: Buffer = 1
    minimum: Streams = 0
    maximum: Streams = 1000
    budget: BudgetSettings = BudgetSettings()
    price_per_gpu_hour: Annotated[float, Field(ge=0)] = 0.0
    gpus: Annotated[float, Field(gt=0, le=64)] = 1.0
    scaled: bool = False
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError("minimum must not be above maximum")
        return self

    def sizing(self) -> policy.Sizing:
        """Return what the rules go by."""
        buffer = BufferSettings(fixed=self.buffer) if isinstance(self.buffer, int) else self.buffer
        return policy.Sizing(
            spare=buffer.fixed,
            minimum=self.minimum,
            maximum=self.maximum,
            percent=buffer.percent,
            schedule=tuple(row.row() for row in buffer.schedule),
            budget=self.budget.budget(),
            gpus=self.gpus,
            tolerance=self.tolerance,
            scaled=self.scaled,
        )


class FleetsFile(Model):
    """What `fleetsFile` holds, as YAML: `fleets: [{name: default}]`; it is read again and again."""

    fleets: Annotated[tuple[FleetSettings, ...], Field(max_length=1000)] = ()
