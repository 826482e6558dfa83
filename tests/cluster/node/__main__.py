"""Commands for people and the Makefile: `python -m tests.cluster.node up|down|status|...`.

Trap: what a script wants (a path, a kubeconfig) goes to standard output, everything else to
standard error.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tests.cluster.node import addons, build, host, images, kind, link, modules, paths, provider, schemas
from tests.cluster.node.kubectl import Kubectl
from tests.cluster.node.pins import ProjectImage, pins
from tests.cluster.node.progress import console
from tests.cluster.node.shell import CommandError

app = typer.Typer(no_args_is_help=True, help=__doc__, add_completion=False)


@app.command()
def up(
    image: Annotated[list[str] | None, typer.Option(help="Image of versions.toml to load as well.")] = None,
    addon: Annotated[list[str] | None, typer.Option(help="Add-on to start as well: metrics-server.")] = None,
    *,
    stock_timing: Annotated[bool, typer.Option(help="Scale with Kubernetes' own timing.")] = False,
) -> None:
    """Start a cluster, or find the one that runs; print its kubeconfig."""
    cluster = provider.ensure(stock_timing=stock_timing)
    cluster.load(*(image or []))
    for name in addon or []:
        cluster.load(name)
        addons.apply(name, cluster.kubeconfig)
    console.print(f"cluster ({cluster.how}): export KUBECONFIG={cluster.kubeconfig}")
    sys.stdout.write(f"{cluster.kubeconfig}\n")


@app.command()
def down() -> None:
    """End the cluster that `up` made; nothing of it is left but its logs and the cache."""
    ours = {"node": host.state() is not None, "kind": kind.KUBECONFIG.is_file()}
    host.down()  # also clears away what a node that died has left
    kind.down()
    ended = [how for how, running in ours.items() if running]
    console.print(f"ended the cluster ({', '.join(ended)})" if ended else "no cluster of ours is running")


@app.command()
def status() -> None:
    """Tell which cluster runs; exit code 3 when none does."""
    cluster = provider.current()
    if cluster is None:
        console.print("no cluster is running")
        raise typer.Exit(3)
    console.print(f"cluster ({cluster.how}): {cluster.kubeconfig}")
    running = host.state()
    if running is not None:
        console.print(f"process 1: {running.inner.pid}; link: {link.exists()}; logs: {paths.LOGS}")
        sys.stdout.write(host.execute(["ctr", "--namespace", "k8s.io", "images", "list", "--quiet"]))


@app.command("images")
def images_command(
    names: Annotated[list[str] | None, typer.Argument(help="Images of versions.toml; all when none.")] = None,
    *,
    fresh: Annotated[bool, typer.Option(help="Build anew, with Debian's packages of today.")] = False,
) -> None:
    """Build images and load them into the cluster, if one is running; print their names."""
    cluster = provider.current()
    for name in names or list(pins().images):
        if fresh:
            images.forget(name)
        images.archive(name)
        if cluster is not None:
            cluster.load(name)
        sys.stdout.write(f"{pins().image_name(name)}\n")


@app.command("build")
def build_command(
    groups: Annotated[
        list[str] | None, typer.Argument(help="Groups of versions.toml; all when none.")
    ] = None,
) -> None:
    """Build programs into the cache; print their folders."""
    for name in groups or list(pins().groups):
        sys.stdout.write(f"{build.ensure(name)}\n")


@app.command()
def program(name: Annotated[str, typer.Argument(help="kubectl, helm, helm3, ct, promtool, ...")]) -> None:
    """Print the path of a program, built first when the cache lacks it."""
    sys.stdout.write(f"{build.program(name)}\n")


@app.command("module")
def module_command(
    module: Annotated[str, typer.Argument(help="Folder of gomod/ whose go.mod holds the version.")],
    source: Annotated[str, typer.Argument(help="Module path, as sigs.k8s.io/gateway-api.")],
) -> None:
    """Print the folder of a Go module's files, for the CRDs and manifests that it carries."""
    sys.stdout.write(f"{modules.folder(source, modules.required(module)[source])}\n")


@app.command("schemas")
def schemas_command(folder: Annotated[Path, typer.Argument(help="Where to write them.")]) -> None:
    """Write JSON schemas for kubeconform from what the running cluster says of itself."""
    cluster = provider.current()
    if cluster is None:
        raise typer.BadParameter("no cluster is running: make cluster")
    document = Kubectl(cluster.kubeconfig)("get", "--raw", "/openapi/v2")
    console.print(f"{schemas.write(json.loads(document), folder)} schemas in {folder}")


@app.command("list")
def list_command() -> None:
    """List what can be built."""
    for name, group in pins().groups.items():
        console.print(f"{name:20} {group.version:10} {', '.join(group.programs)}")
    for name, image in pins().images.items():
        own = " (the project's)" if isinstance(image, ProjectImage) else ""
        console.print(f"{name:20} {pins().image_name(name)}{own}")


if __name__ == "__main__":
    try:
        app()
    except (CommandError, TimeoutError, FileNotFoundError, KeyError) as error:
        console.print(f"[red]{error}[/]")
        sys.exit(1)
