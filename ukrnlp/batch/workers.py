"""Shards through pipelines: in this process, or in worker processes that may die and are replaced."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING

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
DEATHS = 2  # of workers on one shard, before its documents are tried one by one


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


def run_here(jobs: Iterable[Job], make: Make, batch_size: int) -> Iterator[Done]:
    """Run the shards in this process, one after another."""
    nlp = None
    for number, docs in jobs:
        nlp = nlp or make()
        yield number, process(nlp, docs, batch_size)


@dataclass(slots=True)
class Worker:
    """A process, the pipe to it, and what it works on."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None


def run_workers(jobs: Iterable[Job], make: Make, batch_size: int, workers: int) -> Iterator[Done]:
    """Run the shards in `workers` processes and yield them as they are done.

    A worker that dies (out of memory, killed) is replaced and its shard tried again; where that kills again, its
    documents are tried one by one, and those that kill get an error.

    Raises:
        UkrnlpError: a worker cannot start, or a document failed and `on_error` is "raise".
    """
    pool: list[Worker] = []
    again: deque[Job] = deque()
    deaths: dict[int, int] = {}
    stream = iter(jobs)
    try:
        while True:
            for worker in pool:
                if worker.job is None and (job := again.popleft() if again else next(stream, None)):
                    give(worker, job)
            if len(pool) < workers and (job := again.popleft() if again else next(stream, None)):
                pool.append(started(make, batch_size))
                give(pool[-1], job)
                continue
            busy = {worker.pipe: worker for worker in pool if worker.job}
            if not busy:
                return
            for pipe in connection.wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]
                number, docs = job = taken(worker)
                answer = answer_of(worker)
                if answer is not None:
                    yield number, answer
                    continue
                pool.remove(worker)
                deaths[number] = deaths.get(number, 0) + 1
                if deaths[number] < DEATHS:
                    again.append(job)
                else:
                    yield number, one_by_one(docs, make, batch_size)
    finally:
        for worker in pool:
            stop(worker)


def one_by_one(docs: Sequence[Document], make: Make, batch_size: int) -> Block:
    """Run documents alone, each in a worker that may die of it."""
    block = Block()
    worker: Worker | None = None
    try:
        for doc in docs:
            worker = worker or started(make, batch_size)
            give(worker, (0, [doc]))
            taken(worker)
            answer = answer_of(worker)
            if answer is None:
                code = worker.process.exitcode
                worker = None
                message = f"the worker process died of this document (exit code {code}); is there enough memory?"
                answer = block_of([failed_row(doc, "worker", "WorkerDied", message)])
            block.add(answer)
    finally:
        if worker:
            stop(worker)
    return block


def started(make: Make, batch_size: int) -> Worker:
    """A new worker process."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, make, batch_size), daemon=True)
    process.start()
    theirs.close()  # or its end would never be seen
    return Worker(process, ours)


def give(worker: Worker, job: Job) -> None:
    """Send a job; a worker that is dead already is found when its answer is read."""
    worker.job = job
    try:
        worker.pipe.send(job[1])
    except OSError:
        return


def taken(worker: Worker) -> Job:
    """The job that the worker has, which is no longer its own."""
    job = worker.job
    if job is None:
        raise AssertionError("an idle worker answered")
    worker.job = None
    return job


def answer_of(worker: Worker) -> Block | None:
    """The rows that a worker made; None if it died.

    Raises:
        UkrnlpError: the worker could not start or its pipeline raised.
    """
    try:
        answer = worker.pipe.recv()
    except (EOFError, OSError):
        worker.process.join()
        return None
    if isinstance(answer, Block):
        return answer
    kind, message = answer
    known = getattr(errors, kind, UkrnlpError)
    raise (UkrnlpError if known is errors.MissingExtraError else known)(message)


def stop(worker: Worker) -> None:
    """End a worker at once: what it has not given back is nowhere written."""
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def work(pipe: Connection, make: Make, batch_size: int) -> None:
    """What a worker process does: documents in, a block out, until its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=die_with_parent, daemon=True).start()
    nlp = None
    while True:
        try:
            docs = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            nlp = nlp or make()
            pipe.send(process(nlp, docs, batch_size))
        except UkrnlpError as error:
            pipe.send((type(error).__name__, str(error)))
        except Exception as error:
            pipe.send((UkrnlpError.__name__, f"{type(error).__name__}: {error}"))


def die_with_parent() -> None:
    """End this process when its parent has ended, even if that was killed."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
