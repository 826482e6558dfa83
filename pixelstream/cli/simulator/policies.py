"""Policies as people write them: in a word on the command line, in a file, or as the values of a release.

The trap: what is written here for Helm is the streamer chart's `autoscaling`, whose `minReplicas` is the
fleet's `minimum`; both ways go through the same models, so neither can say what the other would refuse.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from pixelstream.cli.simulator.model import Loop, Policy
from pixelstream.errors import SettingsError
from pixelstream.settings.base import Model, check, load
from pixelstream.settings.fleets import FleetSettings
from pixelstream.settings.values.kubernetes import Behavior

WORDS = {"fixed": "buffer", "percent": "buffer", "min": "minimum", "max": "maximum", "hours": "budget"}
"""What may stand in a policy of one word, and the key that it goes to."""
CANDIDATES = (
    "fixed=0",
    "fixed=1",
    "fixed=3",
    "fixed=1,percent=10",
    "fixed=1,percent=25",
    "fixed=2,percent=50",
)
"""Compared if no policy is named."""
MAXIMUM = 1000
"""Of streams, where a policy names none."""


class _Any(Model, extra="allow"):
    """A file of values, of which only a part is read here."""


def read_policy(text: str, common: Mapping[str, Any]) -> Policy:
    """Read `fixed=2,percent=20,min=1,max=40,hours=200`, or a YAML file of one fleet's settings.

    Args:
        text: the words, or the path of the file.
        common: keys of the fleet's settings that all policies have.

    Raises:
        SettingsError: neither is a policy, in words.
    """
    if text.endswith((".yaml", ".yml")):
        own = load(_Any, text).model_dump()
        return Policy(Path(text).stem, check(FleetSettings, {**common, **own}, text))
    fleet: dict[str, Any] = {"maximum": MAXIMUM, "buffer": {}, **common}
    for part in text.split(","):
        word, _, number = part.strip().partition("=")
        if word not in WORDS or not number.isdigit():
            known = ", ".join(f"{one}=N" for one in WORDS)
            raise SettingsError(f"policy {text}", [f"{part!r} is none of {known}, with whole numbers"])
        if WORDS[word] == "buffer":
            fleet["buffer"][word] = int(number)
        elif word == "hours":
            fleet["budget"] = {"gpuHoursPerDay": int(number)}
        else:
            fleet[WORDS[word]] = int(number)
    return Policy(text, check(FleetSettings, fleet, f"policy {text}"))


def read_values(path: Path, loop: Loop, common: Mapping[str, Any]) -> tuple[Policy, Loop]:
    """Read a release's values: the policy of a fleet, and how fast it may scale.

    Args:
        path: of the values.
        loop: what holds where the values say nothing.
        common: keys of the fleet's settings that the values don't have; `name` is the fleet's.

    Raises:
        SettingsError: the values can't be read, have no such fleet, or say what the chart would refuse.
    """
    whole = load(_Any, path).model_dump()
    streamer: dict[str, Any] = whole.get("streamer", whole)
    fleets: dict[str, Any] = {"default": {}, **(streamer.get("fleets") or {})}
    if common["name"] not in fleets:
        raise SettingsError(str(path), [f"--fleet {common['name']}: there are {', '.join(fleets)}"])
    own = fleets[common["name"]] or {}
    scaling: dict[str, Any] = _over(streamer.get("autoscaling") or {}, own.get("autoscaling") or {})
    price = own.get("pricePerGpuHour", streamer.get("pricePerGpuHour"))
    fleet = {
        **common,
        "minimum": scaling.get("minReplicas", 1),
        "maximum": scaling.get("maxReplicas", 10),
        "buffer": scaling.get("buffer", 1),
        "budget": scaling.get("budget") or {},
        **({"pricePerGpuHour": price} if price else {}),
        **_gpus(_over(streamer.get("gpu") or {}, own.get("gpu") or {})),
    }
    behavior = _over(_wire(loop.behavior), scaling.get("behavior") or {})
    loop = replace(
        loop,
        keda=scaling.get("kind", "keda" if loop.keda else "hpa") == "keda",
        behavior=check(Behavior, behavior, f"{path}: behavior"),
    )
    return Policy(path.name, check(FleetSettings, fleet, str(path))), loop


def write_values(policy: Policy, loop: Loop, most: int = 0) -> str:
    """Return the values of the release that have this policy.

    Args:
        policy: as it was simulated.
        loop: that it was simulated with.
        most: streams that there were at one time, from which a maximum follows if the policy has none.
    """
    fleet = policy.fleet
    enough = max(10, math.ceil(1.5 * most))
    # Where some streams are always free there is always one, and every cluster takes a minimum of one.
    minimum = max(fleet.minimum, min(1, fleet.sizing().spare))
    buffer = fleet.buffer if isinstance(fleet.buffer, int) else _wire(fleet.buffer)
    scaling: dict[str, Any] = {
        "enabled": True,
        "kind": "keda" if loop.keda else "hpa",
        "minReplicas": minimum,
        "maxReplicas": enough if fleet.maximum == MAXIMUM else fleet.maximum,
        "buffer": buffer,
    }
    if budget := _wire(fleet.budget):
        scaling["budget"] = budget
    values: dict[str, Any] = {"autoscaling": scaling}
    if fleet.price_per_gpu_hour:
        values["pricePerGpuHour"] = fleet.price_per_gpu_hour
    head = f"# {policy.title}: chosen by pixelstream simulate.\n"
    return head + yaml.safe_dump({"streamer": {"fleets": {fleet.name: values}}}, sort_keys=False)


def _gpus(gpu: Mapping[str, Any]) -> dict[str, float]:
    """Return the GPUs of one stream as the chart tells them to the matchmaker; nothing where it has none."""
    mode = gpu.get("mode", "none")
    if mode in {"shared", "label"}:
        return {"gpus": 1 / gpu.get("streams", 1)}
    return {} if mode == "none" else {"gpus": float(gpu.get("count", 1))}


def _wire(model: Model) -> dict[str, Any]:
    """Return what a file would say of a model, without what it says anyway."""
    found: dict[str, Any] = model.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude_none=True
    )
    return found


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay values over others, as Helm does."""
    both = dict(below)
    for key, value in above.items():
        known = both.get(key)
        both[key] = _over(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return both
