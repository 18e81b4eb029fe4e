"""Check accounts: every five minutes, try the credentials and look again at what is not in order."""

from datetime import timedelta

from publisher.worker import Every, Job, Worker


async def run(worker: Worker) -> None:
    """Dead credentials stop their lanes; what is in order again lets its lanes go on."""
    await worker.check_accounts()


JOB = Job(name="check_accounts", when=Every(period=timedelta(minutes=5)), run=run)
