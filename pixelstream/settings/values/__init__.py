"""Models of the charts' values, one for each chart, fields in the order of its values.yaml.

The trap: the defaults are those of values.yaml alone, so a field without a default here must stand
there, and one with a default must not. What is written may leave anything out; see `schema.py`.
"""

from pixelstream.settings.base import Model
from pixelstream.settings.values.edge import PlayerValues, ProxyValues, RouterValues
from pixelstream.settings.values.streams import MatchmakerValues, SignalserverValues, StreamerValues
from pixelstream.settings.values.telemetry import TelemetryValues
from pixelstream.settings.values.turn import TurnApiValues, TurnValues
from pixelstream.settings.values.umbrella import PixelstreamValues

__all__ = ["CHARTS", "PixelstreamValues"]

CHARTS: dict[str, type[Model]] = {
    "router": RouterValues,
    "player": PlayerValues,
    "matchmaker": MatchmakerValues,
    "proxy": ProxyValues,
    "streamer": StreamerValues,
    "signalserver": SignalserverValues,
    "turn": TurnValues,
    "turn-api": TurnApiValues,
    "telemetry": TelemetryValues,
}
"""Values of each subchart by its name, in the order in which a player meets them."""
