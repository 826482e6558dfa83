"""README.md of every chart, from Chart.yaml, README.intro.md and the `# --` comments of values.yaml.

`python -m tests.setup.readmes` writes them; unlike its neighbours it needs the virtual environment. The
trap: a comment covers the key below it and all keys that follow without a blank line or a comment of
their own; a block that has a comment is shown whole, one without is shown key by key.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.setup.progress import ROOT

UMBRELLA = ROOT / "charts" / "pixelstream"
LONGEST = 100
"""Letters of a default that still fit the table."""

_DEFINED = re.compile(r'\{\{/\*\n(?P<text>.*?)\*/\}\}\n\{\{-? define "(?P<name>[^"]+)"', re.DOTALL)


@dataclass
class Row:
    """Keys that one comment covers, with their defaults, and what it says."""

    text: str
    keys: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)


def charts() -> list[Path]:
    """Return the folder of every chart of ours, the umbrella's first."""
    return [UMBRELLA, *sorted(path.parent for path in UMBRELLA.glob("charts/*/Chart.yaml"))]


def readme(chart: Path) -> str:
    """Return the text of a chart's README.md."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    parts = [
        f"# {about['name']}",
        about["description"] + ".",
        f"Version {about['version']}, for Kubernetes {about['kubeVersion'].removesuffix('-0')}.",
        *_intro(chart),
        *_upstream(about),
        *(_templates(chart) if about["type"] == "library" else _values(chart)),
        "Written by `make docs` from this chart's files; change those.",
    ]
    return "\n\n".join(parts) + "\n"


def rows(text: str) -> list[Row]:
    """Return what the comments of a values.yaml say about its keys; a key without a comment has no words."""
    found: list[Row] = []
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(node, yaml.MappingNode):
        _gather(node, "", text.splitlines(), found)
    return found


def _gather(node: yaml.MappingNode, prefix: str, lines: list[str], found: list[Row]) -> None:
    open_row: Row | None = None
    for key, value in node.value:
        path, line = f"{prefix}{key.value}", key.start_mark.line
        words = _comment(lines, line)
        if words:
            open_row = Row(words)
            found.append(open_row)
        elif not lines[line - 1].strip() or lines[line - 1].lstrip().startswith("#"):
            open_row = None
        if open_row is None and isinstance(value, yaml.MappingNode) and value.value:
            _gather(value, f"{path}.", lines, found)
            continue
        row = open_row
        if row is None:
            row = Row("")
            found.append(row)
        row.keys.append(path)
        row.defaults.append(_default(row, value))


def _comment(lines: list[str], line: int) -> str:
    """Return what stands after `# --` in the comment that ends right above `line`."""
    said: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        said.insert(0, lines[line].lstrip().lstrip("#").strip())
    text = " ".join(said)
    return text.removeprefix("-- ") if text.startswith("-- ") else ""


def _default(row: Row, value: yaml.Node) -> str:
    text, _, words = row.text.partition("@default -- ")
    row.text = text.strip()
    if words:
        return words.strip()
    shown = json.dumps(_plain(value), ensure_ascii=False)
    return f"`{shown}`" if len(shown) <= LONGEST else "see values.yaml"


def _plain(value: yaml.Node) -> Any:
    return yaml.safe_load(yaml.serialize(value))


def _intro(chart: Path) -> list[str]:
    path = chart / "README.intro.md"
    return [path.read_text(encoding="utf-8").strip()] if path.exists() else []


def _upstream(about: dict[str, Any]) -> list[str]:
    remote = [it for it in about.get("dependencies", []) if it.get("repository", "").startswith("https://")]
    if not remote:
        return []
    table = ["| chart | versions | from | switched on by |", "| --- | --- | --- | --- |"]
    table += [
        f"| {it['name']} | `{it['version']}` | {it['repository']} | `{it['condition']}` |" for it in remote
    ]
    command = f"helm dependency update charts/pixelstream/charts/{about['name']}"
    return [
        "## Charts of others",
        "\n".join(table),
        f"Released packages contain them; in a checkout `{command}` brings them in.",
    ]


def _values(chart: Path) -> Iterator[str]:
    yield "## Values"
    table = ["| key | default | what it is |", "| --- | --- | --- |"]
    for row in rows((chart / "values.yaml").read_text(encoding="utf-8")):
        keys = "<br>".join(f"`{key}`" for key in row.keys)
        cells = (keys, "<br>".join(row.defaults), row.text)
        table.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    yield "\n".join(table)


def _templates(chart: Path) -> Iterator[str]:
    yield "## Named templates"
    table = ["| template | what it renders |", "| --- | --- |"]
    for path in sorted(chart.glob("templates/*.tpl")):
        for match in _DEFINED.finditer(path.read_text(encoding="utf-8")):
            text = " ".join(match["text"].split("Usage:")[0].split())
            table.append(f"| `{match['name']}` | {text} |")
    yield "\n".join(table)


def main() -> None:
    """Write README.md of every chart."""
    for chart in charts():
        (chart / "README.md").write_text(readme(chart), encoding="utf-8")


if __name__ == "__main__":
    main()
