"""Words for what is wrong in a settings file: key path, value, and what would be right.

Pydantic's own texts name its types and its internals; these name keys as the file has them. The trap:
a location from pydantic also holds tags of unions, which aren't in the file and must not be shown.
"""

import types
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types
import orjson
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pixelstream.settings.types import Words

_Loc = tuple[int | str, ...]

_TYPES = {
    "string_type": "text",  # pydantic says so of a path, too
    "path_type": "a path",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a block of keys",
    "model_type": "a block of keys",
    "model_attributes_type": "a block of keys",
    "none_required": "empty",
}

_SECRET_WORDS = ("secret", "password", "token", "credential", "key")


def describe(kind: type[BaseModel], data: object, error: ValidationError) -> list[str]:
    """Return one line for each fault that `error` found in `data`, in the order of the file's keys."""
    lines = (_line(kind, data, fault) for fault in error.errors(include_url=False))
    return list(dict.fromkeys(lines))


def _line(kind: type[BaseModel], data: object, fault: ErrorDetails) -> str:
    loc = _in_file(fault["loc"], data)
    path = _path(loc)
    if fault["type"] == "extra_forbidden":
        return f"{path}: {_unknown(kind, loc)}"
    if fault["type"] == "missing":
        return f"{path}: missing; it must be given"
    right = _right(kind, loc, fault)
    value = fault["input"]
    if isinstance(value, dict) and fault["type"] == "value_error":
        return f"{path}: {right}"  # a rule about several keys names them itself
    return f"{path} = {_show(path, value)}: {right}"


def _in_file(loc: _Loc, data: object) -> _Loc:
    """Drop the parts of `loc` that aren't keys or indices of `data`; the last one may be missing there."""
    kept: list[int | str] = []
    for place, part in enumerate(loc):
        if isinstance(data, dict):
            known = {str(key): value for key, value in data.items()}
            if part not in known and place < len(loc) - 1:
                continue
            data = known.get(str(part))
        elif isinstance(data, list):
            if not isinstance(part, int) or part >= len(data):
                continue
            data = data[part]
        else:
            break
        kept.append(part)
    return tuple(kept)


def _path(loc: _Loc) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return path.lstrip(".") or "the whole file"


def _show(path: str, value: object) -> str:
    leaf = path.rpartition(".")[2].lower()
    if any(word in leaf for word in _SECRET_WORDS) and not leaf.endswith("file"):
        return "(hidden)"
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - fits a line


def _unknown(kind: type[BaseModel], loc: _Loc) -> str:
    key = str(loc[-1])
    known = sorted({name for model in _models_at(kind, loc[:-1]) for name in _keys(model)})
    if f"{key}File" in known:
        env = "".join(f"_{char}" if char.isupper() else char.upper() for char in key)
        return f"secrets aren't read from settings; name a file in {key}File or set PIXELSTREAM_{env}"
    if any(word in key.lower() for word in _SECRET_WORDS[:4]):
        return "unknown key, and secrets aren't read from settings: they come from files or the environment"
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f' (did you mean "{near[0]}"?)' if near else ""
    return f"unknown key{hint}; known here: {', '.join(known)}"


def _right(kind: type[BaseModel], loc: _Loc, fault: ErrorDetails) -> str:
    ctx = fault.get("ctx", {})
    bounds = _range(kind, loc)
    match fault["type"]:
        case "value_error":
            return str(ctx["error"])
        case "literal_error" | "enum" | "union_tag_invalid":
            return _choice(str(ctx.get("expected", ctx.get("expected_tags", ""))), fault["input"])
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal" if bounds:
            return f"must be {bounds}"
        case "string_pattern_mismatch" if words := _words(kind, loc):
            return words
        case name if name in _TYPES:
            return f"must be {_TYPES[name]}" + (f", {bounds}" if bounds and "number" in _TYPES[name] else "")
    words = fault["msg"]
    return "must " + words.partition("should ")[2] if " should " in words else words


def _choice(expected: str, value: object) -> str:
    options = [part.strip(" '") for part in expected.replace(" or ", ", ").split(",")]
    near = get_close_matches(str(value), options, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f"must be one of {', '.join(options)}{hint}"


def _range(kind: type[BaseModel], loc: _Loc) -> str:
    """Say the range of the field at `loc`, or nothing when it has none."""
    low = high = ""
    for constraint in _constraints(kind, loc):
        match constraint:
            case annotated_types.Ge(ge=bound):
                low = f"at least {bound}"
            case annotated_types.Gt(gt=bound):
                low = f"more than {bound}"
            case annotated_types.Le(le=bound):
                high = f"at most {bound}"
            case annotated_types.Lt(lt=bound):
                high = f"less than {bound}"
    return " and ".join(filter(None, (low, high)))


def _words(kind: type[BaseModel], loc: _Loc) -> str:
    """Say what the pattern of the field at `loc` wants, or nothing where the field has no words for it."""
    return next((found.text for found in _constraints(kind, loc) if isinstance(found, Words)), "")


def _constraints(kind: type[BaseModel], loc: _Loc) -> Iterator[object]:
    keys = [part for part in loc if isinstance(part, str)]  # an item of a list obeys its list's field
    for model in _models_at(kind, tuple(keys[:-1])) if keys else ():
        field = _field(model, keys[-1])
        if field:
            yield from field.metadata
            yield from _constraints_in(field.annotation)


def _constraints_in(annotation: Any) -> Iterator[object]:
    for constraint in getattr(annotation, "__metadata__", ()):
        yield from constraint.metadata if isinstance(constraint, FieldInfo) else (constraint,)
    for inner in get_args(annotation):
        yield from _constraints_in(inner)


def _models_at(kind: Any, loc: _Loc) -> list[type[BaseModel]]:
    """Return the models that the file's block at `loc` may be; several where the type is a union."""
    here = list(_models_in(kind))
    for part in loc:
        if isinstance(part, int):
            continue  # a list's items are the models that its annotation names
        fields = [field for model in here if (field := _field(model, part))]
        here = [inner for field in fields for inner in _models_in(field.annotation)]
    return here


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {Annotated, Union, types.UnionType, list, tuple, dict}:
        for inner in get_args(annotation):
            yield from _models_in(inner)


def _field(model: type[BaseModel], key: int | str) -> FieldInfo | None:
    return next((field for field in model.model_fields.values() if field.alias == key), None)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
