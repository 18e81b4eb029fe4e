"""`publisher digest`: the week summed up, as its page and its letter say it."""

from datetime import datetime

import click

from publisher.cli.office import Command, Office, print_json
from publisher.core.digest import ONE_WEEK, figures_from_json, figures_to_json, week_of
from publisher.core.platforms import Realm
from publisher.store.channels import list_realms_in_use
from publisher.store.digest import find_digest
from publisher.tracking.digest import sum_up, this_week
from publisher.tracking.digest_words import Teller, plain_lines


@click.command(cls=Command)
@click.option("--week", "day", type=click.DateTime(["%Y-%m-%d"]), help="Any day of the week; the past one.")
@click.option("--realm", type=click.Choice([realm.value for realm in Realm]), help="Which channels.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def digest(office: Office, day: datetime | None, realm: str | None, as_json: bool) -> None:
    """Print a week's digest: the frozen one, or what its figures are now. It makes and sends nothing."""
    zone, now = office.settings.office.zone, office.now()
    week = week_of(day.date()) if day else this_week(zone, now) - ONE_WEEK
    with office.store.reading() as session:
        known = list_realms_in_use(session)
        chosen = Realm(realm) if realm else next(iter(known), Realm.REAL)
        frozen = find_digest(session, chosen, week)
        figures = figures_from_json(frozen.figures) if frozen else sum_up(session, chosen, week, zone, now)
    if as_json:
        print_json({"realm": chosen.value, "frozen": frozen is not None, **figures_to_json(figures)})
        return
    for line in plain_lines(Teller(office.language, zone).tell(figures)):
        click.echo(line)
