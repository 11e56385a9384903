"""A lane of worker processes: one queue of jobs, each worker watched by a thread that ends and replaces it."""

import logging
import multiprocessing
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import psutil

from app.adapters.imaging.worker import Answer, Job, serve

LOOK_SECONDS = 0.05
JOIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class JobError(Exception):
    """The job brought no answer; the text says why in words that can follow a file's name."""


@dataclass(slots=True)
class _Worker:
    """A living process and our ends of its pipes."""

    process: SpawnProcess
    jobs: Connection
    lifeline: Connection

    def end(self) -> None:
        """Kill the process and close the pipes."""
        self.process.kill()
        self.process.join(JOIN_SECONDS)
        self.jobs.close()
        self.lifeline.close()


class Lane:
    """Runs top-level functions in worker processes, started when first needed; safe to call from any thread."""

    def __init__(self, name: str, *, workers: int, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._waiting: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, name=f"{name}-{number}", daemon=True) for number in range(workers)
        ]
        self._started = False
        self._lock = threading.Lock()

    def submit(self, function: Callable[..., Any], *arguments: Any, seconds: float) -> Future[Any]:
        """Queue a job; the future holds what the function returned, or JobError. Time counts from its own start."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closing.is_set():
                raise JobError("the readers are closed")
            if not self._started:
                self._started = True
                for thread in self._threads:
                    thread.start()
            self._waiting.put((Job(function, arguments, seconds), future))
        return future

    def close(self) -> None:
        """End all workers; jobs that are waiting or running get a JobError. Blocks for seconds at most."""
        with self._lock:
            self._closing.set()
            for _ in self._threads:
                self._waiting.put(None)
        for thread in self._threads:
            if self._started:
                thread.join(JOIN_SECONDS * 2)

    def _watch(self) -> None:
        """Serve the queue with one worker after another; the body of each thread."""
        worker: _Worker | None = None
        while True:
            item = self._waiting.get()
            if item is None:
                break
            job, future = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if worker is None or not worker.process.is_alive():
                    worker = self._start(worker)
                answer = self._run(worker, job)
            except JobError as error:
                log.warning("a reader was ended: %s", error)
                if worker is not None:
                    worker.end()
                    worker = None
                future.set_exception(error)
                continue
            if answer.error:
                log.warning("a reader failed: %s", answer.error)
                future.set_exception(JobError(answer.error.strip().splitlines()[-1]))
            else:
                future.set_result(answer.value)
        if worker is not None:
            worker.end()

    def _start(self, dead: _Worker | None) -> _Worker:
        if dead is not None:
            dead.end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        lifeline, their_lifeline = context.Pipe()
        arguments = (theirs, their_lifeline, self._memory_bytes)
        process = context.Process(target=serve, args=arguments, name="slide-reader", daemon=True)
        try:
            process.start()
        except OSError as error:
            raise JobError(f"no reader could be started ({error.strerror or error})") from error
        theirs.close()
        their_lifeline.close()
        return _Worker(process, ours, lifeline)

    def _run(self, worker: _Worker, job: Job) -> Answer:
        """Send the job and wait for its answer. Raises JobError when the worker dies, hangs, grows or we close."""
        try:
            worker.jobs.send(job)
            deadline = time.monotonic() + job.seconds
            while not worker.jobs.poll(LOOK_SECONDS):
                if self._closing.is_set():
                    raise JobError("the program is closing")
                if time.monotonic() > deadline:
                    raise JobError(f"no answer after {job.seconds:g} seconds")
                self._check_memory(worker.process)
            answer: Answer = worker.jobs.recv()
        except (EOFError, OSError) as error:
            worker.process.join(JOIN_SECONDS)
            raise JobError(f"the reader ended unexpectedly (code {worker.process.exitcode})") from error
        return answer

    def _check_memory(self, process: SpawnProcess) -> None:
        try:
            used = psutil.Process(process.pid).memory_info().rss
        except psutil.Error:  # it just ended: the pipe says so at the next look
            return
        if used > self._memory_bytes:
            raise JobError(f"it needs more than {self._memory_bytes >> 20:,} MB of memory")
