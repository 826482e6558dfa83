"""The command `pixelstream`: one process of the stack, all of it on one machine, or the bench.

The trap: a service's process must not carry what only people's commands need, so every command imports
what it runs when it runs, and the signalserver, of which there is one for each stream, gives up this
process for one without any of it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pixelstream import __version__
from pixelstream.cli import serve
from pixelstream.cli.guard import guarded

LAZY = {
    "up": "pixelstream.cli.up",
    "bench": "pixelstream.cli.bench",
    "deploy": "pixelstream.cli.deploy",
    "status": "pixelstream.cli.status",
    "undeploy": "pixelstream.cli.undeploy",
    "simulate": "pixelstream.cli.simulate",
    "keys": "pixelstream.cli.keys",
}
"""Commands, or groups of such, of their own name in a module that is imported once they are asked for."""

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="YAML file with the settings.")]


class Commands(TyperGroup):
    """The services' commands, and those of `LAZY` as soon as they are named."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands, as `--help` shows them."""
        return [*super().list_commands(ctx), *(name for name in LAZY if find_spec(LAZY[name]))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None if there is none."""
        if cmd_name not in LAZY or find_spec(LAZY[cmd_name]) is None:
            return super().get_command(ctx, cmd_name)
        found = getattr(import_module(LAZY[cmd_name]), cmd_name)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name)(guarded(found))
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Pixel Streaming for Unreal Engine: signalling, matchmaking and TURN credentials.",
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback takes the value so
    if wanted:
        sys.stdout.write(f"pixelstream {__version__}\n")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""


def _add(name: str, service: serve.Service) -> None:
    @app.command(name, help=service.help)
    @guarded
    def command(config: Config) -> None:
        serve.run(service, config)


@app.command("streamer", help=serve.SERVICES["streamer"].help)
@guarded
def streamer(
    config: Config,
    profile: Annotated[
        str | None,
        typer.Option(help="Speak as this Unreal Engine does (4.27, 5.5, ...), whatever the file says."),
    ] = None,
) -> None:
    """Run the synthetic streamer."""
    serve.run(serve.SERVICES["streamer"], config, {"profile": profile} if profile else None)


for _name, _service in serve.SERVICES.items():
    if _name != "streamer":
        _add(_name, _service)
