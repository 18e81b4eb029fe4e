"""Digest: every minute, sum the past week up when its Monday's time has come, and send its letters."""

from datetime import timedelta

from publisher.worker import Every, Job, Worker


async def run(worker: Worker) -> None:
    """What is made and sent already stays so."""
    await worker.sum_up_week()


JOB = Job(name="digest", when=Every(period=timedelta(minutes=1)), run=run)
