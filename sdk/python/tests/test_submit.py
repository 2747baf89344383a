"""Single calls: arguments, options, keys, what is refused."""

from __future__ import annotations

import gc

import pytest
from support import wait_until

from wask import Client, InvalidCall, Module, NotFound, TaskAborted, TaskError


def test_a_call_has_a_result(client: Client, numbers: Module) -> None:
    """Goal: the contract's first example."""
    future = client.submit(numbers.square, 10)
    assert future.result(timeout=30) == 100
    assert (future.status, future.done(), future.exception(), future.traceback()) == ("finished", True, None, None)
    assert future.key.startswith("square-") and future.function == "numbers/square"
    assert client.submit("numbers/add", 40, 2).result(30) == 42


def test_a_function_can_be_called(numbers: Module) -> None:
    """Goal: a function of a module is a function."""
    assert numbers.add(numbers.square(3), y=1) == 10


def test_futures_are_arguments_at_any_depth(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: futures in lists, tuples and dicts are replaced by their results, unfinished ones too."""
    a, b = client.submit(numbers.inc, 1), client.submit(numbers.inc, 2)
    assert client.submit(numbers.sum, [a, b, 10]).result(30) == 15
    assert client.submit(numbers.sum, (a, b)).result(30) == 5
    nested = {"x": [[a, 7], (b,)], "y": []}
    assert client.submit(lab.same_lists, nested).result(30) == {"x": [[2, 7], [3]], "y": []}


def test_arguments_by_name(client: Client, lab: Module) -> None:
    """Goal: keywords are the function's parameters, in any order."""
    assert client.submit(lab.minus, take=2, from_=10).result(30) == 8
    assert client.submit(lab.minus, 10, take=3).result(30) == 7


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((1,), {}, "numbers/add() takes 2 arguments (x, y), but `y` is missing"),
        ((), {}, "numbers/add() takes 2 arguments (x, y), but `x` and `y` are missing"),
        ((1, 2, 3), {}, "numbers/add() takes 2 arguments (x, y), but 3 arguments given"),
        ((1,), {"z": 2}, "numbers/add() has no parameter `z`; numbers/add() takes 2 arguments (x, y)"),
        ((1,), {"x": 2}, "numbers/add() got two values for `x`"),
    ],
)
def test_wrong_arguments_name_the_parameter(
    client: Client, numbers: Module, args: tuple, kwargs: dict, message: str
) -> None:
    """Goal: argument counts and names are checked before anything is sent."""
    with pytest.raises(TypeError) as error:
        client.submit(numbers.add, *args, **kwargs)
    assert str(error.value) == message


def test_unknown_functions_and_modules_have_near_names(client: Client, numbers: Module) -> None:
    """Goal: a typing error is answered with what was meant."""
    with pytest.raises(AttributeError, match="did you mean `square`"):
        numbers.sqaure
    with pytest.raises(NotFound, match="did you mean `square`"):
        client.submit("numbers/sqaure", 1)
    with pytest.raises(NotFound, match="numbers"):
        client.module("nubmers")
    with pytest.raises(TypeError, match="a task is a function of a module"):
        client.submit(len, [1])  # type: ignore[arg-type]


def test_values_are_checked_by_the_server(client: Client, numbers: Module) -> None:
    """Goal: a wrong type comes with the future and names the parameter; others are not harmed."""
    good, wrong, after = (client.submit(numbers.inc, x) for x in (1, "x", 3))
    with pytest.raises(InvalidCall, match="numbers/inc, parameter `x`") as error:
        wrong.result(30)
    assert error.value.parameters == ["x"]
    assert (error.value.errors[0].pointer, error.value.errors[0].code) == ("/args/0", "wrong_type")
    assert isinstance(error.value, ValueError) and wrong.status == "error"
    assert (good.result(30), after.result(30)) == (2, 4)


def test_refused_tasks_in_a_batch_end_alone(client: Client, numbers: Module) -> None:
    """Goal: of many submissions that go together, only those at fault and what needs them end badly."""
    futures = [client.submit(numbers.inc, "x" if n % 7 == 0 else n) for n in range(200)]
    dependent = client.submit(numbers.inc, futures[0])
    for n, future in enumerate(futures):
        if n % 7 == 0:
            assert isinstance(future.exception(30), InvalidCall)
        else:
            assert future.result(30) == n + 1
    assert isinstance(dependent.exception(30), InvalidCall)


