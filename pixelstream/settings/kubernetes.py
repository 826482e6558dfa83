"""Which objects of a cluster a service watches.

How the API server is reached stands in no settings: a pod's own token, or the file that `KUBECONFIG`
names (`pixelstream.kube.access`).
"""

from typing import Annotated

from pydantic import Field

from pixelstream.settings.base import Model
from pixelstream.settings.types import Words


class Kubernetes(Model):
    """A namespace, and a selector of labels such as `pixelstream.io/discovery=true`."""

    namespace: Annotated[
        str,
        Field(max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
        Words("must be lower-case letters, digits and dashes between"),
    ]
    selector: Annotated[str, Field(min_length=1, max_length=1024)]
