"""What a correction or a withdrawal would do, channel by channel, gathered by effect for its preview."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import ngettext
from sqlalchemy.orm import Session

from publisher.actions.correct import Preview
from publisher.actions.editions import WORDS, ChannelEdition
from publisher.actions.kill import preview_kill
from publisher.core.editions import Finding, edition_to_json
from publisher.core.plan import Add, Existing, Replace, Step
from publisher.core.states import UNSETTLED_STATES, OperationKind, OperationState, PostState
from publisher.store.models import Channel
from publisher.store.outbox import Row, list_existing, list_rows
from publisher.web.context import language
from publisher.wording import translate

CANCELLED, ALTERED = OperationState.CANCELLED, PostState.ALTERED
# What stands in for the reason in a notice until one is written.
PLACE = "\ufffc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The channels that share an effect; `name` is one of those that the templates word."""

    name: str
    channels: Sequence[Channel]


CORRECTIONS = (
    "conflict",
    "reissue",
    "edit",
    "same",
    "settle",
    "replace",
    "replace_failed",
    "current",
    "gone",
)
WITHDRAWALS = ("delete", "notice", "settle", "cancel", "nothing")
WITHOUT_EFFECT = {"current", "gone", "nothing", "conflict"}


def correction_effects(preview: Preview, version_id: int, rows: Iterable[Row]) -> list[Effect]:
    """What correcting to this version does where; `rows` are the item's operations."""
    kept = _kept(preview, rows)
    channels = [edition.channel for edition in preview.editions]
    states = {op.id: op.state for op in preview.existing}
    names: dict[int, str] = {conflict.channel_id: "conflict" for conflict in preview.conflicts}
    for channel_id, steps in _by_channel(preview.steps).items():
        name = _correction(steps, states)
        names[channel_id] = "same" if name == "edit" and channel_id in kept else name
    for channel in channels:
        if channel.id not in names:
            names[channel.id] = _untouched(channel.id, preview.existing, version_id)
    return _gathered(CORRECTIONS, names, channels)


def _kept(preview: Preview, rows: Iterable[Row]) -> set[int]:
    """Channels in which readers would see no change: mostly those with a text of their own."""
    rows = list(rows)
    last = {row.operation.channel_id: row.operation for row in rows if row.operation.state is not CANCELLED}
    altered = {row.operation.channel_id for row in rows if row.post and row.post.state is ALTERED}
    return {
        channel_id
        for channel_id, edition in ((e.channel.id, edition_to_json(e.edition)) for e in preview.editions)
        if channel_id not in altered and channel_id in last and last[channel_id].edition == edition
    }


def _correction(steps: Sequence[Step], states: Mapping[int, OperationState]) -> str:
    if any(isinstance(step, Add) and step.kind is OperationKind.DELETE for step in steps):
        return "reissue"
    for step in steps:
        match step:
            case Replace(operation_id=operation_id):
                return "replace_failed" if states[operation_id] is OperationState.FAILED else "replace"
            case Add(target_id=target) if target is not None and states[target] in UNSETTLED_STATES:
                return "settle"
    return "edit"


def _untouched(channel_id: int, existing: Sequence[Existing], version_id: int) -> str:
    """Left alone because it has the version, or because nothing of ours stands there."""
    has_it = any(
        op.channel_id == channel_id
        and op.version_id == version_id
        and op.kind is not OperationKind.DELETE
        and op.state is not OperationState.CANCELLED
        for op in existing
    )
    return "current" if has_it else "gone"


def kill_effects(session: Session, item_id: int, steps: Sequence[Step]) -> list[Effect]:
    """What withdrawing does where."""
    channels = {row.operation.channel_id: row.operation.channel for row in list_rows(session, item_id)}
    states = {op.id: op.state for op in list_existing(session, item_id)}
    planned = _by_channel(steps)
    names = {
        channel_id: _withdrawal(planned[channel_id], states) if channel_id in planned else "nothing"
        for channel_id in channels
    }
    in_order = sorted(channels.values(), key=lambda channel: channel.title.casefold())
    return _gathered(WITHDRAWALS, names, in_order)


def _withdrawal(steps: Sequence[Step], states: Mapping[int, OperationState]) -> str:
    for step in steps:
        if isinstance(step, Add):
            if step.target_id is not None and states[step.target_id] in UNSETTLED_STATES:
                return "settle"
            return "delete" if step.kind is OperationKind.DELETE else "notice"
    return "cancel"


def notice_parts(session: Session, item_id: int, now: datetime) -> tuple[str, str] | None:
    """The text of the notice before and after the reason; None when nobody is to see one."""
    for step in preview_kill(session, item_id, PLACE, now):
        if isinstance(step, Add) and step.edition is not None:
            before, _, after = step.edition.messages[-1].text.text.partition(PLACE)
            return before, after
    return None


def touched(effects: Iterable[Effect]) -> int:
    """In how many channels something happens."""
    return sum(len(effect.channels) for effect in effects if effect.name not in WITHOUT_EFFECT)


def problems_of(editions: Iterable[ChannelEdition]) -> list[str]:
    """What keeps editions from standing, in the person's language; shared ones are said once."""
    shared: dict[Finding, list[Channel]] = {}
    for edition in editions:
        for finding in edition.findings:
            shared.setdefault(finding, []).append(edition.channel)
    return [_problem(finding, channels) for finding, channels in shared.items()]


def _problem(finding: Finding, channels: Sequence[Channel]) -> str:
    params = {"channel": channels[0].title, "length": finding.length, "limit": finding.limit}
    text = translate(WORDS[finding.problem][1], params, language())
    more = len(channels) - 1
    if not more:
        return text
    rest = ngettext("The same in %(num)s more channel.", "The same in %(num)s more channels.", more)
    return f"{text} {rest}"


def _by_channel(steps: Iterable[Step]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for step in steps:
        found.setdefault(step.channel_id, []).append(step)
    return found


def _gathered(order: Sequence[str], names: Mapping[int, str], channels: Sequence[Channel]) -> list[Effect]:
    effects = [
        Effect(name=name, channels=[channel for channel in channels if names[channel.id] == name])
        for name in order
    ]
    return [effect for effect in effects if effect.channels]
