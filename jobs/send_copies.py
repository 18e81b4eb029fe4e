"""Send copies: when somebody asks for the digest by letter; a slow mail server holds up nothing else."""

from datetime import timedelta

from publisher.worker import Every, Job, Worker


async def run(worker: Worker) -> None:
    """Each request gets its answer once."""
    await worker.send_copies()


JOB = Job(name="send_copies", when=Every(period=timedelta(minutes=1)), run=run)
