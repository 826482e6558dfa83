"""Images as docker-archives in the cache: packed Go programs, a Debian base, Dockerfile builds.

Trap: an image's key covers the key of what it is built on, so a new base makes all new; the
contents of Debian's archive are not part of any key, so `images --fresh` is how those are renewed.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tests.cluster.node import build, buildah, host, packages, packer
from tests.cluster.node.keys import digest, group_key, tree
from tests.cluster.node.locks import lock
from tests.cluster.node.paths import BUILDAH, IMAGES, NODE
from tests.cluster.node.pins import REPOSITORY, DebianImage, GoImage, ProjectImage, StandInImage, pins
from tests.cluster.node.progress import Step, step
from tests.cluster.node.shell import run

EXCLUDED = ("doc", "man", "info", "locale", "lintian", "linda")
KEEP_NO_PACKAGES = 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };'
SLIM = [
    *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in EXCLUDED),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",  # else usrmerge comes, and all of perl with it
    "--include=usr-is-merged",
    f"--customize-hook=echo '{KEEP_NO_PACKAGES}' > \"$1/etc/apt/apt.conf.d/clean\"",
]
BOOTSTRAP_SECONDS = 900.0
IMPORT_SECONDS = 300.0


def key_of(name: str) -> str:
    """Cache key of an image.

    Raises:
        FileNotFoundError: a file that the image is built from is missing.
    """
    image = pins().images[name]
    recipe = json.dumps([pins().image_name(name), image.model_dump(mode="json")], sort_keys=True)
    match image:
        case GoImage():
            return digest([recipe, group_key(pins().groups[image.group], build.go_version())])
        case DebianImage():
            return digest([recipe, *SLIM])
        case StandInImage():
            folder = (REPOSITORY / image.dockerfile).parent
            return digest([recipe, key_of(image.base), *tree(folder)])
        case ProjectImage():
            used = [key_of(other) for other in image.uses.values()]
            return digest([recipe, key_of(image.base), *used, *tree(REPOSITORY, image.project)])


def archive(name: str) -> Path:
    """The docker-archive of an image, built first when the cache lacks it.

    Raises:
        CommandError: the build failed.
        FileNotFoundError: a file that the image is built from is missing.
        KeyError: versions.toml has no such image.
    """
    if name not in pins().images:
        raise KeyError(f"no image {name!r}; known: {', '.join(pins().images)}")
    target = IMAGES / f"{name}-{key_of(name)}.tar"
    with lock(f"image-{name}"):
        if not target.is_file():
            IMAGES.mkdir(parents=True, exist_ok=True)
            _make(name, target)
            _drop_older(name, target)
    return target


def forget(name: str) -> None:
    """Drop an image from the cache, with all that buildah knows of it."""
    for old in IMAGES.glob(f"{name}-*.tar"):
        old.unlink()
    shutil.rmtree(BUILDAH, ignore_errors=True)


def _drop_older(name: str, newest: Path) -> None:
    for old in IMAGES.glob(f"{name}-{'[0-9a-f]' * 16}.tar"):
        if old != newest:
            old.unlink()


def _make(name: str, target: Path) -> None:
    image = pins().images[name]
    match image:
        case GoImage():
            _pack_programs(image, target)
        case DebianImage():
            _bootstrap(image, target)
        case StandInImage():
            _build_stand_in(image, target)
        case ProjectImage():
            _build_project(name, image, target)


def _pack_programs(image: GoImage, target: Path) -> None:
    folder = build.ensure(image.group)
    files = {PurePosixPath(place): folder / program for program, place in image.files.items()}
    recipe = packer.Recipe(
        name=image.name,
        files=files,
        entrypoint=image.entrypoint,
        command=image.command,
        user=image.user,
        folders=image.folders,
    )
    packer.pack(recipe, target)


def _bootstrap(image: DebianImage, target: Path) -> None:
    packages.need(pins().node.image_packages)
    layer = target.with_suffix(".rootfs.tar")
    try:
        with step(f"make {image.name} from Debian's packages"):
            words = ["mmdebstrap", "--quiet", "--variant=apt", *SLIM, image.suite, str(layer)]
            run(words, timeout=BOOTSTRAP_SECONDS)
        packer.pack_layer(packer.Recipe(name=image.name, command=["bash"]), layer, target)
    finally:
        layer.unlink(missing_ok=True)


def _build_stand_in(image: StandInImage, target: Path) -> None:
    file = REPOSITORY / image.dockerfile
    base = _in_storage(image.base)
    with step(f"build {image.name}") as shown, lock("buildah"):
        arguments = ["--build-arg", f"BASE={base}", "--tag", image.name, "--file", str(file)]
        buildah.run([*buildah.tool(), "build", *buildah.build_flags(), *arguments, str(file.parent)], shown)
        _push(image.name, target, shown)


def _build_project(name: str, image: ProjectImage, target: Path) -> None:
    """Build as a user does, with `make image-NAME`; only the tool and the bases are the tests' own."""
    full_name = pins().image_name(name)
    arguments = {"BASE": _in_storage(image.base)}
    arguments |= {f"{other}_IMAGE": _in_storage(needed) for other, needed in image.uses.items()}
    pip = buildah.pip_flags() if image.pip else []
    bases = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    flags = [*buildah.build_flags(), *pip, *bases]
    with step(f"build {full_name}") as shown, lock("buildah"):
        words = ["make", "--no-print-directory", "-f", "images/images.mk", f"image-{name}"]
        settings = [f"IMAGE_TOOL={' '.join(buildah.tool())}", f"IMAGE_FLAGS={' '.join(flags)}"]
        repository, tag = full_name.rsplit(":", 1)
        place = [f"REGISTRY={repository.rsplit('/', 1)[0]}", f"TAG={tag}"]
        buildah.run([*words, *settings, *place], shown, cwd=REPOSITORY)
        _push(full_name, target, shown)


def _in_storage(name: str) -> str:
    """Put an image where buildah finds it as a base; returns its name."""
    packages.need(pins().node.image_packages)
    full_name, file = pins().image_name(name), archive(name)
    mark = BUILDAH / f"{name}.have"
    if not mark.is_file() or mark.read_text() != file.name:
        with step(f"give {full_name} to buildah"), lock("buildah"):
            run([*buildah.tool(), "pull", "--quiet", f"docker-archive:{file}"], timeout=BOOTSTRAP_SECONDS)
            mark.write_text(file.name)
    return full_name


def _push(full_name: str, target: Path, shown: Step) -> None:
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    try:
        words = [
            *buildah.tool(),
            "push",
            "--disable-compression",
            full_name,
            f"docker-archive:{part}:{full_name}",
        ]
        buildah.run(words, shown)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def load(names: Iterable[str]) -> None:
    """Import images into the running node, leaving out those that it has in this very version.

    Raises:
        CommandError: no node is running, or an archive could not be made or was refused.
    """
    for name in names:
        file = archive(name)
        mark = NODE / "loaded" / file.name
        if not mark.is_file():
            host.execute(["ctr", "--namespace", "k8s.io", "images", "import", file], timeout=IMPORT_SECONDS)
            mark.parent.mkdir(exist_ok=True)
            mark.touch()
