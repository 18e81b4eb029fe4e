"""The jobs of a worker, all of them, in one visible tuple."""

from jobs import (
    archive,
    check_accounts,
    count_audience,
    deliver,
    digest,
    index_search,
    measure_posts,
    reconcile,
    send_copies,
)

JOBS = (
    deliver.JOB,
    count_audience.JOB,
    reconcile.JOB,
    measure_posts.JOB,
    check_accounts.JOB,
    archive.JOB,
    index_search.JOB,
    digest.JOB,
    send_copies.JOB,
)
