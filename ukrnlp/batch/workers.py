"""Shards through pipelines: in this process, or in worker processes that may die and are replaced."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING, Protocol, TypeVar

from ukrnlp import errors
from ukrnlp.batch.rows import Block, block_of, failed_row
from ukrnlp.document import Document
from ukrnlp.errors import UkrnlpError
from ukrnlp.io import is_unread
from ukrnlp.pipeline import Pipeline

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

Job = tuple[int, list[Document]]
Done = tuple[int, Block]
Make = Callable[[], Pipeline]  # must pickle, for other processes
Answer = Block | tuple[str, str]  # rows, or kind and message of an error
W = TypeVar("W")
GREETING = "ready"
DEATHS = 2  # of workers on one shard, before its documents are tried one by one


@dataclass(slots=True)
class Runner:
    """A pipeline that is made with the first shard; failures come back as values, so that they cross processes."""

    make: Make
    batch_size: int
    nlp: Pipeline | None = None

    def run(self, docs: Sequence[Document]) -> Answer:
        """The rows of a shard, or kind and message of what ended it."""
        try:
            self.nlp = self.nlp or self.make()
            return process(self.nlp, docs, self.batch_size)
        except UkrnlpError as error:
            return type(error).__name__, str(error)
        except Exception as error:
            return UkrnlpError.__name__, f"{type(error).__name__}: {error}"


def process(nlp: Pipeline, docs: Sequence[Document], batch_size: int) -> Block:
    """Run a shard; documents that could not be read keep their place.

    Raises:
        UkrnlpError: a document failed and the pipeline's `on_error` is "raise".
    """
    if nlp.on_error == "raise" and (broken := next(filter(is_unread, docs), None)):
        raise UkrnlpError(broken.errors[0].message)
    for _ in nlp.pipe([doc for doc in docs if not is_unread(doc)], batch_size=batch_size):
        pass  # in place
    return block_of(docs)


def checked(answer: Answer) -> Block:
    """The rows of an answer.

    Raises:
        UkrnlpError: the pipeline could not be made, or raised.
    """
    if isinstance(answer, Block):
        return answer
    kind, message = answer
    known = getattr(errors, kind, UkrnlpError)
    raise (UkrnlpError if known is errors.MissingExtraError else known)(message)


def run_here(jobs: Iterable[Job], make: Make, batch_size: int) -> Iterator[Done]:
    """Run the shards in this process, one after another."""
    nlp = None
    for number, docs in jobs:
        nlp = nlp or make()
        yield number, process(nlp, docs, batch_size)


class Pool(Protocol[W]):
    """Workers that may die, wherever they run."""

    def start(self) -> W:
        """A new worker."""

    def give(self, worker: W, docs: list[Document]) -> None:
        """Send a shard to an idle worker."""

    def wait(self, busy: Sequence[W]) -> list[W]:
        """Those of `busy`, one at least, that have answered or died."""

    def answer(self, worker: W) -> Answer | str:
        """What the worker made; a str says how it died."""

    def stop(self, worker: W) -> None:
        """End a worker at once: what it has not given back is nowhere written."""


def run_pool(jobs: Iterable[Job], pool: Pool[W], workers: int) -> Iterator[Done]:
    """Run the shards in `workers` workers and yield them as they are done.

    A worker that dies (out of memory, killed) is replaced and its shard tried again; where that kills again, its
    documents are tried one by one, and those that kill get an error.

    Raises:
        UkrnlpError: a worker cannot start, or a document failed and `on_error` is "raise".
    """
    idle: list[W] = []
    busy: list[tuple[W, Job]] = []
    again: deque[Job] = deque()
    deaths: dict[int, int] = {}
    stream = iter(jobs)
    try:
        while True:
            while len(busy) < workers and (job := again.popleft() if again else next(stream, None)):
                worker = idle.pop() if idle else pool.start()
                busy.append((worker, job))
                pool.give(worker, job[1])
            if not busy:
                return
            ready = pool.wait([worker for worker, _ in busy])
            for worker, job in [pair for pair in busy if any(pair[0] is other for other in ready)]:
                busy = [pair for pair in busy if pair[0] is not worker]
                number, docs = job
                answer = pool.answer(worker)
                if not isinstance(answer, str):
                    idle.append(worker)
                    yield number, checked(answer)
                    continue
                deaths[number] = deaths.get(number, 0) + 1
                if deaths[number] < DEATHS:
                    again.append(job)
                else:
                    yield number, one_by_one(docs, pool)
    finally:
        for worker in (*idle, *(worker for worker, _ in busy)):
            pool.stop(worker)


def one_by_one(docs: Sequence[Document], pool: Pool[W]) -> Block:
    """Run documents alone, each in a worker that may die of it."""
    block = Block()
    worker: W | None = None
    try:
        for doc in docs:
            worker = worker or pool.start()
            pool.give(worker, [doc])
            pool.wait([worker])
            answer = pool.answer(worker)
            if isinstance(answer, str):
                worker = None
                message = f"the worker died of this document ({answer}); is there enough memory?"
                answer = block_of([failed_row(doc, "worker", "WorkerDied", message)])
            block.add(checked(answer))
    finally:
        if worker:
            pool.stop(worker)
    return block


@dataclass(slots=True, eq=False)
class Worker:
    """A process, the pipe to it, and whether it has greeted."""

    process: BaseProcess
    pipe: Connection
    started: bool = False


@dataclass(frozen=True, slots=True)
class Processes:
    """Worker processes on this machine."""

    make: Make
    batch_size: int

    def start(self) -> Worker:
        """A new process."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, Runner(self.make, self.batch_size)), daemon=True)
        process.start()
        theirs.close()  # or its end would never be seen
        return Worker(process, ours)

    def give(self, worker: Worker, docs: list[Document]) -> None:
        """Send a shard; a worker that is dead already is found when its answer is read."""
        with suppress(OSError):
            worker.pipe.send(docs)

    def wait(self, busy: Sequence[Worker]) -> list[Worker]:
        """Those with something in their pipe, its end included.

        Raises:
            UkrnlpError: a worker ended before it was ready for work.
        """
        while True:
            ready = connection.wait([worker.pipe for worker in busy])
            answered = [worker for worker in busy if worker.pipe in ready and not self.greeted(worker)]
            if answered:
                return answered

    def greeted(self, worker: Worker) -> bool:
        """Take the greeting of a new worker out of its pipe; whether there was one."""
        if worker.started:
            return False
        try:
            worker.started = worker.pipe.recv() == GREETING
        except (EOFError, OSError) as error:
            worker.process.join()
            raise UkrnlpError(
                f"a worker ended while it started (exit code {worker.process.exitcode}): a script must call run_batch "
                'under `if __name__ == "__main__":`, or with workers=1'
            ) from error
        return True

    def answer(self, worker: Worker) -> Answer | str:
        """What came through the pipe."""
        try:
            answer: Answer = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            worker.pipe.close()
            return f"exit code {worker.process.exitcode}"
        return answer

    def stop(self, worker: Worker) -> None:
        """Kill it."""
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


def work(pipe: Connection, runner: Runner) -> None:
    """What a worker process does: documents in, a block out, until its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=die_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        pipe.send(GREETING)
        while True:
            pipe.send(runner.run(pipe.recv()))


def die_with_parent() -> None:
    """End this process when its parent has ended, even if that was killed."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
