"""The reset between players, from what the settings say to what the relay is told."""

from __future__ import annotations

import orjson

from pixelstream.relay import ControlRequest, ResetPlan
from pixelstream.settings.signalserver import Reset


def plan_of(reset: Reset) -> ResetPlan:
    """Return the plan of checked settings."""
    return ResetPlan(
        kind=reset.kind,
        message=orjson.dumps(reset.message),
        acknowledgement=reset.acknowledgement if reset.kind == "message" else "",
        request=_request(reset),
        settle=reset.settle,
        deadline=reset.deadline,
        restart=reset.restart,
        on_failure=reset.on_failure,
    )


def _request(reset: Reset) -> ControlRequest | None:
    if reset.path is None:
        return None
    payload = None if reset.method == "GET" else b"" if reset.body is None else orjson.dumps(reset.body)
    return ControlRequest(reset.path, reset.method, reset.path, payload)
