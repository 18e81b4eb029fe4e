"""`publisher counts rebuild`: the days of subscribers made anew from the raw counts, or only compared."""

import click

from publisher.cli.office import Command, Office
from publisher.core.messages import N_
from publisher.errors import RuleError
from publisher.store.audience import list_stretches, list_wrong_days, rebuild_days


@click.command(cls=Command)
@click.option("--check", is_flag=True, help="Only say whether the days are what the counts say.")
@click.pass_obj
def rebuild(office: Office, check: bool) -> None:
    """Make the days of all channels anew from their counts. May be interrupted and repeated."""
    if check:
        _check(office)
        return
    zone, days = office.settings.office.zone, 0
    with office.store.reading() as session:
        stretches = list_stretches(session, zone)
    for stretch in stretches:
        # A year of a channel at a time: a worker that counts meanwhile waits for a moment at most.
        with office.store.begin() as session:
            days += rebuild_days(session, stretch, zone)
    office.say(N_("Days made anew: {count}."), count=days)


def _check(office: Office) -> None:
    zone, wrong = office.settings.office.zone, 0
    with office.store.reading() as session:
        for stretch in list_stretches(session, zone):
            wrong += len(list_wrong_days(session, stretch, zone))
    if wrong:
        message = N_("Days that are not what the counts say: {count}. Mend them: `publisher counts rebuild`.")
        raise RuleError("", message, count=wrong)
    office.say(N_("Every day is what the counts say."))
