"""versions.toml agrees with all that repeats a version."""

import re

import pytest

from tests.cluster.node.modules import required
from tests.cluster.node.pins import GOMOD, REPOSITORY, Group, ProjectImage, StandInImage, pins

MODULES = sorted({group.module for group in pins().groups.values()} - {"probe"})
GROUPS = {name: group for name, group in pins().groups.items() if group.source}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_a_group_has_the_version_that_its_go_mod_requires(group: Group) -> None:
    assert required(group.module)[group.source] == group.version


@pytest.mark.parametrize("module", MODULES)
def test_a_go_mod_names_exactly_the_programs_of_its_groups_as_tools(module: str) -> None:
    (block,) = re.findall(
        r"^tool \((.*?)^\)", (GOMOD / module / "go.mod").read_text(), re.MULTILINE | re.DOTALL
    )
    programs = [
        p for group in pins().groups.values() if group.module == module for p in group.programs.values()
    ]
    assert sorted(block.split()) == sorted(programs)


def test_every_module_has_its_sums() -> None:
    assert [module for module in MODULES if not (GOMOD / module / "go.sum").is_file()] == []


def test_kubernetes_libraries_are_those_of_the_servers() -> None:
    text = (GOMOD / "kubernetes" / "go.mod").read_text()
    replaced = set(re.findall(r"^replace k8s.io/\S+ => k8s.io/\S+ (\S+)$", text, re.MULTILINE))
    assert replaced == {pins().groups["core"].version.replace("v1.", "v0.", 1)}


def test_every_image_has_a_tag_other_than_latest() -> None:
    tags = {name: pins().image_name(name).rsplit(":", 1)[1] for name in pins().images}
    assert [name for name, tag in tags.items() if tag in {"", "latest"}] == []


def test_a_tag_of_a_packed_program_is_its_version() -> None:
    assert pins().image_name("coredns").endswith(pins().groups["coredns"].version)
    assert pins().image_name("traefik").endswith(pins().groups["traefik"].version)
    assert pins().image_name("kubectl").endswith(pins().groups["core"].version)


def test_kinds_node_is_of_the_same_minor_release_as_our_own() -> None:
    minor = pins().groups["core"].version.rpartition(".")[0]
    assert f":{minor}." in pins().kind.node_image
    assert all("@sha256:" in image for image in [pins().kind.node_image, *pins().kind.older])


def test_files_that_images_are_built_from_exist() -> None:
    needed = [image.dockerfile for image in pins().images.values() if isinstance(image, StandInImage)]
    needed += [
        f"images/{key}/Dockerfile" for key, image in pins().images.items() if isinstance(image, ProjectImage)
    ]
    assert [file for file in needed if not (REPOSITORY / file).is_file()] == []


@pytest.mark.parametrize(
    ("image", "argument", "used"), [("kubetools", "KUBECTL_IMAGE", "kubectl"), ("player", "BASE", "nginx")]
)
def test_a_dockerfiles_default_base_is_the_pinned_image(image: str, argument: str, used: str) -> None:
    text = (REPOSITORY / "images" / image / "Dockerfile").read_text()
    assert f"ARG {argument}={pins().image_name(used)}\n" in text


def test_an_unknown_program_is_refused_with_those_that_exist() -> None:
    with pytest.raises(KeyError, match="kubectl"):
        pins().group_of("kubecutl")


def test_the_gateways_definitions_are_of_the_version_that_traefik_knows() -> None:
    pin = pins().crds["gateway-api"]
    assert required("traefik")[pin.source] == pin.version
