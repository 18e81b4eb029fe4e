"""What the address of «Рост» asks for: whose growth, over which period, measured and divided how."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from flask import request
from sqlalchemy.orm import Session

from publisher.core.messages import N_
from publisher.core.platforms import Network, Realm
from publisher.core.series import Period
from publisher.errors import RuleError
from publisher.store.channels import list_desks, list_realms_in_use
from publisher.tracking.growth import Growth, Question
from publisher.web.periods import args_of, last_days, read_period
from publisher.web.row_ids import row_id

# Ten years and a little, so that ten whole ones can be compared with the day before them.
LONGEST = 3_700


class Measure(StrEnum):
    """What a line shows at a point."""

    ABSOLUTE = "absolute"
    NET = "net"
    STEP = "step"


class Division(StrEnum):
    """Which lines stand beside the total."""

    TOTAL = "total"
    DESK = "desk"
    NETWORK = "network"
    CHANNEL = "channel"


Member = TypeVar("Member", Measure, Division)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The whole choice; its address shows the same view on any later day."""

    question: Question
    measure: Measure = Measure.ABSOLUTE
    division: Division = Division.TOTAL

    def args(self) -> dict[str, Any]:
        """The choice as an address has it; what is usual is left out."""
        question = self.question
        args: dict[str, Any] = {"realm": question.realm.value, **args_of(question.period)}
        if question.desk_id is not None:
            args["desk"] = str(question.desk_id)
        if question.network is not None:
            args["network"] = question.network.value
        if question.channel_ids:
            args["channel"] = [str(channel_id) for channel_id in question.channel_ids]
        if self.measure is not Measure.ABSOLUTE:
            args["measure"] = self.measure.value
        if self.division is not Division.TOTAL:
            args["by"] = self.division.value
        return args

    def over(self, period: Period) -> "Choice":
        """The same over another period."""
        return replace(self, question=replace(self.question, period=period))

    def of(self, channel_ids: Collection[int]) -> "Choice":
        """The same of these channels."""
        return replace(self, question=replace(self.question, channel_ids=tuple(channel_ids)))

    def measured(self, measure: Measure) -> "Choice":
        """The same in another measure."""
        return replace(self, measure=measure)

    def divided(self, division: Division) -> "Choice":
        """The same with other lines."""
        return replace(self, division=division)


def read_choice(session: Session) -> Choice:
    """What the address asks for. Raises RuleError for a period, a desk or a network that cannot be."""
    return Choice(
        question=Question(
            realm=_realm(session), period=read_period(LONGEST, N_("At most ten years at once.")),
            desk_id=_desk(session), network=_network(), channel_ids=_channels(),
        ),
        measure=_one_of(Measure, request.args.get("measure", ""), Measure.ABSOLUTE),
        division=_one_of(Division, request.args.get("by", ""), Division.TOTAL),
    )  # fmt: skip


def usual_choice(session: Session) -> Choice:
    """All channels over the last 30 days: what stands behind an address that cannot be shown."""
    return Choice(question=Question(realm=_realm(session), period=last_days()))


def check_channels(growth: Growth) -> None:
    """Raise RuleError for a channel in the address that this desk, network and realm do not have."""
    known = {channel.id for channel in growth.channels}
    if any(channel_id not in known for channel_id in growth.question.channel_ids):
        raise RuleError("channel", N_("One of the channels is not there in this choice: choose again."))


def _realm(session: Session) -> Realm:
    realms = list_realms_in_use(session) or [Realm.REAL]
    return next((realm for realm in realms if realm.value == request.args.get("realm")), realms[0])


def _desk(session: Session) -> int | None:
    if not request.args.get("desk"):
        return None
    desk_id = request.args.get("desk", type=row_id)
    if desk_id not in {desk.id for desk in list_desks(session)}:
        raise RuleError("desk", N_("There is no such desk."))
    return desk_id


def _network() -> Network | None:
    name = request.args.get("network", "")
    if name and name not in set(Network):
        raise RuleError("network", N_("There is no such network."))
    return Network(name) if name else None


def _channels() -> tuple[int, ...]:
    asked = [text for text in request.args.getlist("channel") if text]
    try:
        return tuple(dict.fromkeys(row_id(text) for text in asked))
    except ValueError as error:
        message = N_("One of the channels is not there in this choice: choose again.")
        raise RuleError("channel", message) from error


def _one_of(kind: type[Member], name: str, usual: Member) -> Member:
    return next((member for member in kind if member.value == name), usual)
