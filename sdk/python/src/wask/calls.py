"""Tasks as JSON: a call with its arguments and options, and arrays of calls. Pure."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .codec import Scope, dumps, encode_value
from .future import Future, whole_array
from .module import Function, near
from .units import duration_text, size_text

ELEMENTS_MAX = 50_000
"""Elements of one array that are written out; more become several arrays."""
BODY_MAX_BYTES = 16 << 20
"""Bytes of one array's elements; more become several arrays."""

OPTIONS = (
    "retries",
    "retry_delay",
    "timeout",
    "memory",
    "priority",
    "resources",
    "after",
    "on_failed",
    "cache",
    "keep",
    "max_fails",
    "pure",
)
"""Keyword arguments of `submit` and `map` that are options; all others are the function's."""


class Array(NamedTuple):
    """One array task: how many elements, and its JSON."""

    length: int
    body: bytes


def split_options(kwargs: Dict[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Options, and arguments of the function."""
    if not kwargs:
        return {}, {}
    options = {name: kwargs[name] for name in OPTIONS if name in kwargs}
    return options, {name: value for name, value in kwargs.items() if name not in options}


def options_json(options: Mapping[str, Any], names: Callable[[Any], str]) -> Dict[str, Any]:
    """Options as the server reads them. `names` gives the key of something to wait for (`after`)."""
    written: Dict[str, Any] = {}
    for name, value in options.items():
        if value is None:
            continue
        if name in ("timeout", "retry_delay"):
            written[name] = duration_text(value)
        elif name == "memory":
            written[name] = size_text(value)
        elif name == "pure":
            written["cache"] = bool(value)
        elif name == "after":
            items = value if isinstance(value, (list, tuple, set)) else [value]
            written[name] = [names(item) for item in items]
        elif name in OPTIONS:
            written[name] = value
        else:
            raise TypeError(f"there is no option `{name}`{near(name, OPTIONS)}")
    return written


def single(
    function: Function, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any], scope: Scope
) -> Dict[str, Any]:
    """A task that is one call."""
    bound = function.bind(args, kwargs)
    encoded = [encode_value(value, scope, name) for name, value in zip(function.params, bound)]
    return {"call": function.call, "args": encoded, **options}


def arrays(
    function: Function,
    iterables: Sequence[Iterable[Any]],
    kwargs: Mapping[str, Any],
    options: Mapping[str, Any],
    scope: Scope,
    batch_size: Optional[int] = None,
) -> Iterator[Array]:
    """The array tasks of a `map`: one, unless its elements are too many or too large for one."""
    args = template(function, len(iterables), kwargs, scope)
    head = {"call": function.call, **options}
    if args is not None:
        head["args"] = args
    if batch_size is None:
        short = _short(iterables, scope)
        if short is not None:
            length, source = short
            yield Array(length, dumps({**head, "map": source}))
            return
    elements = _elements(function.params, iterables, scope)
    size = min(batch_size or ELEMENTS_MAX, ELEMENTS_MAX)
    for start in range(0, len(elements), size):
        yield from _split(head, elements[start : start + size])


def _split(head: Mapping[str, Any], elements: List[Any]) -> Iterator[Array]:
    body = dumps({**head, "map": {"each": elements}})
    if len(body) <= BODY_MAX_BYTES or len(elements) == 1:
        yield Array(len(elements), body)
        return
    half = len(elements) // 2
    yield from _split(head, elements[:half])
    yield from _split(head, elements[half:])


def template(
    function: Function, parts: int, kwargs: Mapping[str, Any], scope: Scope
) -> Optional[List[Any]]:
    """`args` of an array with constant arguments; None where the parts are the arguments."""
    bound = function.bind([_ITEM] * parts, kwargs)
    if not kwargs:
        return None
    items = iter(range(parts))
    return [
        {"$item": next(items)} if value is _ITEM else encode_value(value, scope, name)
        for name, value in zip(function.params, bound)
    ]


_ITEM = object()


def source(function: Function, iterables: Sequence[Iterable[Any]], scope: Scope) -> Tuple[int, Any]:
    """The `map` of one array, with its length."""
    short = _short(iterables, scope)
    if short is not None:
        return short
    elements = _elements(function.params, iterables, scope)
    return len(elements), {"each": elements}


def _short(iterables: Sequence[Iterable[Any]], scope: Scope) -> Optional[Tuple[int, Any]]:
    """A source of elements that needs no list: a range, or the results of other arrays."""
    first = iterables[0]
    if len(iterables) == 1 and isinstance(first, range):
        if all(-(2**63) <= bound < 2**63 for bound in (first.start, first.stop, first.step)):
            return len(first), {"range": [first.start, first.stop, first.step]}
    sides = []
    length = None
    for iterable in iterables:
        task = whole_array(iterable) if isinstance(iterable, (list, tuple)) else None
        side = None if task is None else task.run.array_reference(task, scope)
        if task is None or side is None or length not in (None, len(task.refs)):
            return None
        sides.append(side)
        length = len(task.refs)
    return (length, {"zip": sides}) if length is not None else None


def _elements(params: Sequence[str], iterables: Sequence[Iterable[Any]], scope: Scope) -> List[List[Any]]:
    if len(iterables) == 1:
        name = params[0] if params else "?"
        return [[_part(value, scope, name)] for value in iterables[0]]
    names = list(params[: len(iterables)])
    return [[_part(v, scope, n) for v, n in zip(parts, names)] for parts in zip(*iterables)]


def _part(value: Any, scope: Scope, name: str) -> Any:
    # Texts and small integers are most of all elements; they need no look into the codec.
    kind = type(value)
    if kind is str or (kind is int and -(2**63) <= value < 2**63):
        return value
    return encode_value(value, scope, name)


def key_of(item: Any, run: Any) -> str:
    """The name of a future in `after`. Raises TypeError or ValueError."""
    if not isinstance(item, Future):
        raise TypeError(f"`after` takes futures, not {type(item).__name__}")
    if item._task is None or item._task.run is not run:
        raise ValueError(f"`after`: `{item.key}` belongs to another run; wait for it instead")
    return item.key
