"""Graphs that are built first and computed later, as with Dask's `delayed`.

A graph becomes a run of its own, complete when it is submitted.
"""

from __future__ import annotations

import itertools
import os
import pathlib
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Union

from . import calls, watcher
from .codec import Reference, Scope
from .errors import WaskError
from .future import Future, Task
from .hub import RunScope
from .run import Run
from .transport import segment

if TYPE_CHECKING:
    from .client import Callable_, Client

PARKED = {"wask-drawn-only": 1}
"""A resource that no worker has: what is only drawn never runs."""


class Node(Reference):
    """A task of a graph; stands for its result in the arguments of other tasks of the same graph."""

    def __init__(self, graph: "Graph", key: str) -> None:
        self.graph = graph
        self.key = key

    def compute(self, timeout: Optional[float] = None) -> Any:
        """The result of this task alone."""
        return self.graph.compute(self, timeout=timeout)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key}>"

    def _base(self) -> str:
        return self.key.partition("[")[0]

    def _written(self) -> Dict[str, str]:
        return {"$task": self.key}

    def _encode(self, scope: Scope) -> Any:
        if not isinstance(scope, GraphScope) or scope.graph is not self.graph:
            raise TypeError(f"`{self.key}` belongs to a graph that is not computed; use graph.persist to get futures")
        scope.needs.add(self._base())
        return self._written()


class NodeArray(Node):
    """An array task of a graph: a sequence of its elements; as an argument, the list of all results."""

    def __init__(self, graph: "Graph", key: str, length: int) -> None:
        super().__init__(graph, key)
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Node:
        place = range(self.length)[index]
        return Node(self.graph, f"{self.key}[{place}]")

    def __iter__(self) -> Iterator[Node]:
        return (self[index] for index in range(self.length))

    def _written(self) -> Dict[str, str]:
        return {"$tasks": self.key}


class GraphScope(RunScope):
    """Arguments of a task in a graph; collects the keys of the tasks that it needs."""

    def __init__(self, graph: "Graph") -> None:
        super().__init__(graph._hub, None)
        self.graph = graph
        self.needs: Set[str] = set()

    def add_import(self, run_id: str, what: str, name: str) -> str:
        key = super().add_import(run_id, what, name)
        self.graph.tasks[key] = self.imports[key]
        self.graph._needs[key] = set()
        self.needs.add(key)
        return key


