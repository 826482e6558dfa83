from pathlib import Path

import pytest

from pixelstream.cli.cluster.place import ClusterError
from pixelstream.cli.cluster.values import load, overlay, pick


def test_maps_merge_and_everything_else_is_replaced_as_helm_does() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert overlay(base, {"a": {"c": [3]}, "d": {"e": 1}}) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_a_null_stays_since_helm_takes_a_default_away_by_it() -> None:
    assert overlay({"a": 1}, {"a": None}) == {"a": None}


def test_a_later_file_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text("turn: {enabled: true, ports: {min: 5}}\n")
    second.write_text("turn: {ports: {min: 6}}\n")
    assert load([first, second]) == {"turn": {"enabled": True, "ports": {"min": 6}}}


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert load([tmp_path / "empty.yaml"]) == {}


@pytest.mark.parametrize(
    ("text", "words"), [("[1]", "holds a list"), ("a: [", "no YAML"), ("just words", "holds a str")]
)
def test_a_file_that_holds_no_values_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ClusterError, match=words) as caught:
        load([file])
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"none\.yaml: No such file"):
        load([tmp_path / "none.yaml"])


def test_a_path_that_ends_early_has_nothing() -> None:
    assert pick({"a": {"b": 1}}, "a", "b") == 1
    assert pick({"a": 1}, "a", "b") is None
    assert pick({}, "a", "b") is None
