"""Numbers as Grafana writes them, for the units that our boards use."""

from __future__ import annotations

_METRIC = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BINARY = ((2.0**40, "TiB"), (2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))
_TIMES = ((86400.0, "day"), (3600.0, "hour"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SUFFIXES = {"celsius": " °C", "watt": " W", "percent": "%", "reqps": " req/s", "none": "", "short": ""}


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """Return a number with its unit.

    Raises:
        KeyError: the unit is one that no board has had yet.
    """
    if unit == "s":
        return _scaled(value, _TIMES, decimals, rest="s", plural=True)
    if unit == "bytes":
        return _scaled(value, _BINARY, decimals, rest="B")
    if unit in {"bps", "hertz"}:
        name = {"bps": "b/s", "hertz": "Hz"}[unit]
        return _scaled(
            value, tuple((size, f"{letter}{name}") for size, letter in _METRIC), decimals, rest=name
        )
    if unit == "percentunit":
        return _number(100 * value, decimals) + "%"
    if unit == "short":
        return _scaled(value, tuple((size, name) for size, name in _METRIC), decimals).replace(" k", "k")
    return _number(value, decimals) + _SUFFIXES[unit]


def _scaled(
    value: float,
    steps: tuple[tuple[float, str], ...],
    decimals: int | None,
    *,
    rest: str = "",
    plural: bool = False,
) -> str:
    for size, name in steps:
        if abs(value) >= size:
            more = "s" if plural and name in {"day", "hour", "min"} and abs(value) != size else ""
            return f"{_number(value / size, decimals)} {name}{more}"
    return f"{_number(value, decimals)} {rest}".rstrip()


def _number(value: float, decimals: int | None) -> str:
    if decimals is None:
        size = abs(value)
        decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
