"""JSON schemas for kubeconform, made from what an API server says of itself (/openapi/v2).

Trap: OpenAPI v2 cannot say "integer or string" nor "anything"; those types are put in by hand, and
optional fields may be null, as the API server lets them be.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DEFINITIONS = "_definitions.json"
BY_HAND: dict[str, dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
}
ANYTHING = (
    "JSON",
    "JSONSchemaPropsOrArray",
    "JSONSchemaPropsOrBool",
    "JSONSchemaPropsOrStringArray",
    "RawExtension",
)


def write(document: dict[str, Any], folder: Path) -> int:
    """Write one schema for each kind into a folder, closed to unknown fields; returns how many.

    kubeconform reads them by
    `-schema-location 'FOLDER/{{.ResourceKind}}{{.KindSuffix}}.json'`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shared = {name: _definition(name, schema) for name, schema in document["definitions"].items()}
    (folder / DEFINITIONS).write_text(json.dumps({"definitions": shared}))
    count = 0
    for name, schema in document["definitions"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            if not name.startswith("io.k8s.apimachinery."):
                (folder / file_name(kind)).write_text(json.dumps(_top(shared[name], kind)))
                count += 1
    return count


def of_crds(documents: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the schema of each version of custom resources, by the name of the file that it belongs into."""
    made = {}
    for it in documents:
        spec = it["spec"]
        for version in spec["versions"]:
            kind = {"group": spec["group"], "version": version["name"], "kind": spec["names"]["kind"]}
            made[file_name(kind)] = _top(_closed(version["schema"]["openAPIV3Schema"]), kind)
    return made


def file_name(kind: dict[str, str]) -> str:
    """File name of a kind, as kubeconform composes it: `deployment-apps-v1.json`."""
    group = [kind["group"].split(".")[0]] if kind["group"] else []
    return "-".join([kind["kind"], *group, kind["version"]]).lower() + ".json"


def _definition(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name.endswith(ANYTHING):
        return {}
    return BY_HAND.get(name) or _closed(schema)


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _closed(value)
        for key, value in node.items()
        if not key.startswith("x-") and key != "description"
    }
    if kept.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    properties = kept.get("properties")
    if isinstance(properties, dict) and "type" in kept:
        kept.setdefault("additionalProperties", False)
        for key, value in properties.items():
            if key not in kept.get("required", []) and isinstance(value.get("type"), str):
                value["type"] = [value["type"], "null"]
    return kept


def _top(schema: dict[str, Any], kind: dict[str, str]) -> dict[str, Any]:
    own: dict[str, Any] = json.loads(
        json.dumps(schema).replace("#/definitions/", f"{DEFINITIONS}#/definitions/")
    )
    version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
    properties = own.setdefault("properties", {})
    properties["apiVersion"] = {"type": "string", "enum": [version]}
    properties["kind"] = {"type": "string", "enum": [kind["kind"]]}
    own["required"] = sorted({*own.get("required", []), "apiVersion", "kind"})
    return own
