"""`values.schema.json` of every chart, made from the models in `values`.

`python -m pixelstream.settings.schema charts/pixelstream` writes them. The trap: Helm judges what is left
after all values are laid over each other, where any of them may be missing or null. So nothing is
required here and null is right everywhere; what is unknown, of the wrong type or out of range is not.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pixelstream.settings.values import CHARTS, PixelstreamValues

NAME = "values.schema.json"
DIALECT = "http://json-schema.org/draft-07/schema#"
"""Read by every Helm 3 and 4; the keywords that pydantic uses mean the same in it."""

_DROPPED = ("title", "default", "required")
_NULL = {"type": "null"}
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""What pydantic says instead of a bound where a function reads the value first."""


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a chart's values."""
    made = model.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions = made.pop("$defs", {})
    loose: dict[str, Any] = _loosened(made)
    loose["definitions"] = {name: _or_null(_loosened(part)) for name, part in definitions.items()}
    return {"$schema": DIALECT, **loose}


def files(umbrella: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of each chart's schema, for the umbrella chart in the folder `umbrella`."""
    yield umbrella / NAME, _text(PixelstreamValues)
    for name, model in CHARTS.items():
        yield umbrella / "charts" / name / NAME, _text(model)


def _text(model: type[BaseModel]) -> str:
    return json.dumps(schema(model), indent=2) + "\n"


def _loosened(node: Any) -> Any:
    """Take away all through `node` what it asks to be there, and what says nothing about validity."""
    if isinstance(node, list):
        return [_loosened(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _loosened(value) for key, value in node.items() if key not in {*_DROPPED, "properties"}}
    kept |= {_BOUNDS[key]: kept.pop(key) for key in _BOUNDS if key in kept}
    if "properties" in node:
        kept["properties"] = {key: _or_null(_loosened(value)) for key, value in node["properties"].items()}
    return kept


def _or_null(node: dict[str, Any]) -> dict[str, Any]:
    """Let `node` be null too; a reference may be already, since definitions may."""
    if "oneOf" in node:  # of which never two fit
        node = {"anyOf" if key == "oneOf" else key: value for key, value in node.items()}
    if "anyOf" in node:
        options = [option for option in node["anyOf"] if option != _NULL]
        chosen = _or_null(options[0]) if len(options) == 1 else {"anyOf": [*options, _NULL]}
        return {key: value for key, value in node.items() if key != "anyOf"} | chosen
    null: dict[str, Any] = {}
    if kinds := node.get("type"):
        null["type"] = [*([kinds] if isinstance(kinds, str) else kinds), "null"]
    if values := node.get("enum", [node["const"]] if "const" in node else []):
        null["enum"] = [*values, None]
    return {key: value for key, value in {**node, **null}.items() if key != "const"}


def main(umbrella: Path) -> None:
    """Write all schemas below the umbrella chart in the folder `umbrella`."""
    for path, text in files(umbrella):
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
