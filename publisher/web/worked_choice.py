"""What «Что сработало» is asked for: the period, whose posts, what counts, at which age, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from publisher.core.measuring import AGES, USUAL_AGE, Measure
from publisher.core.messages import N_
from publisher.core.platforms import Realm
from publisher.core.series import ONE_DAY, Period
from publisher.store.channels import list_realms_in_use
from publisher.web.context import zone
from publisher.web.periods import args_of, last_days, read_period
from publisher.web.row_ids import row_id

WEEK_DAYS = 7
LONGEST = 366
# How an address writes the ages, and how a page does.
AGE_NAMES: Mapping[str, timedelta] = dict(zip(("10m", "1h", "6h", "24h", "7d"), AGES, strict=True))
AGE_TEXTS = dict(
    zip(AGES, (N_("10 minutes"), N_("1 hour"), N_("6 hours"), N_("24 hours"), N_("7 days")), strict=True)
)
MEASURE_TEXTS = {
    Measure.VIEWS: N_("Views"), Measure.FORWARDS: N_("Forwards"), Measure.REACTIONS: N_("Reactions"),
}  # fmt: skip


class Order(StrEnum):
    """What comes first."""

    THOUSAND = "thousand"
    ABSOLUTE = "absolute"


class Grouping(StrEnum):
    """A line for each item, with all its channels, or for each post."""

    ITEM = "item"
    POST = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the address asks for."""

    realm: Realm
    period: Period
    desk_id: int | None = None
    channel_id: int | None = None
    measure: Measure = Measure.VIEWS
    age: timedelta = USUAL_AGE
    order: Order = Order.THOUSAND
    grouping: Grouping = Grouping.ITEM

    @property
    def age_name(self) -> str:
        """The age as the address has it."""
        return next(name for name, age in AGE_NAMES.items() if age == self.age)

    def args(self) -> dict[str, Any]:
        """The same as an address has it; what is usual is left out, but not the days."""
        args = {"realm": self.realm.value, **args_of(self.period)}
        args |= {"desk": str(self.desk_id)} if self.desk_id is not None else {}
        args |= {"channel": str(self.channel_id)} if self.channel_id is not None else {}
        args |= {"measure": self.measure.value} if self.measure is not Measure.VIEWS else {}
        args |= {"age": self.age_name} if self.age != USUAL_AGE else {}
        args |= {"order": self.order.value} if self.order is not Order.THOUSAND else {}
        args |= {"by": self.grouping.value} if self.grouping is not Grouping.ITEM else {}
        return args

    def over(self, days: int) -> "Choice":
        """The same over so many days until today."""
        return replace(self, period=last_days(days))

    def bounds(self) -> tuple[datetime, datetime]:
        """The period's first moment and the one after its last."""
        first, after = self.period.first, self.period.last + ONE_DAY
        return datetime.combine(first, time.min, zone()), datetime.combine(after, time.min, zone())


def read_choice(session: Session) -> Choice:
    """What the address asks for; whatever it has that cannot be, is as usual.

    Raises RuleError for a period that cannot be shown.
    """
    return replace(usual_choice(session), period=_period())


def usual_choice(session: Session) -> Choice:
    """The same over the last seven days."""
    args = request.args
    realms = list_realms_in_use(session) or [Realm.REAL]
    return Choice(
        realm=next((realm for realm in realms if realm.value == args.get("realm")), realms[0]),
        period=last_days(WEEK_DAYS),
        desk_id=args.get("desk", type=row_id),
        channel_id=args.get("channel", type=row_id),
        measure=next((m for m in MEASURE_TEXTS if m.value == args.get("measure")), Measure.VIEWS),
        age=AGE_NAMES.get(args.get("age", ""), USUAL_AGE),
        order=next((order for order in Order if order.value == args.get("order")), Order.THOUSAND),
        grouping=next((by for by in Grouping if by.value == args.get("by")), Grouping.ITEM),
    )


def _period() -> Period:
    asked = ("from", "to", "days", "period")
    if not any(request.args.get(name) for name in asked):
        return last_days(WEEK_DAYS)
    return read_period(LONGEST, N_("At most a year at once."))
