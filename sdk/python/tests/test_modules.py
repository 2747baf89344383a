"""Modules: uploading, completion, documentation."""

from __future__ import annotations

import inspect
import pathlib

import pytest

from wask import Client, Module


def test_upload_of_files_and_bytes(client: Client, guests: pathlib.Path) -> None:
    """Goal: both ways give the same module; a file's name is the module's."""
    from_file = client.upload(guests / "numbers.wasm")
    from_bytes = client.upload((guests / "numbers.wasm").read_bytes(), name="numbers-again")
    assert from_file.name == "numbers" and from_bytes.name == "numbers-again"
    assert from_file.id == from_bytes.id == client.module(from_file.id).id
    assert client.module(from_file.id[:12]).id == from_file.id
    assert client.submit(from_bytes.inc, 1).result(30) == 2
    assert client.upload_file(str(guests / "numbers.wasm"), name="numbers").id == from_file.id
    assert {module.id for module in client.modules()} >= {from_file.id}
    with pytest.raises(FileNotFoundError):
        client.upload("nothing.wasm")


def test_functions_describe_themselves(numbers: Module, lab: Module) -> None:
    """Goal: documentation, signature and completion come from the server."""
    assert numbers.add.__name__ == "add" and numbers.add.__doc__ == "The sum of two numbers."
    assert str(inspect.signature(numbers.add)) == "(x: int, y: int) -> int"
    assert list(inspect.signature(lab.minus).parameters) == ["from_", "take"]
    assert inspect.signature(lab.bytes_of).return_annotation is bytes
    assert {"inc", "square", "sum", "functions"} <= set(dir(numbers))
    assert numbers["square"].call == "numbers/square"
    assert repr(numbers.add) == "<Function numbers/add(x: int, y: int) -> int>"
    assert numbers.pure and numbers.size > 0 and "add" in repr(numbers)
    with pytest.raises(KeyError, match="did you mean"):
        numbers["sqare"]
    assert not hasattr(numbers, "nothing")
