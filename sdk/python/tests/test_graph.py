"""Graphs in the `delayed` style, graphs in files, runs."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from support import EXAMPLES

from wask import Client, InvalidRequest, Module, TaskCancelled, TaskError, WaitTimeout, WaskError


def test_build_first_then_compute(client: Client, numbers: Module) -> None:
    """Goal: the contract's example: 768 calls and a sum in one run."""
    with client.graph("tree") as g:
        zs = [g.call(numbers.add, g.call(numbers.inc, i), g.call(numbers.dec, i)) for i in range(256)]
        assert g.compute(g.call(numbers.sum, zs)) == sum(2 * i for i in range(256))
    assert g.run is not None and g.run.name == "tree" and g.run.counts["total"] == 769


def test_compute_keeps_shapes(client: Client, numbers: Module) -> None:
    """Goal: one node gives a value, several a tuple, lists and dicts keep their form."""
    g = client.graph()
    a, b = g.call(numbers.inc, 1, key="a"), g.call(numbers.inc, 2)
    c = g.call(numbers.add, x=a, y=b)
    assert g.compute(a) == 2
    assert g.compute(a, b, c) == (2, 3, 5)
    assert g.compute([a, {"c": c}], b) == ([2, {"c": 5}], 3)
    assert c.compute() == 5
    assert g.compute() == {"add-2": 5} and len(g) == 3
    assert g["a"].key == "a"
    with pytest.raises(KeyError):
        g["nothing"]


def test_only_what_is_needed_runs(client: Client, numbers: Module) -> None:
    """Goal: other branches of the graph stay out of the run."""
    g = client.graph()
    wanted, other = g.call(numbers.inc, 1), g.call(numbers.checked_div, 1, 0)
    assert g.compute(wanted) == 2 and g.run is not None and g.run.counts["total"] == 1
    with pytest.raises(TaskError, match="cannot divide"):
        g.compute(wanted, g.call(numbers.inc, other))


