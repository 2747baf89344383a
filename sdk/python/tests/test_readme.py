"""The code in README.md runs, block after block, as a reader types it."""

from __future__ import annotations

import pathlib
import re
from typing import Any, Dict

import pytest
from support import GUESTS, Server

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


def test_the_five_minutes(
    server: Server,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Goal: nothing in the README is out of date."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 3
    monkeypatch.setenv("WASK_SERVER", server.address)
    monkeypatch.chdir(tmp_path)
    names: Dict[str, Any] = {}
    try:
        for block in blocks:
            exec(block.replace("target/guests/", f"{GUESTS}/"), names)
        assert names["a"].result() == 100 and names["value"] is not None
        assert capsys.readouterr().out.rstrip().endswith(str(sum(2 * i for i in range(256))))
        assert (tmp_path / "tree.svg").stat().st_size > 0
    finally:
        names["client"].close()
