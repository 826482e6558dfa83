"""Images: from one registry if one is named, by digest where one is given, never a moving tag."""

import re

import pytest
import yaml

from pixelstream import __version__
from tests.charts.helm import CHART, Object, objects, pods, rendered, template

FORM = re.compile(
    r"(?P<registry>[a-z0-9.]+\.[a-z]+)/(?P<name>[a-z0-9/-]+)(:(?P<tag>[\w.-]+)|@sha256:[0-9a-f]{64})"
)
REGISTRY = "registry.example.org/streams"


def images(found: list[Object]) -> set[str]:
    """Return the images of all containers."""
    return {container["image"] for pod in pods(found) for container in pod.containers}


def test_every_image_names_its_registry_and_a_fixed_tag_or_digest(found: list[Object]) -> None:
    for image in images(found):
        match = FORM.fullmatch(image)
        assert match, image
        assert match["tag"] != "latest"
        if match["registry"] == "ghcr.io":
            assert match["tag"] == __version__, image


def test_one_registry_stands_in_for_all() -> None:
    made = images(rendered("private-registry"))
    assert {image for image in made if not image.startswith(f"{REGISTRY}/")} == set()
    names = {image.split("/")[-1].split(":")[0].split("@")[0] for image in made}
    assert names == {"pixelstream", "player", "kubetools", "traefik", "nginx-unprivileged", "coturn"}


def test_a_digest_wins_over_the_tag() -> None:
    (matchmaker,) = [pod for pod in pods(rendered("private-registry")) if pod.component == "matchmaker"]
    assert re.fullmatch(rf"{REGISTRY}/pixelstream@sha256:[0-9a-f]{{64}}", matchmaker.containers[0]["image"])


def test_every_pod_has_the_pull_secrets() -> None:
    for pod in pods(rendered("private-registry")):
        assert pod.spec["imagePullSecrets"] == [{"name": "registry-key"}], pod.owner


@pytest.mark.parametrize("registry", ["registry.example.org/streams/", "registry.example.org/streams"])
def test_a_slash_at_the_end_of_the_registry_makes_no_second_one(registry: str) -> None:
    made = images(objects(template(values={"global": {"imageRegistry": registry}})))
    assert {image for image in made if not image.startswith(f"{REGISTRY}/") or "//" in image} == set()


def test_artifact_hub_is_told_of_exactly_the_images_that_are_used() -> None:
    annotations = yaml.safe_load((CHART / "Chart.yaml").read_text())["annotations"]
    told = {entry["image"] for entry in yaml.safe_load(annotations["artifacthub.io/images"])}
    made = images(rendered("everything")) | images(rendered("default"))
    assert told == {image for image in made if "example.org" not in image}
