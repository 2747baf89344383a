"""Client of Wask, which runs graphs of small tasks, each in a WebAssembly sandbox of its own.

    from wask import Client
    client = Client()
    numbers = client.module("numbers")
    squares = client.map(numbers.square, range(500))
    client.submit(numbers.sum, squares).result()

Names and meanings follow Dask's; README.md has the table.
"""

from .actors import Actor, ActorFuture
from .client import Client, fire_and_forget, get_client
from .completed import as_completed
from .errors import (
    Conflict,
    ErrorItem,
    InvalidCall,
    InvalidRequest,
    NotFound,
    Refused,
    ResultReleased,
    ServerError,
    ServerUnreachable,
    TaskAborted,
    TaskCancelled,
    TaskError,
    WaitTimeout,
    WaskError,
)
from .events import Event
from .executor import ClientExecutor
from .future import Future
from .graph import Graph, Node, NodeArray
from .locks import Lock, Semaphore
from .module import Function, Module
from .progress import progress
from .queues import Queue
from .run import Run
from .topics import Pub, Sub
from .variables import Variable
from .waiting import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, wait

__version__ = "0.1.0"

__all__ = [
    "ALL_COMPLETED",
    "Actor",
    "ActorFuture",
    "Client",
    "ClientExecutor",
    "Conflict",
    "ErrorItem",
    "Event",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "Function",
    "Future",
    "Graph",
    "InvalidCall",
    "InvalidRequest",
    "Lock",
    "Module",
    "Node",
    "NodeArray",
    "NotFound",
    "Pub",
    "Queue",
    "Refused",
    "ResultReleased",
    "Run",
    "Semaphore",
    "ServerError",
    "ServerUnreachable",
    "Sub",
    "TaskAborted",
    "TaskCancelled",
    "TaskError",
    "Variable",
    "WaitTimeout",
    "WaskError",
    "as_completed",
    "fire_and_forget",
    "get_client",
    "progress",
    "wait",
]
