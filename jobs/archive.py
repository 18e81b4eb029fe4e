"""Archive: every minute, see whether the night's run is still to be done or somebody asks for one."""

from datetime import timedelta

from publisher.worker import Every, Job, Worker


async def run(worker: Worker) -> None:
    """Bring the public archive up to date once a night, by whichever worker is first."""
    await worker.archive.keep()


JOB = Job(name="archive", when=Every(period=timedelta(minutes=1)), run=run)
