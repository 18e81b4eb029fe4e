"""Reconcile: every half minute, read back the posts whose time has come (5 min, 1 h, 24 h after a change)."""

from datetime import timedelta

from publisher.worker import Every, Job, Worker


async def run(worker: Worker) -> None:
    """Mark what was deleted or altered on the network."""
    await worker.reconcile()


JOB = Job(name="reconcile", when=Every(period=timedelta(seconds=30)), run=run)
