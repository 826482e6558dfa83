"""The HTTP surface of the matchmaker, on the same port as its sockets."""

from __future__ import annotations

from fastapi import FastAPI

from pixelstream.apps import service
from pixelstream.apps.matchmaker.api import compat, lists, quality, sessions, usage
from pixelstream.apps.matchmaker.api.bodies import BoundedBodies
from pixelstream.apps.matchmaker.context import Context


def create_app(context: Context) -> FastAPI:
    """Make the app around one context."""
    app = service.create_app(
        "matchmaker", registry=context.registry, not_ready=context.not_ready, openapi=True
    )
    app.add_middleware(BoundedBodies)
    app.include_router(sessions.router(context))
    app.include_router(lists.router(context))
    app.include_router(quality.router(context))
    app.include_router(usage.router(context))
    if context.settings.compat.enabled:
        app.include_router(compat.router(context))
    return app
