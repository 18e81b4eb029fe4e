"""Deliver: when the next operation is due, wake the dispatcher's loop. Changes wake it by themselves."""

from publisher.worker import AtNextDue, Job, Worker


async def run(worker: Worker) -> None:
    """Only wake: a slow tick would skip the next one."""
    worker.dispatcher.wake()


JOB = Job(name="deliver", when=AtNextDue(), run=run)