def test_what_cannot_be_sent_is_named(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: values without a form fail at once and name the parameter."""
    with pytest.raises(TypeError, match="`x`: a value of type `object` cannot be sent"):
        client.submit(numbers.inc, object())
    with pytest.raises(OverflowError, match="`x`: .* out of range"):
        client.submit(numbers.inc, 2**64)
    with pytest.raises(TypeError, match="`map`: the keys of a dict have to be texts"):
        client.submit(lab.same_map, {1: "x"})
    loop: list = []
    loop.append(loop)
    with pytest.raises(ValueError, match="nested too deeply"):
        client.submit(numbers.sum, loop)
    with pytest.raises(ValueError):
        client.submit(lab.same_text, "\ud800")
    with pytest.raises(TypeError, match="cannot be sent"):
        client.submit(numbers.sum, {1, 2})


def test_failures_have_kind_message_trace_and_url(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: an error says whose fault it is, what happened, where, and where to look."""
    future = client.submit(numbers.checked_div, 1, 0)
    with pytest.raises(TaskError, match="cannot divide 1 by 0") as error:
        future.result(30)
    assert (error.value.kind, error.value.message, error.value.key) == ("app", "cannot divide 1 by 0", future.key)
    assert error.value.url == future.url and future.key in error.value.url
    assert future.status == "error" and future.exception() is error.value
    panic = client.submit(lab.panic_with, "oh no")
    assert "oh no" in str(panic.exception(30)) and isinstance(panic.traceback(), list)
    cause = client.submit(lab.fail_with_cause, "saving").exception(30)
    assert isinstance(cause, TaskError) and "the disk is full" in str(cause)


def test_what_needs_a_failed_task_is_aborted(client: Client, numbers: Module) -> None:
    """Goal: an aborted task names the failure behind it."""
    root = client.submit(numbers.checked_div, 1, 0)
    leaf = client.submit(numbers.inc, client.submit(numbers.inc, root))
    with pytest.raises(TaskAborted, match="cannot divide 1 by 0") as error:
        leaf.result(30)
    assert isinstance(error.value, TaskError) and error.value.kind == "app"
    assert leaf.status == "error"


def test_retries_and_their_delay(client: Client, lab: Module) -> None:
    """Goal: a task that fails twice succeeds with two retries."""
    assert client.submit(lab.fail_times, 2, retries=2, retry_delay="1ms").result(30) == 3
    assert client.submit(lab.fail_times, 1, retries=1, retry_delay=0.001).result(30) == 2
    assert isinstance(client.submit(lab.fail_times, 1).exception(30), TaskError)


def test_time_and_memory_limits(client: Client, lab: Module) -> None:
    """Goal: limits are options, in seconds and bytes or as texts."""
    slow = client.submit(lab.work, 1_000_000, 1, timeout=0.05)
    error = slow.exception(30)
    assert isinstance(error, TaskError) and error.kind == "timeout"
    small = client.submit(lab.text_of, 60_000_000, memory="16MiB").exception(30)
    assert isinstance(small, TaskError) and small.kind in ("memory", "trap")
    assert client.submit(lab.half, 3.0, memory=64 << 20, timeout="30s").result(30) == 1.5


def test_priority_resources_and_cache(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: options reach the server; what no worker offers is explained."""
    starved = client.submit(numbers.inc, 1, resources={"gpu": 1}, priority=3)
    assert wait_until("no worker", lambda: starved.info()["state"] == "no-worker")
    assert "gpu" in str(starved.explain())
    assert starved.cancel("not needed")
    assert client.submit(numbers.square, 12345).result(30) == 12345**2
    assert client.submit(numbers.square, 12345).info() and client.submit(numbers.square, 12345).result(30)
    again = client.submit(numbers.square, 12345)
    again.result(30)
    assert again.info()["cached"] is True
    fresh = client.submit(numbers.square, 12345, pure=False)
    fresh.result(30)
    assert fresh.info()["cached"] is False
    with pytest.raises(TypeError, match="no parameter `retires`"):
        client.submit(numbers.inc, 1, retires=3)


def test_after_waits_without_using(client: Client, numbers: Module, lab: Module) -> None:
    """Goal: a task begins after another one whose result it does not use."""
    first = client.submit(lab.work, 20, 5)
    second = client.submit(numbers.inc, 1, after=first)
    assert second.result(30) == 2
    assert first.done()
    assert second.info()["deps"] == [first.key]


def test_keys_of_ones_own(client: Client, numbers: Module) -> None:
    """Goal: the key of a task that is held gives its future; a key that was used is refused."""
    one = client.submit(numbers.inc, 1, key="mine")
    assert client.submit(numbers.inc, 99, key="mine") is one
    assert (one.key, one.result(30)) == ("mine", 2)
    del one
    gc.collect()
    client.hub.outbox.release_now()
    again = client.submit(numbers.inc, 1, key="mine")
    error = again.exception(30)
    assert isinstance(error, InvalidCall) and error.errors[0].code == "duplicate_key"
    bad = client.submit(numbers.inc, 1, key="a/b").exception(30)
    assert isinstance(bad, InvalidCall) and bad.errors[0].code == "invalid_key"


def test_logs_and_info(client: Client, lab: Module) -> None:
    """Goal: a future tells what the server knows of its task."""
    future = client.submit(lab.log_lines, 3)
    assert future.result(30) == 3
    lines = [line["message"] for entry in future.logs() for line in entry["lines"]]
    assert lines == ["line 0", "line 1", "line 2"]
    assert future.info()["state"] == "succeeded" and not future.running()
