"""The example scripts: each runs as a user runs it, checks its own result, and is short."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from support import PYTHON_EXAMPLES, ROOT, Server

LINES_MAX = 30
SCRIPTS = sorted(PYTHON_EXAMPLES.glob("*.py"))


def test_every_workload_has_a_script() -> None:
    """Goal: no workload is left out; `squares` is numbers, whose name the standard library has."""
    workloads = {"squares", "tree", "letters", "pipeline", "sprites", "wordcount", "parameter_server"}
    assert {script.stem for script in SCRIPTS} == workloads


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.stem))
def test_example(script: pathlib.Path, server: Server) -> None:
    """Goal: the script ends well; its assertions compare with what the guest's example expects."""
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_MAX and "assert" in text
    environment = {**os.environ, "WASK_SERVER": server.address, "PYTHONPATH": str(ROOT / "sdk" / "python" / "src")}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
