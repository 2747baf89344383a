"""Values on their way to the server and back. Never talks to a server itself.

JSON has no bytes, no NaN and no references, so these are written as objects with one member that
begins with `$`: `{"$bytes": base64}`, `{"$float": "NaN"}`, `{"$task": key}`, `{"$object": id}`.
A literal key that begins with `$` is written with one more.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any, Callable, Dict, List, Optional, Sequence

INT_MIN = -(2**63)
INT_MAX = 2**64 - 1

UPLOAD_MIN_BYTES = 1 << 20
"""Bytes from this size on are uploaded as objects and referred to, instead of being sent inline."""

_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Scope:
    """Where a value is going to be used: decides how references are written.

    `names_runs` tells that references are understood to any run there is.
    """

    names_runs = False

    def add_import(self, run_id: str, what: str, name: str) -> Optional[str]:
        """The key under which a task or an array of another run is used; None where there are no tasks."""
        return None

    def upload(self, data: bytes) -> Optional[str]:
        """Stores large bytes and returns the object's id; None where objects cannot be referred to."""
        return None


class Reference:
    """Something that stands for a value which the server has or will have."""

    __slots__ = ()

    def _encode(self, scope: Scope) -> Any:
        raise NotImplementedError

    def _encode_list(self, items: Sequence[Any], scope: Scope) -> Optional[Any]:
        """A shorter form for a list that begins with this reference; None if there is none."""
        return None


class Remote:
    """A result that was too large to be told in place. `id` is the object's."""

    __slots__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id


def encode(value: Any, scope: Scope) -> Any:
    """A value as JSON can say it.

    Raises TypeError for types without a form, OverflowError for integers beyond 64 bits.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        return _integer(value)
    if kind is float:
        return value if math.isfinite(value) else {"$float": _float_name(value)}
    if kind is list or kind is tuple:
        return _list(value, scope)
    if kind is dict:
        return {_key(key): encode(item, scope) for key, item in value.items()}
    return _unusual(value, scope)


def _unusual(value: Any, scope: Scope) -> Any:
    if isinstance(value, Reference):
        return value._encode(scope)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes(bytes(value), scope)
    # Subclasses: named tuples, ordered dictionaries, enumerations of numbers and texts.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return encode(float(value), scope)
    if isinstance(value, (list, tuple, range)):
        return _list(list(value), scope)
    if isinstance(value, dict):
        return encode(dict(value), scope)
    raise TypeError(
        f"a value of type `{type(value).__name__}` cannot be sent; send None, bool, int, float, "
        "str, bytes, lists, dicts with texts as keys, or futures"
    )


def _integer(value: int) -> int:
    if INT_MIN <= value <= INT_MAX:
        return value
    raise OverflowError(f"{value} is out of range: from {INT_MIN} to {INT_MAX}")


def _float_name(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _list(value: Sequence[Any], scope: Scope) -> Any:
    if value and isinstance(value[0], Reference):
        short = value[0]._encode_list(value, scope)
        if short is not None:
            return short
    return [encode(item, scope) for item in value]


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the keys of a dict have to be texts, not {key!r}")
    return "$" + key if key.startswith("$") else key


def _bytes(value: bytes, scope: Scope) -> Dict[str, str]:
    if len(value) >= UPLOAD_MIN_BYTES:
        object_id = scope.upload(value)
        if object_id is not None:
            return {"$object": object_id}
    return {"$bytes": base64.b64encode(value).decode("ascii")}


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False)


def dumps(document: Any) -> bytes:
    """JSON bytes. Raises ValueError for texts that are not Unicode (halves of surrogate pairs)."""
    return _ENCODER.encode(document).encode("utf-8")


def encode_value(value: Any, scope: Scope, name: str) -> Any:
    """`encode`, with errors that begin with the parameter's name."""
    try:
        return encode(value, scope)
    except TypeError as error:
        raise TypeError(f"`{name}`: {error}") from None
    except OverflowError as error:
        raise OverflowError(f"`{name}`: {error}") from None
    except RecursionError:
        raise ValueError(f"`{name}`: the value is nested too deeply, or contains itself") from None


ReferenceDecoder = Callable[[Dict[str, Any]], Any]
"""Makes a future of `{"$task": key, "$run": id}`."""


def loads(data: bytes) -> Any:
    """A document of the server, its values still as JSON says them."""
    return json.loads(data)


def has_forms(data: bytes) -> bool:
    """Whether anything in a document may need `decode`; cheaper than looking at each value."""
    return b'"$' in data


def decode(value: Any, references: Optional[ReferenceDecoder] = None) -> Any:
    """A value as the server wrote it, as Python has it. Large ones come back as `Remote`."""
    if isinstance(value, dict):
        if len(value) <= 2:
            for key in value:
                if key.startswith("$") and not key.startswith("$$"):
                    return _form(value, references)
        return {(k[1:] if k.startswith("$") else k): decode(v, references) for k, v in value.items()}
    if isinstance(value, list):
        return [decode(item, references) for item in value]
    return value


def _form(value: Dict[str, Any], references: Optional[ReferenceDecoder]) -> Any:
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$float" in value:
        return _FLOATS[value["$float"]]
    if "$object" in value:
        return Remote(value["$object"])
    if "$task" in value and references is not None:
        return references(value)
    return value


def decode_items(items: List[Dict[str, Any]]) -> None:
    """Decodes the member `value` of each item in place."""
    for item in items:
        if "value" in item:
            item["value"] = decode(item["value"])
