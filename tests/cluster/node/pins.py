"""What the cluster is made of: versions.toml as closed models.

Trap: versions.toml and the go.mod files under gomod/ both hold a version; a test compares them,
the build believes go.mod.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pixelstream import __version__

CLUSTER = Path(__file__).resolve().parent.parent
REPOSITORY = CLUSTER.parent.parent
GOMOD = CLUSTER / "gomod"


class Pin(BaseModel):
    """A closed, frozen model whose keys are written as in TOML (`image-packages`)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        populate_by_name=True,
    )


class Copy(Pin):
    """A module that is built from a changed copy: parts dropped, files of our own added."""

    source: str
    version: str
    into: str
    drop: list[str]
    add: dict[str, str]


class Group(Pin):
    """Programs of one Go module of gomod/, built together and packed as one file."""

    module: str
    source: str
    version: str
    programs: dict[str, str]
    tags: list[str] = []
    variables: dict[str, str] = {}
    copies: list[Copy] = []

    @property
    def folder(self) -> Path:
        """The folder of the group's go.mod."""
        return GOMOD / self.module

    def linker_flags(self) -> str:
        """Text for `-ldflags`: no symbol tables, and the group's variables set."""
        settings = (
            f"-X {name}={value.format(version=self.version)}" for name, value in self.variables.items()
        )
        return " ".join(["-s", "-w", *settings])


class GoImage(Pin):
    """Static programs of a group, packed as an image of one layer."""

    name: str
    group: str
    files: dict[str, str]
    entrypoint: list[str]
    command: list[str] = []
    user: str = "65532"
    folders: list[str] = []


class DebianImage(Pin):
    """The base of everything built from Debian's packages."""

    name: str
    suite: str


class StandInImage(Pin):
    """An upstream image's stand-in, from a Dockerfile of the tests."""

    name: str
    base: str
    dockerfile: str


class ProjectImage(Pin):
    """An image of images/, from the same Dockerfile as users build; `pip` says that its build runs pip."""

    name: str
    base: str
    project: list[str]
    uses: dict[str, str] = {}
    pip: bool = False


Image = GoImage | DebianImage | StandInImage | ProjectImage


class Node(Pin):
    """Debian packages that the node and the image build need."""

    packages: list[str]
    image_packages: list[str]


class Kind(Pin):
    """The cluster made with kind where Docker runs: the image of its node, and those of older releases."""

    node_image: str
    older: list[str]


class Crds(Pin):
    """Definitions of custom resources that a Go module carries as YAML."""

    source: str
    version: str
    files: list[str]


class Pins(Pin):
    """The whole of versions.toml."""

    node: Node
    kind: Kind
    groups: dict[str, Group]
    images: dict[str, Annotated[Image, Field(union_mode="smart")]]
    crds: dict[str, Crds]

    def image_name(self, key: str, registry: str = "ghcr.io/pixelstream") -> str:
        """The full name and tag of an image; the project's own carry its release."""
        return self.images[key].name.format(registry=registry, release=__version__)

    def group_of(self, program: str) -> str:
        """The group that builds a program.

        Raises:
            KeyError: no group builds it.
        """
        for name, group in self.groups.items():
            if program in group.programs:
                return name
        known = sorted(program for group in self.groups.values() for program in group.programs)
        raise KeyError(f"no group builds {program!r}; known: {', '.join(known)}")


@cache
def pins() -> Pins:
    """versions.toml, read once."""
    return Pins.model_validate(tomllib.loads((CLUSTER / "versions.toml").read_text()))
