"""Container images without a daemon: static programs packed as a docker-archive.

The same files always give the same bytes: no times, owners or folder orders of this machine go
in. Trap: a layer's identity is the hash of its uncompressed tar; the archive is left
uncompressed so that the two are one.
"""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

CREATED = "2026-01-01T00:00:00Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXECUTABLE, SHARED_FOLDER, FOLDER = 0o755, 0o1777, 0o755


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What goes into an image.

    Attributes:
        name: full name with a tag other than `latest`.
        files: where each program comes from and where it lies in the image.
        folders: empty folders that every user may write to.
    """

    name: str
    files: dict[PurePosixPath, Path] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    user: str = ""
    folders: list[str] = field(default_factory=list)


def pack(recipe: Recipe, target: Path) -> None:
    """Write the image as a docker-archive for `ctr images import`, whole or not at all."""
    layer = target.with_suffix(".layer")
    try:
        _write_layer(recipe, layer)
        pack_layer(recipe, layer, target)
    finally:
        layer.unlink(missing_ok=True)


def pack_layer(recipe: Recipe, layer: Path, target: Path) -> None:
    """Write an image whose one layer is an uncompressed tar file; the recipe's files are not read."""
    part = target.with_suffix(".part")
    try:
        _write_archive(recipe, layer, part)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def config(recipe: Recipe, layer_digest: str) -> bytes:
    """The image's configuration (OCI image-spec, config.md) as JSON."""
    settings = {
        "Env": [PATH],
        "Entrypoint": recipe.entrypoint,
        "Cmd": recipe.command,
        "User": recipe.user,
        "WorkingDir": "/",
    }
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        "history": [{"created": CREATED, "created_by": "pixelstream test cluster"}],
    }
    return json.dumps(document, sort_keys=True).encode()


def _write_layer(recipe: Recipe, target: Path) -> None:
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as layer:
        writable = [PurePosixPath(folder) for folder in ("/tmp", *recipe.folders)]  # noqa: S108 - in the image
        for folder in sorted(_parents([*recipe.files, *writable]) - set(writable)):
            layer.addfile(_entry(folder, FOLDER, kind=tarfile.DIRTYPE))
        for folder in sorted(writable):
            layer.addfile(_entry(folder, SHARED_FOLDER, kind=tarfile.DIRTYPE))
        for place, source in sorted(recipe.files.items()):
            with source.open("rb") as file:
                layer.addfile(_entry(place, EXECUTABLE, size=source.stat().st_size), file)


def _parents(paths: list[PurePosixPath]) -> set[PurePosixPath]:
    return {parent for path in paths for parent in path.parents if parent != PurePosixPath("/")}


def _entry(
    path: PurePosixPath, mode: int, *, kind: bytes = tarfile.REGTYPE, size: int = 0
) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(str(path.relative_to("/")))
    entry.mode, entry.type, entry.size = mode, kind, size
    return entry


def _write_archive(recipe: Recipe, layer: Path, target: Path) -> None:
    with layer.open("rb") as file:
        layer_digest = hashlib.file_digest(file, "sha256").hexdigest()
    settings = config(recipe, layer_digest)
    config_name, layer_name = f"{hashlib.sha256(settings).hexdigest()}.json", f"{layer_digest}.tar"
    manifest = [{"Config": config_name, "RepoTags": [recipe.name], "Layers": [layer_name]}]
    with tarfile.open(target, "w") as archive:
        _add(archive, config_name, settings)
        with layer.open("rb") as file:
            entry = tarfile.TarInfo(layer_name)
            entry.size = layer.stat().st_size
            archive.addfile(entry, file)
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))
