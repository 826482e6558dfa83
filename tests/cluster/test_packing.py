"""Cache keys, packed images and changed copies: the same in, the same out."""

import hashlib
import json
import tarfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cluster.node.build import default_name
from tests.cluster.node.copies import lay
from tests.cluster.node.keys import digest, group_key, tree
from tests.cluster.node.packer import Recipe, pack
from tests.cluster.node.pins import Copy, pins

parts = st.lists(st.one_of(st.text(), st.binary()), max_size=6)


@given(parts, parts)
def test_different_parts_have_different_keys(one: list[str | bytes], other: list[str | bytes]) -> None:
    def encoded(values: list[str | bytes]) -> list[bytes]:
        return [value.encode(errors="surrogatepass") if isinstance(value, str) else value for value in values]

    try:
        same = digest(one) == digest(other)
    except UnicodeEncodeError:
        return  # lone surrogates are in no file
    assert same == (encoded(one) == encoded(other))


def test_a_key_depends_on_contents_names_and_modes_but_not_on_place(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "file").write_text("text")
    here, there = tmp_path / "here", tmp_path / "there"
    assert tree(here) == tree(there)
    (there / "deep" / "file").chmod(0o755)
    assert tree(here) != tree(there)
    (there / "deep" / "file").chmod(0o644)
    (there / "deep" / "file").rename(there / "deep" / "other")
    assert tree(here) != tree(there)


def test_caches_of_python_change_no_key(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("")
    before = tree(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_text("bytes")
    assert tree(tmp_path) == before


def test_a_missing_file_has_no_key(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        tree(tmp_path, ["absent"])


def test_a_group_is_new_with_another_go_or_other_flags() -> None:
    group = pins().groups["probe"]
    key = group_key(group, "go1.26.8")
    assert group_key(group, "go1.26.9") != key
    assert group_key(group.model_copy(update={"tags": ["other"]}), "go1.26.8") != key
    assert group_key(group, "go1.26.8") == key


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
        ("go.etcd.io/etcd/server/v3", "server"),
        ("a.test/v2", "a.test"),
    ],
)
def test_a_programs_default_name_passes_over_a_major_version(package: str, name: str) -> None:
    assert default_name(package) == name


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    files = {PurePosixPath("/usr/bin/program"): program}
    return Recipe(
        name="registry.test/a/b:1",
        files=files,
        entrypoint=["/usr/bin/program"],
        user="65532",
        folders=["/data"],
    )


def contents(archive: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member)
            found[member.name] = file.read() if file else b""
    return found


def test_an_archive_names_its_image_and_its_layers_truly(recipe: Recipe, tmp_path: Path) -> None:
    pack(recipe, tmp_path / "image.tar")
    found = contents(tmp_path / "image.tar")
    (manifest,) = json.loads(found["manifest.json"])
    assert manifest["RepoTags"] == ["registry.test/a/b:1"]
    settings = json.loads(found[manifest["Config"]])
    layers = [hashlib.sha256(found[name]).hexdigest() for name in manifest["Layers"]]
    assert settings["rootfs"]["diff_ids"] == [f"sha256:{layer}" for layer in layers]
    assert settings["config"]["Entrypoint"] == ["/usr/bin/program"]
    assert settings["config"]["User"] == "65532"


def test_a_layer_holds_the_program_and_folders_that_anyone_may_write(recipe: Recipe, tmp_path: Path) -> None:
    pack(recipe, tmp_path / "image.tar")
    (layer,) = [data for name, data in contents(tmp_path / "image.tar").items() if name.endswith(".tar")]
    (tmp_path / "layer.tar").write_bytes(layer)
    with tarfile.open(tmp_path / "layer.tar") as tar:
        modes = {member.name: (member.mode, member.isdir(), member.uid) for member in tar}
    assert modes["usr/bin/program"] == (0o755, False, 0)
    assert modes["data"] == modes["tmp"] == (0o1777, True, 0)
    assert modes["usr"] == modes["usr/bin"] == (0o755, True, 0)


def test_the_same_recipe_gives_the_same_bytes(recipe: Recipe, tmp_path: Path) -> None:
    for name in ("one", "other"):
        pack(recipe, tmp_path / f"{name}.tar")
        (tmp_path / "program").touch()
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "other.tar").read_bytes()


def test_a_failed_packing_leaves_no_file(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "program").unlink()
    with pytest.raises(FileNotFoundError):
        pack(recipe, tmp_path / "image.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_changed_copy_lacks_what_is_dropped_and_has_what_is_added(tmp_path: Path) -> None:
    original, additions = tmp_path / "original", tmp_path / "additions"
    for file in ("keep.go", "deep/keep_test.go", "sdk/one/one.go", "sdk/keep.go"):
        (original / file).parent.mkdir(parents=True, exist_ok=True)
        (original / file).write_text("package p\n")
    (original / "sdk").chmod(0o555)
    additions.mkdir()
    (additions / "ours.go").write_text("package sdk\n")
    copy = Copy(
        source="a.test/m",
        version="v1.0.0",
        into="m",
        drop=["*_test.go", "sdk/*/"],
        add={"ours.go": "sdk/ours.go"},
    )
    lay(copy, original, additions, tmp_path / "copy")
    found = sorted(str(file.relative_to(tmp_path / "copy")) for file in (tmp_path / "copy").rglob("*.go"))
    assert found == ["keep.go", "sdk/keep.go", "sdk/ours.go"]
    assert (tmp_path / "copy" / "go.mod").read_text() == "module a.test/m\n"
