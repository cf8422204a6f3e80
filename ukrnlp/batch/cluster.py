"""Workers on a Ray cluster: actors that load the models once and get whole shards.

The driver reads, hands out and writes, so that nodes need the package and the models but no common disk. Actors and
not `map_batches` of Ray Data: that retries a document which kills its worker for ever, and would hold the whole input
in its object store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ukrnlp.batch.workers import Answer, Make, Runner
from ukrnlp.document import Document
from ukrnlp.errors import ConfigError, MissingExtraError, UkrnlpError


@contextmanager
def connected(address: str | None, workers: int) -> Iterator[int]:
    """Join the cluster at `address`, or start one on this machine; give the number of actors to run: `workers`, or one
    a core for 0.

    Raises:
        ConfigError: the cluster has fewer cores, so some actors would wait for ever with a shard in hand.
        MissingExtraError: Ray is not installed.
        UkrnlpError: there is no cluster at the address.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("the Ray engine", "ray") from error
    ours = not ray.is_initialized()
    if ours:
        try:
            ray.init(address=address, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError) as error:
            raise UkrnlpError(f"no Ray cluster at {address}: {error}; start one with ray start --head") from error
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        if max(workers, 1) > cores:
            raise ConfigError(f"workers is {workers}, the cluster has {cores} cores; an actor takes one")
        yield workers or cores
    finally:
        if ours:
            ray.shutdown()


@dataclass(slots=True, eq=False)
class Actor:
    """A remote `Runner`, and its answer to come."""

    handle: Any
    answer: Any = None


@dataclass(slots=True)
class Actors:
    """Workers of the cluster that this process has joined."""

    make: Make
    batch_size: int
    kind: Any = field(init=False)

    def __post_init__(self) -> None:
        import ray

        self.kind = ray.remote(num_cpus=1, max_restarts=0)(Runner)

    def start(self) -> Actor:
        """A new actor, where the cluster has a core to spare."""
        return Actor(self.kind.remote(self.make, self.batch_size))

    def give(self, worker: Actor, docs: list[Document]) -> None:
        """Send a shard."""
        worker.answer = worker.handle.run.remote(docs)

    def wait(self, busy: Sequence[Actor]) -> list[Actor]:
        """Those whose answer, or end, is known."""
        import ray

        ready, _ = ray.wait([worker.answer for worker in busy])
        return [worker for worker in busy if worker.answer in ready]

    def answer(self, worker: Actor) -> Answer | str:
        """What the actor made."""
        import ray

        try:
            answer: Answer = ray.get(worker.answer)
        except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError, ray.exceptions.OutOfMemoryError) as error:
            return type(error).__name__
        return answer

    def stop(self, worker: Actor) -> None:
        """Kill it."""
        import ray

        ray.kill(worker.handle)
