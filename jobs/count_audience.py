"""Count audience: every quarter of an hour by the clock, each count dated to its tick."""

from datetime import datetime, timedelta

from publisher.core.schedule import aligned
from publisher.tracking.collect import PERIOD
from publisher.worker import Every, Job, Worker, utc_now

# A tick that comes later than this (the machine slept) was missed: it stays a gap.
LATEST = timedelta(minutes=2)


async def run(worker: Worker) -> None:
    """Count every channel once; what fails stays a gap with its cause."""
    tick = tick_of(utc_now())
    if tick is not None:
        await worker.count(tick)


def tick_of(now: datetime) -> datetime | None:
    """The tick that a run at this moment belongs to; None when it was missed."""
    tick = aligned(now, PERIOD)
    return tick if now - tick <= LATEST else None


JOB = Job(name="count_audience", when=Every(period=PERIOD, aligned=True), run=run)
