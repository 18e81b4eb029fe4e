"""The jobs of a worker, all of them, in one visible tuple."""

from jobs import check_accounts, count_audience, deliver, reconcile

JOBS = (deliver.JOB, count_audience.JOB, reconcile.JOB, check_accounts.JOB)
