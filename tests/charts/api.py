"""What the API server knows: schemas of every kind of the pinned Kubernetes, and of CRDs that charts use.

The trap: they come from files of Go modules, so no cluster is asked; what a cluster itself says of its kinds
is held against the same objects by the tests on one.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.charts.helm import Object, objects
from tests.cluster.node import build, modules, schemas
from tests.cluster.node.paths import CACHE
from tests.cluster.node.pins import pins
from tests.cluster.node.shell import run


@cache
def folder() -> Path:
    """Folder with the schemas, made first when the cache lacks them.

    Raises:
        CommandError: a module could not be had.
    """
    version = pins().groups["core"].version
    made = CACHE / "schemas" / version
    if not (made / schemas.DEFINITIONS).is_file():
        document = modules.folder("k8s.io/kubernetes", version) / "api" / "openapi-spec" / "swagger.json"
        schemas.write(json.loads(document.read_text()), made)
    for name, schema in schemas.of_crds(_definitions()).items():
        (made / name).write_text(json.dumps(schema))
    return made


def _definitions() -> Iterator[Object]:
    for pin in pins().crds.values():
        source = modules.folder(pin.source, pin.version)
        for file in pin.files:
            yield from objects((source / file).read_text())


def conformity(found: list[Object]) -> Object:
    """Return what kubeconform says of objects: its summary and the resources that it complains of.

    Raises:
        CommandError: it complains of any.
    """
    place = f"{folder()}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    argv = ["-strict", "-summary", "-output", "json", "-schema-location", place]
    told: Object = json.loads(
        run([build.program("kubeconform"), *argv], stdin="\n---\n".join(map(json.dumps, found)))
    )
    return told
