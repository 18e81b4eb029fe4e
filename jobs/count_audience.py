"""Count audience: every quarter of an hour by the clock, each count dated to its tick."""

from datetime import timedelta

from publisher.core.schedule import aligned
from publisher.worker import Every, Job, Worker, utc_now

PERIOD = timedelta(minutes=15)


async def run(worker: Worker) -> None:
    """Count every channel once; what fails stays a gap."""
    await worker.count(aligned(utc_now(), PERIOD))


JOB = Job(name="count_audience", when=Every(period=PERIOD, aligned=True), run=run)
