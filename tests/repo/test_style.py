"""What holds for every file of the repository, whatever is in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400

# Each has a character class in it, so that this file does not name what it forbids.
REGISTRIES = re.compile(
    r"(?:pyp[i]|pythonhoste[d]|npmj[s]|crate[s])\.(?:org|com|io)|prox[y]\.golang|goprox[y]\.|mave[n]\.org|de[b]\.debian"
)
MACHINE = re.compile(r"(?<![\w.\-/}~])/(?:wor[k]|roo[t](?!/\.cache))(?![\w\-])")  # root's cache: in images
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b|pytest\.ski[p]|NotImplemente[d]Error")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def hits(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return tracked()


@pytest.fixture(scope="module")
def modules(files: list[Path]) -> list[Path]:
    return [path for path in files if path.suffix == ".py"]


def test_no_module_is_longer_than_can_be_read(modules: list[Path]) -> None:
    assert [str(path) for path in modules if text_of(path).count("\n") > MOST_LINES] == []


def test_every_module_of_the_package_says_what_it_is(modules: list[Path]) -> None:
    package = [path for path in modules if path.is_relative_to(ROOT / "pixelstream")]
    assert package
    assert [str(path) for path in package if not ast.get_docstring(ast.parse(text_of(path)))] == []


def test_no_file_names_the_host_of_a_package_registry(files: list[Path]) -> None:
    assert hits(REGISTRIES, files) == []


def test_no_lock_file_says_where_its_packages_came_from(files: list[Path]) -> None:
    locks = [path for path in files if path.name == "package-lock.json"]
    assert locks
    assert hits(re.compile(r'"resolved":'), locks) == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on(files: list[Path]) -> None:
    assert hits(MACHINE, files) == []


def test_nothing_is_left_for_later(modules: list[Path]) -> None:
    assert hits(UNFINISHED, modules) == []
