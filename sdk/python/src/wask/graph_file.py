"""Graphs in files: JSON, or YAML where PyYAML is there; local files in them become objects.

`{"$file": "a.csv", "media_type"?: "text/csv"}` becomes `{"$object": id}`. `{"$files": "*.csv"}`
becomes the list of such, sorted by name; as the whole of `map.each` every file makes one element.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
from typing import TYPE_CHECKING, Any, Dict, List, Tuple, Union

from .errors import WaskError
from .graph import Graph

if TYPE_CHECKING:
    from .client import Client

_MEDIA_TYPES = {
    ".json": "application/json",
    ".cbor": "application/cbor",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".md": "text/plain",
    ".html": "text/html",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}


def load(client: "Client", path: Union[str, "os.PathLike[str]"]) -> Graph:
    """Reads a graph and uploads the files that it names, relative to its own folder.

    Raises ValueError for a file that is no graph, OSError for files that cannot be read.
    """
    file = pathlib.Path(path)
    document = _read(file)
    if not isinstance(document, dict) or not isinstance(document.get("tasks"), dict):
        raise ValueError(f"{file} is no graph: it has to be an object with `tasks`")
    files = _Files(client, file.parent)
    graph = Graph(client, document.get("name"))
    graph.defaults = document.get("defaults") or {}
    graph.outputs = list(document.get("outputs") or [])
    graph.tasks = {key: files.task(task) for key, task in document["tasks"].items()}
    return graph


def _read(file: pathlib.Path) -> Any:
    text = file.read_text(encoding="utf-8")
    if file.suffix.lower() not in (".yaml", ".yml"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise ValueError(f"{file} is no JSON: {error}") from None
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise WaskError(f"{file} is YAML, which needs PyYAML (`pip install PyYAML`); JSON needs nothing") from None
    return yaml.safe_load(text)


class _Files:
    """Uploads each file once, however often it is named."""

    def __init__(self, client: "Client", folder: pathlib.Path) -> None:
        self._hub = client.hub
        self._folder = folder
        self._known: Dict[Tuple[pathlib.Path, str], str] = {}

    def task(self, task: Any) -> Any:
        """A task with its files replaced; they may stand in `args` and `map`."""
        if not isinstance(task, dict):
            return task
        done = dict(task)
        if "args" in done:
            done["args"] = self._expand(done["args"])
        if isinstance(done.get("map"), dict):
            done["map"] = {name: self._source(name, source) for name, source in done["map"].items()}
        return done

    def _source(self, name: str, source: Any) -> Any:
        expanded = self._expand(source)
        is_one_part_each = name == "each" and isinstance(source, dict) and "$files" in source
        return [[item] for item in expanded] if is_one_part_each else expanded

    def _expand(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._expand(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$file" in value:
            return self._object(self._folder / value["$file"], value.get("media_type"))
        if "$files" in value:
            return [self._object(path, value.get("media_type")) for path in self._matching(value["$files"])]
        return {name: self._expand(item) for name, item in value.items()}

    def _matching(self, pattern: str) -> List[pathlib.Path]:
        paths = sorted(path for path in self._folder.glob(pattern) if path.is_file())
        if not paths:
            raise FileNotFoundError(f"no file is named {pattern!r} in {self._folder}")
        return paths

    def _object(self, path: pathlib.Path, media_type: Any) -> Dict[str, str]:
        kind = media_type or _MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
        known = self._known.get((path, kind))
        if known is None:
            known = self._known[path, kind] = self._hub.put_object(path.read_bytes(), kind)
        return {"$object": known}
