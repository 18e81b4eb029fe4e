"""Measure posts: every half minute, read what posts of 10 minutes, 1, 6, 24 hours and 7 days have earned."""

from datetime import timedelta

from publisher.worker import Every, Job, Worker


async def run(worker: Worker) -> None:
    """An age that passes unread stays unknown."""
    await worker.measure()


JOB = Job(name="measure_posts", when=Every(period=timedelta(seconds=30)), run=run)