def test_arrays_in_graphs(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: an array is one node, a sequence, and a list as an argument."""
    g = client.graph()
    squares = g.map(numbers.square, range(500))
    total = g.call(numbers.sum, squares)
    assert (len(squares), squares[3].key, squares[-1].key) == (500, "square-1[3]", "square-1[499]")
    assert g.compute(total) == 41_541_750
    doubled = g.map(numbers.add, squares, squares)
    assert g.compute(doubled) == [2 * n * n for n in range(500)]
    assert g.compute(g.map(lab.minus, [5, 6], take=squares[2]), squares[4]) == ([1, 2], 16)
    assert g.compute(g.call(numbers.sum, list(squares)[:3])) == 5


def test_options_in_graphs(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: options and `after` are those of submit."""
    g = client.graph()
    first = g.call(lab.fail_times, 1, retries=1, retry_delay="1ms")
    second = g.call(numbers.inc, 1, after=first)
    assert g.compute(second) == 2 and g.run is not None and g.run.counts["total"] == 2
    with pytest.raises(TypeError, match="no parameter"):
        g.call(numbers.inc, 1, retires=1)
    with pytest.raises(ValueError, match="already"):
        g.call(numbers.inc, 1, key="inc-2")
    with pytest.raises(TypeError, match="not computed"):
        client.submit(numbers.inc, second)
    with pytest.raises(WaskError, match="empty"):
        client.graph().compute()


def test_persist(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: futures at once, for nodes, arrays and lists of them."""
    g = client.graph()
    squares = g.map(numbers.square, range(5))
    slow = g.call(lab.work, 100, 61)
    future, futures, part = g.persist(slow, squares, [squares[1]])
    assert client.gather([future, futures, part]) == [61, [0, 1, 4, 9, 16], [1]]
    assert client.submit(numbers.sum, futures).result(30) == 30
    failing = g.persist(g.call(numbers.checked_div, 1, 0))
    assert isinstance(failing.exception(30), TaskError)


def test_futures_are_arguments_of_graphs(client: Client, numbers: Module) -> None:
    """Goal: finished futures of the session go into graphs."""
    future = client.submit(numbers.inc, 4)
    future.result(30)
    g = client.graph()
    assert g.compute(g.call(numbers.sum, [future, g.call(numbers.inc, 1)])) == 7


def test_visualize(client: Client, numbers: Module, tmp_path: pathlib.Path) -> None:
    """Goal: a picture without a run, and of the run that was; nothing is left behind."""
    g = client.graph("picture")
    total = g.call(numbers.sum, [g.call(numbers.inc, i) for i in range(3)])
    drawing = g.visualize(tmp_path / "graph.svg")
    assert str(drawing).lstrip().startswith("<svg") and "inc" in str(drawing)
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == str(drawing)
    assert drawing._repr_svg_() == str(drawing) and g._repr_html_().lstrip().startswith("<svg")
    assert not [run for run in client.runs(limit=20) if run.name == "picture"]
    assert g.compute(total) == 6
    assert "digraph" in str(g.visualize(format="dot"))


def test_graphs_from_files(client: Client, modules: Any, tmp_path: pathlib.Path) -> None:
    """Goal: the graphs of the examples are loaded, files and all, and computed."""
    g = client.load_graph(EXAMPLES / "numbers" / "graph.json")
    assert g.compute() == {"total": 41_541_750}
    tree = client.load_graph(EXAMPLES / "tree" / "graph.json")
    assert tree.compute(tree["total"]) == 65_536
    pipeline = client.load_graph(EXAMPLES / "pipeline" / "graph.json")
    expected = json.loads((EXAMPLES / "pipeline" / "expected.json").read_text())
    assert pipeline.compute() == expected
    best = pipeline.persist()
    assert best.result(60) == expected["best"]
    assert len(g.persist(g["sq"])) == 500


def test_wrong_files(client: Client, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: what is no graph, names no file, or needs YAML is told clearly."""
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ValueError, match="no graph"):
        client.load_graph(tmp_path / "list.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ValueError, match="no JSON"):
        client.load_graph(tmp_path / "bad.json")
    (tmp_path / "missing.json").write_text('{"tasks": {"a": {"args": [{"$files": "*.csv"}]}}}')
    with pytest.raises(FileNotFoundError, match=r"\*\.csv"):
        client.load_graph(tmp_path / "missing.json")
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    (tmp_path / "graph.yaml").write_text("tasks: {}")
    with pytest.raises(WaskError, match="needs PyYAML"):
        client.load_graph(tmp_path / "graph.yaml")


def test_yaml_if_it_is_there(client: Client, modules: Any, tmp_path: pathlib.Path) -> None:
    """Goal: with PyYAML installed, YAML graphs load as JSON ones."""
    pytest.importorskip("yaml")
    g = client.load_graph(EXAMPLES / "letters" / "graph.yaml")
    expected = json.loads((EXAMPLES / "letters" / "expected.json").read_text())
    assert g.compute() == expected


def test_runs(client: Client, modules: Any) -> None:
    """Goal: a run tells its state and results, waits, is cancelled, retried and deleted."""
    run = client.submit_graph(
        {"name": "by hand", "tasks": {
            "sq": {"call": "numbers/square", "map": {"range": [0, 4]}},
            "big": {"call": "lab/bytes_of", "args": [70_000, 2]},
            "total": {"call": "numbers/sum", "args": [{"$tasks": "sq"}]}}, "outputs": ["total", "big", "sq"]}
    )
    assert run.wait(30).outputs()["total"] == 14
    assert run.outputs()["big"] == b"\x02" * 70_000
    assert run.result("sq") == [0, 1, 4, 9] and run.result("sq[2]") == 4
    assert run.results(["total", "sq"]) == {"total": 14, "sq": [0, 1, 4, 9]}
    assert run.future("total").result(30) == 14
    assert (run.name, run.state, run.counts["total"], len(run.tasks())) == ("by hand", "succeeded", 6, 6)
    assert len(run.tasks(state="failed")) == 0 and json.loads(run.trace())["traceEvents"]
    assert any(other.id == run.id for other in client.runs(state="succeeded"))
    assert client.run(run.id).id == run.id
    run.delete()
    with pytest.raises(LookupError):
        run.refresh()


def test_runs_that_end_badly(client: Client, modules: Any) -> None:
    """Goal: failures and cancellations are raised, time-outs leave the run alone."""
    failed = client.submit_graph({"tasks": {"d": {"call": "numbers/checked_div", "args": [1, 0]}}}, wait=30)
    with pytest.raises(TaskError, match="cannot divide"):
        failed.outputs()
    with pytest.raises(TaskError):
        failed.result("d")
    assert failed.failures[0]["key"] == "d" and failed.retry() == 1
    slow = client.submit_graph({"tasks": {"w": {"call": "lab/work", "args": [1_000_000, 62]}}})
    with pytest.raises(WaitTimeout):
        slow.wait(0.05)
    with pytest.raises(WaitTimeout):
        slow.result("w", timeout=0.05)
    assert slow.cancel("enough") == 1 and slow.wait(30).state == "cancelled"
    with pytest.raises(TaskCancelled):
        slow.result("w")
    with pytest.raises(TaskCancelled):
        slow.outputs()
    with pytest.raises(InvalidRequest):
        client.submit_graph({"tasks": {}})
