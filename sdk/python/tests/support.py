"""What tests share: servers, waiting for a condition, finding out what the server can do."""

from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Callable, List, Optional

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
GUESTS = ROOT / "target" / "guests"
EXAMPLES = ROOT / "guest-examples"
PYTHON_EXAMPLES = ROOT / "sdk" / "python" / "examples"
DEADLINE_S = 30.0


def binary() -> pathlib.Path:
    """The program under test."""
    return pathlib.Path(os.environ.get("WASK_BINARY") or ROOT / "target" / "debug" / "wask")


class Server:
    """A server that ends with the test, and with the test's process."""

    def __init__(self, *arguments: str, listen: str = "127.0.0.1:0") -> None:
        self._arguments = arguments
        self._listen = listen
        self._log = tempfile.TemporaryFile()
        self._process: Optional["subprocess.Popen[str]"] = None
        self.address = ""

    def start(self) -> "Server":
        """Starts it and waits until it is served."""
        command: List[str] = [str(binary()), "serve", "--listen", self._listen, "--stop-with-stdin"]
        environment = {k: v for k, v in os.environ.items() if k not in ("WASK_SERVER", "WASK_TOKEN")}
        self._process = subprocess.Popen(
            [*command, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=environment,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("wask listening on "):
                self.address = line.split()[-1]
                # What else it says is read, so that it never waits for a reader.
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return self
        raise AssertionError(f"the server did not start:\n{self.log()}")

    def kill(self) -> None:
        """Ends it without notice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Ends it as its users do."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(timeout=DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def log(self) -> str:
        """What it wrote to stderr."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.stop()


def wait_until(what: str, condition: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """Waits for a condition to give something true, and returns it."""
    end = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        time.sleep(0.01)


def needs_family(address: str, family: str) -> None:
    """Skips the test on servers that do not have `/sync` yet."""
    path = {"sync": "/api/v1/sync/variables/wask-probe"}[family]
    try:
        urllib.request.urlopen(address + path, timeout=DEADLINE_S)
    except urllib.error.HTTPError as error:
        if error.code == 404 and b"not_found" in error.read():
            pytest.skip(f"this server has no /{family} yet")
