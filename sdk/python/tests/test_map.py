"""`map`: one array task for many calls."""

from __future__ import annotations

import pytest

from wask import Client, InvalidCall, Module, TaskError


def requests_of(client: Client, action: object) -> int:
    """How many requests an action takes."""
    before = client.hub.outbox.posts
    action()  # type: ignore[operator]
    client.hub.outbox.flush()
    return client.hub.outbox.posts - before


def test_map_keeps_the_order(client: Client, numbers: Module) -> None:
    """Goal: results come in the order of the elements, from any iterable."""
    assert client.gather(client.map(numbers.square, range(500))) == [n * n for n in range(500)]
    assert client.gather(client.map(numbers.square, (n for n in range(5)))) == [0, 1, 4, 9, 16]
    assert client.gather(client.map(numbers.add, [1, 2, 3], range(10, 100, 10))) == [11, 22, 33]
    assert client.gather(client.map(numbers.inc, range(5, 0, -2))) == [6, 4, 2]
    assert client.map(numbers.inc, []) == []


def test_a_list_of_futures_is_one_reference(client: Client, numbers: Module) -> None:
    """Goal: the contract's example; whole arrays, parts of them and mixtures are arguments."""
    squares = client.map(numbers.square, range(500))
    assert client.submit(numbers.sum, squares).result(timeout=30) == 41_541_750
    assert client.submit(numbers.sum, squares[:3]).result(30) == 5
    assert client.submit(numbers.sum, squares[2:4] + [1] + squares[:2]).result(30) == 15
    assert client.submit(numbers.sum, list(reversed(squares))).result(30) == 41_541_750


def test_map_over_futures(client: Client, numbers: Module) -> None:
    """Goal: an array over the results of others, whole or mixed."""
    squares = client.map(numbers.square, range(10))
    assert client.gather(client.map(numbers.inc, squares)) == [n * n + 1 for n in range(10)]
    assert client.gather(client.map(numbers.add, squares, squares)) == [2 * n * n for n in range(10)]
    assert client.gather(client.map(numbers.add, squares, range(10))) == [n * n + n for n in range(10)]
    assert client.gather(client.map(numbers.inc, squares[5:])) == [n * n + 1 for n in range(5, 10)]


def test_many_elements_are_few_requests(client: Client, numbers: Module) -> None:
    """Goal: a map of 10 000 is a few requests at most."""
    futures: list = []
    taken = requests_of(client, lambda: futures.extend(client.map(numbers.inc, list(range(10_000)))))
    assert taken <= 3
    assert client.gather(futures) == list(range(1, 10_001))
    assert requests_of(client, lambda: client.map(numbers.inc, range(100), batch_size=10)) <= 10


def test_large_maps_are_split(client: Client, numbers: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: elements that are too large for one request go in several, in order."""
    monkeypatch.setattr("wask.calls.BODY_MAX_BYTES", 2_000)
    futures = client.map(numbers.inc, [n * 1_000 for n in range(1_000)])
    assert client.gather(futures) == [n * 1_000 + 1 for n in range(1_000)]
    assert client.submit(numbers.sum, futures).result(30) == sum(n * 1_000 + 1 for n in range(1_000))


def test_constant_arguments(client: Client, lab: Module, numbers: Module) -> None:
    """Goal: keywords are the same for all elements."""
    assert client.gather(client.map(lab.minus, [10, 20], take=1)) == [9, 19]
    offset = client.submit(numbers.inc, 99)
    assert client.gather(client.map(numbers.add, range(3), y=offset)) == [100, 101, 102]
    with pytest.raises(TypeError, match="`y` is missing"):
        client.map(numbers.add, range(3))


def test_options_and_keys(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: options go with all elements; the key names the array."""
    flaky = client.map(lab.fail_times, [1, 1], retries=1, retry_delay="1ms", key="flaky")
    assert client.gather(flaky) == [2, 2]
    assert [future.key for future in flaky] == ["flaky[0]", "flaky[1]"]
    named = client.map(numbers.inc, [1, 2], key=["one", "two"])
    assert [future.key for future in named] == ["one", "two"]
    assert client.gather(named) == [2, 3]


def test_failures_of_elements(client: Client, lab: Module) -> None:
    """Goal: an element that fails harms no other; gather raises the first or leaves them out."""
    futures = client.map(lab.fail_multiples, range(1, 10), of=4)
    with pytest.raises(TaskError, match="is a multiple of 4"):
        client.gather(futures)
    assert client.gather(futures, errors="skip") == [1, 2, 3, 5, 6, 7, 9]
    assert [future.status for future in futures[:4]] == ["finished"] * 3 + ["error"]


def test_a_wrong_element_is_named(client: Client, numbers: Module) -> None:
    """Goal: the server's pointer leads to element and parameter."""
    futures = client.map(numbers.add, [1, 2, 3], [1, "two", 3])
    error = futures[0].exception(30)
    assert isinstance(error, InvalidCall)
    assert error.parameters == ["y"] and error.errors[0].pointer == "/map/each/1/1"


def test_gather_keeps_the_shape(client: Client, numbers: Module) -> None:
    """Goal: futures at any depth are replaced, all else stays."""
    a, b = client.map(numbers.inc, [1, 2])
    shape = {"a": a, "list": [b, (a, "text"), {"deep": [a]}], "n": 5}
    assert client.gather(shape) == {"a": 2, "list": [3, (2, "text"), {"deep": [2]}], "n": 5}
    assert client.gather(a) == 2
    assert client.gather(iter([a, b])) == [2, 3]
    assert client.gather([]) == []
