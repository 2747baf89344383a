"""Modules and their functions, as the server describes them."""

from __future__ import annotations

import difflib
import inspect
import keyword
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from . import html

if TYPE_CHECKING:
    from .client import Client

_TYPES = {
    "integer": int,
    "number": float,
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


class Function:
    """A task function on the server. Give it to `Client.submit` and `Client.map`; calling it runs it
    and waits for the result.

    `call` is `module/function`, `params` the parameters' names, `schemas` their JSON Schemas, `raw`
    whether the result is bytes.
    """

    def __init__(self, client: "Client", module: str, document: Mapping[str, Any]) -> None:
        self._client = client
        self.call = f"{module}/{document['name']}"
        self.params: Tuple[str, ...] = tuple(param["name"] for param in document["params"])
        self.schemas: List[Any] = [param["schema"] for param in document["params"]]
        self.raw = bool(document["result"].get("raw"))
        self.__name__: str = document["name"]
        self.__qualname__ = self.call
        self.__doc__ = document.get("doc") or None
        self.__signature__ = _signature(document)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._client.submit(self, *args, **kwargs).result()

    def __repr__(self) -> str:
        return f"<Function {self.call}{self.__signature__}>"

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Sequence[Any]:
        """The arguments in the order of the parameters. Raises TypeError that names what is wrong."""
        params = self.params
        if not kwargs and len(args) == len(params):
            return args
        if len(args) > len(params):
            raise TypeError(f"{self._takes()}, but {_count(len(args))} given")
        bound = dict(zip(params, args))
        for name, value in kwargs.items():
            if name not in params and name.endswith("_") and keyword.iskeyword(name[:-1]):
                name = name[:-1]
            if name not in params:
                raise TypeError(f"{self.call}() has no parameter `{name}`{near(name, params)}; {self._takes()}")
            if name in bound:
                raise TypeError(f"{self.call}() got two values for `{name}`")
            bound[name] = value
        missing = [f"`{name}`" for name in params if name not in bound]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            raise TypeError(f"{self._takes()}, but {' and '.join(missing)} {verb} missing")
        return [bound[name] for name in params]

    def _takes(self) -> str:
        if not self.params:
            return f"{self.call}() takes no arguments"
        return f"{self.call}() takes {_count(len(self.params))} ({', '.join(self.params)})"


class Module:
    """An uploaded module: its functions are its attributes (`numbers.square`) and items
    (`numbers["square"]`, for names that are no identifiers or that hide behind other attributes).

    `id` is the BLAKE3 hash of its bytes, `name` a name that points to it, `pure` whether its results
    may be remembered, `size` its bytes, `functions` its functions by name.
    """

    def __init__(self, client: "Client", document: Mapping[str, Any]) -> None:
        self.id: str = document["id"]
        self.name: Optional[str] = document.get("name")
        self.size: int = document["size"]
        self.pure: bool = document["pure"]
        self.imports: List[str] = list(document["imports"])
        self.document: Mapping[str, Any] = document
        reference = self.name or self.id
        self.functions: Dict[str, Function] = {
            item["name"]: Function(client, reference, item) for item in document["functions"]
        }

    def __getattr__(self, name: str) -> Function:
        # Reached for names that are no plain attributes. The guard is for half-made instances.
        functions: Dict[str, Function] = self.__dict__.get("functions", {})
        if name in functions:
            return functions[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(self._unknown(name))

    def __getitem__(self, name: str) -> Function:
        if name not in self.functions:
            raise KeyError(self._unknown(name))
        return self.functions[name]

    def __dir__(self) -> List[str]:
        return sorted({*super().__dir__(), *self.functions})

    def __repr__(self) -> str:
        return f"<Module {self.name or self.id[:12]}: {', '.join(self.functions)}>"

    def _repr_html_(self) -> str:
        return html.module(self)

    def _unknown(self, name: str) -> str:
        known = list(self.functions)
        return (
            f"the module `{self.name or self.id[:12]}` has no function `{name}`{near(name, known)}; "
            f"it has {', '.join(known)}"
        )


def near(name: str, known: Sequence[str]) -> str:
    """`, did you mean ...?` for names that look alike, else nothing."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(f'`{c}`' for c in close)}?)" if close else ""


def _count(count: int) -> str:
    return "one argument" if count == 1 else f"{count} arguments"


def _signature(document: Mapping[str, Any]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter(_python_name(param["name"]), kind, annotation=_annotation(param["schema"], param.get("raw")))
        for param in document["params"]
    ]
    result = document["result"]
    return inspect.Signature(parameters, return_annotation=_annotation(result["schema"], result.get("raw")))


def _python_name(name: str) -> str:
    """A parameter's name as Python can write it: `from_` for `from`."""
    return f"{name}_" if keyword.iskeyword(name) else name


def _annotation(schema: Any, raw: Any) -> Any:
    if raw:
        return bytes
    kind = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(kind, str):
        return _TYPES.get(kind, Any)
    return Any
