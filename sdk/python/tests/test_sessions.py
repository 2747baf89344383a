"""Sessions: one open run per client, rolled over, closed, deleted; the server is left as it was."""

from __future__ import annotations

import concurrent.futures
import gc
from typing import Any

import pytest
from support import Server, wait_until

from wask import Client, Module, NotFound, WaskError, fire_and_forget, get_client


def test_the_session_is_a_run_on_the_dashboard(server: Server, modules: Any) -> None:
    """Goal: a session is seen, and closed with the client; its history stays."""
    with Client(server.address, name="a session of tests") as client:
        assert client.session is None
        assert client.submit("numbers/inc", 1).result(30) == 2
        session = client.session
        assert session is not None and session.name == "a session of tests"
        assert session.state == "running" and session.counts["succeeded"] == 1
        assert client.dashboard_link.startswith(server.address) and session.id in session.dashboard
    with Client(server.address) as other:
        again = other.run(session.id)
        assert again.state == "succeeded" and again.counts["total"] == 1


def test_defaults_of_a_session(server: Server, modules: Any) -> None:
    """Goal: options that hold for all tasks of a client."""
    with Client(server.address, defaults={"retries": 3, "retry_delay": "1ms", "timeout": 30}) as client:
        assert client.submit("lab/fail_times", 2).result(30) == 3


def test_sessions_roll_over(server: Server, modules: Any) -> None:
    """Goal: after so many tasks a new run is begun; the old one goes when its futures have gone."""
    with Client(server.address, rollover=100) as client:
        first = [client.submit("numbers/inc", n) for n in range(100)]
        old = client.session
        second = [client.submit("numbers/inc", n) for n in range(100, 150)]
        new = client.session
        assert old is not None and new is not None and old.id != new.id
        assert client.gather(first + second) == list(range(1, 151))
        wait_until("the old session is closed", lambda: old.refresh()["open"] is False)
        assert client.submit("numbers/inc", first[3]).result(30) == 5
        kept = first.pop(7)
        del first
        gc.collect()
        client.hub.outbox.release_now()
        client.hub.tidy()
        assert old.refresh()["id"] == old.id and kept.result() == 8
        del kept
        gc.collect()

        def is_gone() -> bool:
            try:
                old.refresh()
            except NotFound:
                return True
            return False

        wait_until("the old session is deleted", is_gone)
        assert client.gather(second) == list(range(101, 151))


def test_closing_closes_every_session(server: Server, modules: Any) -> None:
    """Goal: an old session that was deleted meanwhile does not keep the present one open."""
    client = Client(server.address, rollover=10)
    first = client.map("numbers/inc", range(10))
    old = client.session
    client.submit("numbers/inc", 10).result(30)
    present = client.session
    assert old is not None and present is not None and old.id != present.id
    client.gather(first)
    wait_until("the old session is finished", lambda: old.refresh()["state"] != "running")
    old.delete()
    client.close()
    with Client(server.address) as other:
        assert other.hub.transport.get(f"/runs/{present.id}")["open"] is False


def test_a_map_that_is_larger_than_a_session(server: Server, modules: Any) -> None:
    """Goal: one map is never cut by the roll-over."""
    with Client(server.address, rollover=10) as client:
        assert client.gather(client.map("numbers/inc", range(50))) == list(range(1, 51))
        assert client.submit("numbers/inc", 1).result(30) == 2


def test_many_threads_roll_over(server: Server, modules: Any) -> None:
    """Goal: no submission is lost between two sessions, whoever submits meanwhile."""
    with Client(server.address, rollover=50) as client:

        def work(start: int) -> int:
            futures = [client.submit("numbers/inc", start + n) for n in range(200)]
            return sum(client.gather(futures))

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            sums = list(pool.map(work, range(0, 60_000, 10_000)))
    assert sums == [sum(start + n + 1 for n in range(200)) for start in range(0, 60_000, 10_000)]


def test_dropped_futures_are_not_awaited(client: Client, lab: Module) -> None:
    """Goal: the client forgets what nobody holds, finished or not."""
    for n in range(20):
        client.submit(lab.work, 1_000_000, 200 + n)
    done = client.submit(lab.work, 1, 300)
    assert done.result(30) == 300
    gc.collect()
    wait_until("nothing is pending", lambda: client.hub.pending == 0)
    run = client.hub.session
    assert run is not None and run.held == 1 and list(run.tasks) == [done.key]


def test_submitting_and_dropping_leaves_nothing(server: Server, modules: Any) -> None:
    """Goal: many submits and drops leave at most a session or two of tasks on the server."""
    with Client(server.address, name="dropping", rollover=500) as client:
        for n in range(5_000):
            client.submit("numbers/inc", n)
        assert client.submit("numbers/inc", 0).result(60) == 1
        gc.collect()

        def tasks_left() -> int:
            runs = [run for run in client.runs(limit=1_000) if run.name == "dropping"]
            return sum(run.document["counts"]["total"] for run in runs)

        wait_until("old sessions are deleted", lambda: tasks_left() <= 1_000)


def test_fire_and_forget(server: Server, modules: Any) -> None:
    """Goal: what is forgotten runs to its end, also when the client has gone."""
    with Client(server.address) as client:
        fire_and_forget(client.submit("lab/work", 200, 41))
        client.fire_and_forget(client.map("lab/work", [100, 100], [42, 43]))
        gc.collect()
        abandoned = client.submit("lab/work", 1_000_000, 44)
        session = client.session
        assert session is not None
        assert get_client() is client and abandoned.status == "pending"
    with Client(server.address) as other:
        run = other.run(session.id).wait(60)
        states = {task["key"]: task["state"] for task in run.tasks()}
    assert sorted(states.values()) == ["cancelled", "succeeded", "succeeded", "succeeded"]
    assert states[abandoned.key] == "cancelled"


def test_get_client_needs_one(server: Server, modules: Any) -> None:
    """Goal: the client made last is the default, and closing it makes the one before the default."""
    with Client(server.address) as first:
        with Client(server.address) as second:
            assert get_client() is second
        assert get_client() is first
        second.close()
    if get_client_or_none() is None:
        with pytest.raises(WaskError, match="there is no client"):
            get_client()


def get_client_or_none() -> Any:
    try:
        return get_client()
    except WaskError:
        return None


def test_futures_of_other_clients(server: Server, client: Client, lab: Module) -> None:
    """Goal: a task of one client can be followed by another, finished or not."""
    slow, done = client.submit(lab.work, 200, 45), client.submit("numbers/inc", 1)
    many = client.map("numbers/inc", range(5))
    assert done.result(30) == 2
    client.gather(many)
    with Client(server.address) as other:
        theirs = other.future(slow.run_id, slow.key)
        assert theirs is other.future(slow.run_id, slow.key)
        assert other.future(done.run_id, done.key).result(30) == 2
        assert other.future(many[3].run_id, many[3].key).result(30) == 4
        assert theirs.result(60) == 45
        assert other.submit("numbers/inc", theirs).result(30) == 46
    assert slow.result(30) == 45, "another client's end takes nothing away"


def test_the_name_of_the_server_comes_from_the_environment(
    server: Server, modules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Goal: WASK_SERVER names the server."""
    monkeypatch.setenv("WASK_SERVER", server.address)
    with Client() as client:
        assert client.address == server.address
