"""Values: what Python has and JSON lacks, large ones, uploads."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, namedtuple
from typing import Any

import pytest

from wask import Client, Conflict, Module, NotFound
from wask.codec import Remote, Scope, decode, dumps, encode


class Colour(enum.IntEnum):
    RED = 3


def test_forms_that_json_lacks() -> None:
    """Goal: bytes, non-finite floats and keys that begin with `$` are written as the contract says."""
    point = namedtuple("point", "x y")
    value = {"b": b"\x00\xff", "n": math.nan, "i": [math.inf, -math.inf], "$key": {"$$": 1}, "t": (1, 2)}
    written = encode(value, Scope())
    assert written == {
        "b": {"$bytes": "AP8="},
        "n": {"$float": "NaN"},
        "i": [{"$float": "Infinity"}, {"$float": "-Infinity"}],
        "$$key": {"$$$": 1},
        "t": [1, 2],
    }
    back = decode(written)
    assert math.isnan(back.pop("n"))
    assert back == {"b": b"\x00\xff", "i": [math.inf, -math.inf], "$key": {"$$": 1}, "t": [1, 2]}
    assert encode([point(1, 2), Colour.RED, True, OrderedDict(a=None), range(3)], Scope()) == [
        [1, 2], 3, True, {"a": None}, [0, 1, 2],
    ]
    assert encode([bytearray(b"a"), memoryview(b"b")], Scope()) == [{"$bytes": "YQ=="}, {"$bytes": "Yg=="}]
    assert dumps(encode([2**64 - 1, -(2**63), 0.1], Scope())) == b"[18446744073709551615,-9223372036854775808,0.1]"


def test_references_are_told_from_literals() -> None:
    """Goal: nothing but the exact forms is taken for one."""
    remote = decode({"$object": "ab"})
    assert type(remote) is Remote and remote.id == "ab"
    assert decode({"$$object": "ab"}) == {"$object": "ab"}
    assert decode({"a": {"$$": 1}, "$$b": 2}) == {"a": {"$": 1}, "$b": 2}
    assert decode({"$task": "a", "$run": "r"}, lambda reference: reference["$run"]) == "r"


def test_values_come_back_as_they_went(client: Client, lab: Module) -> None:
    """Goal: the whole way through a sandbox changes nothing."""
    texts = {"$task": "no reference", "$$": "ü", "": "\u0000\n", "a/b": "😀", "$object": "x"}
    assert client.submit(lab.same_map, texts).result(30) == texts
    for number in (0, -(2**63), 2**63 - 1):
        assert client.submit(lab.same_number, number).result(30) == number
    assert client.submit(lab.half, 1e300).result(30) == 5e299
    for value in (math.inf, -math.inf):
        assert client.submit(lab.half, value).result(30) == value
    assert math.isnan(client.submit(lab.half, math.nan).result(30))
    assert client.submit(lab.is_nan, math.nan).result(30) is True
    assert client.gather(client.map(lab.half, [math.inf, 2.0])) == [math.inf, 1.0]


def test_bytes(client: Client, lab: Module) -> None:
    """Goal: bytes go in and out as bytes, alone and nested, small and large."""
    assert client.submit(lab.len, b"abc").result(30) == 3
    assert client.submit(lab.lens, [b"a", bytearray(b"bc"), b""]).result(30) == [1, 2, 0]
    assert client.submit(lab.bytes_of, 3, 9).result(30) == b"\t\t\t"
    assert client.submit(lab.len, client.submit(lab.bytes_of, 1000, 1)).result(30) == 1000
    big = bytes(3 << 20)
    assert client.submit(lab.len, big).result(30) == len(big)
    assert client.gather(client.map(lab.len, [big, b"x"])) == [len(big), 1]


def test_large_results(client: Client, lab: Module) -> None:
    """Goal: large results arrive whole, by result and by gather."""
    raw, text = client.submit(lab.bytes_of, 300_000, 5), client.submit(lab.text_of, 300_000)
    assert raw.result(30) == b"\x05" * 300_000 and text.result(30) == "x" * 300_000
    many = client.map(lab.bytes_of, [100_000] * 5, value=3)
    assert client.gather(many) == [b"\x03" * 100_000] * 5


def test_results_that_stay_on_the_server(client: Client, lab: Module) -> None:
    """Goal: a result that is only referred to is fetched when it is asked for, one or many."""
    futures = client.map(lab.text_of, [70_000, 70_001])
    bytes_too = client.submit(lab.bytes_of, 70_000, 1)
    client.gather([*futures, bytes_too])
    for future in [*futures, bytes_too]:
        future._result = Remote("0" * 64)
    assert bytes_too.result() == b"\x01" * 70_000
    assert client.gather(futures) == ["x" * 70_000, "x" * 70_001]
    futures[0]._result = Remote("0" * 64)
    assert futures[0].result() == "x" * 70_000


def test_scatter(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: data that is uploaded once is used by many tasks; lists and dicts are taken apart."""
    data = client.scatter(b"abc" * 1_000)
    assert client.gather(client.map(lab.len, [data, data])) == [3_000, 3_000]
    assert data.result() == b"abc" * 1_000 and data.done() and data.status == "finished"
    listed = client.scatter([[1, 2, 3], [4]])
    assert client.gather(client.map(numbers.sum, listed)) == [6, 4]
    named = client.scatter({"a": 1, "b": 2.5}, broadcast=True)
    assert client.gather(named) == {"a": 1, "b": 2.5}
    assert client.submit(numbers.sum, [named["a"], 1]).result(30) == 2
    special = client.scatter({"outer": {"$x": math.inf, "y": b"z"}})["outer"]
    assert special.result() == {"$x": math.inf, "y": b"z"}
    unused = client.scatter("nobody needs this")
    assert unused.result() == "nobody needs this"
    unused.delete()
    unused.release()
    with pytest.raises(NotFound):
        unused.result()


def test_scattered_data_in_use_stays(client: Client, lab: Module) -> None:
    """Goal: an object that a task needs cannot be removed."""
    data = client.scatter(b"in use" * 5_000)
    slow = client.submit(lab.work, 1_000_000, 31)
    using = client.submit(lab.len, data, after=slow)
    client.hub.outbox.flush()
    with pytest.raises(Conflict):
        data.delete()
    client.cancel([slow, using])


def test_scope_of_scatter(client: Client, numbers: Module) -> None:
    """Goal: a future cannot be uploaded as data."""
    future: Any = client.submit(numbers.inc, 1)
    future.result(30)
    other = client.scatter([future])
    assert client.gather(other) == [2]
