"""`publisher growth`: what a period brought each channel and all of them together."""

from collections.abc import Iterator
from datetime import datetime

import click

from publisher.cli.channels import address_of
from publisher.cli.office import Command, Office, print_json, print_table
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.core.series import Bridge, Part, Period
from publisher.errors import RuleError
from publisher.store.channels import list_channels, list_realms_in_use
from publisher.tracking.balance import Balance, Line, read_balance

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(cls=Command)
@click.option("--from", "first", type=DAY, required=True, help="First day of the period.")
@click.option("--to", "last", type=DAY, required=True, help="Last day of the period.")
@click.option("--realm", type=click.Choice([realm.value for realm in Realm]), help="Whose channels.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def growth(office: Office, first: datetime, last: datetime, realm: str | None, as_json: bool) -> None:
    """Subscribers before and at the end of a period, and where the difference comes from."""
    period = Period(first=first.date(), last=last.date())
    if period.first > period.last:
        raise RuleError("", N_("The period ends before it begins."))
    with office.store.reading() as session:
        usual = next(iter(list_realms_in_use(session)), Realm.REAL)
        balance = read_balance(session, Realm(realm) if realm else usual, period, office.settings.office.zone)
        addresses = {channel.id: address_of(channel) for channel in list_channels(session)}
    if as_json:
        print_json(_document(balance, addresses))
        return
    print_table(
        [_heading(office), *(_row(line) for line in balance.lines), *_total_rows(office, balance.total)]
    )


def _document(balance: Balance, addresses: dict[int, str]) -> dict[str, object]:
    total = balance.total
    return {
        "from": balance.period.first.isoformat(),
        "to": balance.period.last.isoformat(),
        "channels": [
            {
                "channel": addresses.get(line.channel.id), "title": line.channel.title,
                "network": line.channel.network.value, "opening": line.opening, "closing": line.closing,
                "net": line.net, "missing_days": line.missing_days, "opened_in_period": line.is_new,
            }
            for line in balance.lines
        ],
        "total": {
            "opening": total.start.value, "closing": total.end.value, "net": total.change,
            "organic": _part(total.kept), "opened": _part(total.opened), "closed": _part(total.closed),
            "counted_at_one_end": _part(total.rest),
            "missing": {"opening": list(total.start.missing), "closing": list(total.end.missing)},
        },
    }  # fmt: skip


def _part(part: Part) -> dict[str, object]:
    return {"net": part.value, "channels": list(part.names)}


def _heading(office: Office) -> tuple[str, ...]:
    names = (N_("Channel"), N_("Before"), N_("At the end"), N_("Difference"), N_("Days not counted"))
    return tuple(office.text(name) for name in names)


def _row(line: Line) -> tuple[str, ...]:
    return (
        line.channel.title, _number(line.opening), _number(line.closing), _signed(line.net),
        str(line.missing_days or ""),
    )  # fmt: skip


def _total_rows(office: Office, total: Bridge) -> Iterator[tuple[str, ...]]:
    yield (
        office.text(N_("In all")),
        _number(total.start.value),
        _number(total.end.value),
        _signed(total.change),
        "",
    )
    parts = (
        (N_("of it counted at both ends"), total.kept),
        (N_("of it opened in the period"), total.opened),
        (N_("of it closed in the period"), total.closed),
        (N_("of it counted at one end only"), total.rest),
    )
    for name, part in parts:
        if part.names:
            yield f"  {office.text(name)}", "", "", _signed(part.value), ""
    for name, missing in ((N_("not counted before"), total.start), (N_("not counted at the end"), total.end)):
        if missing.missing:
            yield f"  {office.text(name)}: {', '.join(missing.missing)}", "", "", "", ""


def _number(value: int | None) -> str:
    return "—" if value is None else str(value)


def _signed(value: int | None) -> str:
    return "—" if value is None else f"{value:+}"