class Graph:
    """Tasks that are collected by `call` and `map`, and submitted by `compute` or `persist`.

    `run` is the Run of the last submission.
    """

    def __init__(self, client: "Client", name: Optional[str] = None) -> None:
        self._client = client
        self._hub = client.hub
        self.name = name
        self.tasks: Dict[str, Dict[str, Any]] = {}
        self.defaults: Dict[str, Any] = {}
        self.outputs: List[str] = []
        self.run: Optional[Run] = None
        self._needs: Dict[str, Set[str]] = {}
        self._lengths: Dict[str, int] = {}
        self._numbers = itertools.count(1)

    def __enter__(self) -> "Graph":
        return self

    def __exit__(self, *_: Any) -> None:
        pass

    def __len__(self) -> int:
        return len(self.tasks)

    def __repr__(self) -> str:
        return f"<Graph {self.name or ''}: {len(self.tasks)} keys>"

    def __getitem__(self, key: str) -> Node:
        """The task of a key, or an element `key[n]`. Raises KeyError."""
        base = key.partition("[")[0]
        if base not in self.tasks:
            raise KeyError(key)
        if base == key and "map" in self.tasks[key]:
            return NodeArray(self, key, self._lengths.get(key, 0))
        return Node(self, key)

    def call(self, fn: "Callable_", *args: Any, key: Optional[str] = None, **kwargs: Any) -> Node:
        """Adds a call. Arguments may be nodes of this graph, futures and values, nested; options are
        those of `Client.submit`."""
        function = self._client._function(fn)
        scope = GraphScope(self)
        options, kwargs = calls.split_options(kwargs)
        written = calls.options_json(options, lambda item: self._after(item, scope))
        task = calls.single(function, args, kwargs, written, scope)
        name = self._add(key, function.__name__, task, scope)
        return Node(self, name)

    def map(self, fn: "Callable_", *iterables: Iterable[Any], key: Optional[str] = None, **kwargs: Any) -> NodeArray:
        """Adds an array of calls, one for each element of the iterables (arrays of nodes among them)."""
        function = self._client._function(fn)
        scope = GraphScope(self)
        options, kwargs = calls.split_options(kwargs)
        written = calls.options_json(options, lambda item: self._after(item, scope))
        sources = [s if isinstance(s, (range, list, tuple, NodeArray)) else list(s) for s in iterables]
        template = calls.template(function, len(sources), kwargs, scope)
        arrays = [source for source in sources if isinstance(source, NodeArray)]
        if arrays and len(arrays) == len(sources):
            length, written["map"] = len(arrays[0]), {"zip": [array._encode(scope) for array in arrays]}
        else:
            length, written["map"] = calls.source(function, sources, scope)
        task = {"call": function.call, **written}
        if template is not None:
            task["args"] = template
        name = self._add(key, function.__name__, task, scope)
        self._lengths[name] = length
        return NodeArray(self, name, length)

    def compute(self, *nodes: Any, timeout: Optional[float] = None) -> Any:
        """Runs what the nodes need and returns their results: one for one node, else a tuple. Lists of
        nodes give lists. Without nodes: all outputs by key.

        Raises TaskError and its like for the first that failed; WaitTimeout after `timeout` seconds.
        """
        run = self._submit(_keys(nodes))
        run.wait(timeout)
        if not nodes:
            return run.outputs()
        values = run.results(list(dict.fromkeys(_keys(nodes))))
        results = [_replaced(node, lambda n: values[n.key]) for node in nodes]
        return results[0] if len(nodes) == 1 else tuple(results)

    def persist(self, *nodes: Any) -> Any:
        """Submits what the nodes need and returns futures in their places at once."""
        if not nodes:
            nodes = tuple(self[key] for key in self.outputs or self._sinks())
        run = self._submit(_keys(nodes))
        live = self._hub.adopt(run.id)
        made: Dict[str, List[Future]] = {}
        for key in _keys(nodes):
            base = key.partition("[")[0]
            if base not in made:
                task = self.tasks[base]
                is_array = "map" in task
                length = self._length(run, base) if is_array else 1
                made[base] = live.add(Task(live, base, task["call"], None, is_array), length)

        def future_of(node: Node) -> Any:
            futures = made[node._base()]
            if isinstance(node, NodeArray):
                return futures
            return futures[int(node.key.partition("[")[2][:-1])] if node.key.endswith("]") else futures[0]

        watcher.follow(live)
        results = [_replaced(node, future_of) for node in nodes]
        return results[0] if len(nodes) == 1 else tuple(results)

    def visualize(
        self, filename: Union[str, "os.PathLike[str]", None] = None, format: str = "svg"
    ) -> "Drawing":
        """The graph's picture: `svg`, `dot`, `mermaid` or `json`; also written to a file if one is named.

        A graph that was not submitted yet is shown to the server without being run.
        """
        if self.run is not None:
            text = self.run.graph(format)
        else:
            text = self._drawn_only(format)
        if filename is not None:
            pathlib.Path(filename).write_text(text, encoding="utf-8")
        return Drawing(text, format)

    def document(self, outputs: Optional[Sequence[str]] = None) -> Dict[str, Any]:
        """The graph as `POST /runs` takes it, with only what the outputs need."""
        wanted = list(outputs or self.outputs)
        document: Dict[str, Any] = {"tasks": self._needed(wanted) if wanted else self.tasks}
        if self.name:
            document["name"] = self.name
        if self.defaults:
            document["defaults"] = self.defaults
        if wanted:
            document["outputs"] = wanted
        return document

    def _repr_html_(self) -> str:
        return self.visualize()._repr_svg_() or ""

    def _submit(self, keys: Sequence[str]) -> Run:
        if not self.tasks:
            raise WaskError("the graph is empty; add tasks with graph.call")
        bases = list(dict.fromkeys(key.partition("[")[0] for key in keys))
        self.run = self._client.submit_graph(self.document(bases))
        return self.run

    def _drawn_only(self, format: str) -> str:
        document = self.document()
        document["tasks"] = {key: {**task, "resources": PARKED} for key, task in document["tasks"].items()}
        run = self._client.submit_graph(document)
        try:
            return run.graph(format)
        finally:
            run.cancel("only drawn")
            run.wait(10.0).delete()

    def _add(self, key: Optional[str], name: str, task: Dict[str, Any], scope: GraphScope) -> str:
        if key is None:
            key = f"{name}-{next(self._numbers)}"
            while key in self.tasks:
                key = f"{name}-{next(self._numbers)}"
        elif key in self.tasks:
            raise ValueError(f"the graph has a task `{key}` already; choose another key")
        self.tasks[key] = task
        self._needs[key] = scope.needs
        return key

    def _after(self, item: Any, scope: GraphScope) -> str:
        if not isinstance(item, Node) or item.graph is not self:
            raise TypeError(f"`after` takes nodes of this graph, not {item!r}")
        scope.needs.add(item._base())
        return item.key

    def _needed(self, keys: Iterable[str]) -> Dict[str, Any]:
        needed: Set[str] = set()
        todo = list(keys)
        while todo:
            key = todo.pop()
            if key not in needed:
                needed.add(key)
                # Tasks that came from a file are not analysed; they come with all of it.
                todo.extend(self._needs.get(key, self.tasks))
        return {key: task for key, task in self.tasks.items() if key in needed}

    def _length(self, run: Run, key: str) -> int:
        """How many elements an array has; asked for where it came from a file."""
        known = self._lengths.get(key)
        if known is None:
            path = f"/runs/{run.id}/tasks?key={segment(key)}&limit=1"
            known = self._lengths[key] = int(self._hub.transport.get(path)["total"])
        return known

    def _sinks(self) -> List[str]:
        used = {need for needs in self._needs.values() for need in needs}
        return [key for key in self.tasks if key not in used]


class Drawing:
    """A picture of a graph; shows itself in notebooks. `str` gives its text."""

    def __init__(self, text: str, format: str) -> None:
        self.text = text
        self.format = format

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Drawing: {self.format}, {len(self.text)} characters>"

    def _repr_svg_(self) -> Optional[str]:
        return self.text if self.format == "svg" else None


def _keys(nodes: Iterable[Any]) -> List[str]:
    found: List[str] = []
    for node in nodes:
        if isinstance(node, Node):
            found.append(node.key)
        elif isinstance(node, dict):
            found.extend(_keys(node.values()))
        elif isinstance(node, (list, tuple)):
            found.extend(_keys(node))
    return found


def _replaced(value: Any, by: Any) -> Any:
    if isinstance(value, Node):
        return by(value)
    if isinstance(value, dict):
        return {name: _replaced(item, by) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_replaced(item, by) for item in value])
    return value
