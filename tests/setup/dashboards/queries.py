"""Queries that several boards share.

The trap: matchmakers that share a store all tell the same gauges of a fleet, so the greatest is taken
before fleets are added up; what happens at one of them only is added up.
"""

EVENTS = "15m"
"""Over what is counted that happens now and then: players come by the minute, not by the second."""

HERE = 'namespace="$namespace"'
FLEETS = f'{HERE}, fleet=~"$fleet"'


def level(metric: str) -> str:
    """Return a gauge of the fleets chosen, all together."""
    return f"sum(max by (fleet) ({metric}{{{FLEETS}}}))"


def by_fleet(metric: str) -> str:
    """Return a gauge for each fleet."""
    return f"max by (fleet) ({metric}{{{FLEETS}}})"


def rate(metric: str, by: str = "", more: str = "", window: str = EVENTS) -> str:
    """Return how much of a counter came a second."""
    chosen = ", ".join(filter(None, (FLEETS, more)))
    grouped = f"sum by ({by}) " if by else "sum "
    return f"{grouped}(rate({metric}{{{chosen}}}[{window}]))"


def quantile(share: float, metric: str, by: str = "", more: str = "", window: str = EVENTS) -> str:
    """Return a quantile of a histogram by fleet."""
    labels, chosen = (", ".join(filter(None, parts)) for parts in (("le", by), (FLEETS, more)))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{{{chosen}}}[{window}])))"


def service_rate(metric: str, by: str, window: str = EVENTS) -> str:
    """Return how much of a counter came a second, of one that knows no fleets."""
    return f"sum by ({by}) (rate({metric}{{{HERE}}}[{window}]))"


def service_quantile(share: float, metric: str, by: str = "") -> str:
    """Return a quantile of a histogram that knows no fleets."""
    labels = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{{{HERE}}}[{EVENTS}])))"
