"""Claiming and recording: what is taken, in which order, and what becomes of it."""

from datetime import timedelta

import pytest

from publisher.core.receipts import Transition
from publisher.core.states import (
    ChannelState,
    HoldReason,
    ItemStatus,
    OperationKind,
    OperationState,
    PostState,
    Priority,
)
from publisher.store.claims import (
    Claimed,
    Turn,
    claim,
    last_external_id,
    list_lanes,
    next_wake,
    put_back,
    recover,
)
from publisher.store.models import Attempt, Channel, Installation, Item, Operation, Post
from publisher.store.results import Result, record
from publisher.store.session import Store
from publisher.store.upkeep import release_lanes, settle_closed_lanes
from tests.builders import (
    NOW,
    add_account,
    add_channel,
    add_desk,
    add_item,
    add_operation,
    add_post,
)

WORKER = "w1"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Newsroom:
    """One account with two channels, and an item for each operation that a test asks for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.begin() as session:
            self.desk = add_desk(session)
            self.account = add_account(session)
            self.first = add_channel(session, self.account, self.desk)
            self.second = add_channel(session, self.account, self.desk)

    def plan(self, channel: Channel | None = None, **values: object) -> Operation:
        """A planned publish of a new item."""
        with self.store.begin() as session:
            _, version = add_item(session, self.desk, channel or self.first)
            return add_operation(session, version, channel or self.first, **values)  # type: ignore[arg-type]  # builder's own keywords

    def behind(self, operation: Operation, kind: OperationKind, **values: object) -> Operation:
        """An edit or delete of what the operation publishes."""
        with self.store.begin() as session:
            version = session.get_one(Operation, operation.id).version
            return add_operation(
                session,
                version,
                session.get_one(Channel, operation.channel_id),
                kind,
                target_id=operation.id,
                **values,  # type: ignore[arg-type]  # builder's own keywords
            )

    def claim(self, room: int = 99) -> Turn:
        """A turn of the dispatcher over both lanes."""
        left = [room]

        def admit(channel_id: int, cost: int, priority: Priority) -> bool:
            left[0] -= 1
            return left[0] >= 0

        with self.store.begin() as session:
            lanes = [lane.channel_id for lane in list_lanes(session, [self.account.id])]
            return claim(session, WORKER, lanes, admit, NOW)

    def claimed(self) -> list[int]:
        """The ids a turn takes."""
        return [operation.id for operation in self.claim().claimed]

    def record(
        self, operation: Claimed, transition: Transition, worker: str = WORKER, **values: object
    ) -> None:
        """Write one result."""
        result = Result(
            operation=operation,
            transition=transition,
            started_at=NOW,
            finished_at=NOW,
            **{"outcome": "test", **values},  # type: ignore[arg-type]  # the result's own fields
        )
        with self.store.begin() as session:
            record(session, worker, [result], NOW)

    def get(self, operation: Operation) -> Operation:
        """The row as it is now."""
        with self.store.reading() as session:
            return session.get_one(Operation, operation.id)


@pytest.fixture
def newsroom(store: Store) -> Newsroom:
    """A newsroom on each database."""
    return Newsroom(store)


SENT = Transition(state=OperationState.SENT)


def test_takes_one_operation_per_lane_the_most_urgent_first(newsroom: Newsroom) -> None:
    newsroom.plan(due=NOW - MINUTE)
    late = newsroom.plan(due=NOW, priority=Priority.EMERGENCY)
    other = newsroom.plan(newsroom.second)
    assert newsroom.claimed() == [late.id, other.id]


def test_leaves_what_is_not_due_yet(newsroom: Newsroom) -> None:
    later = newsroom.plan(due=NOW + MINUTE)
    assert newsroom.claimed() == []
    with newsroom.store.reading() as session:
        assert next_wake(session, NOW) == later.due


def test_takes_no_more_than_there_is_room_for(newsroom: Newsroom) -> None:
    newsroom.plan()
    newsroom.plan(newsroom.second)
    assert len(newsroom.claim(room=1).claimed) == 1


def test_is_never_taken_twice(newsroom: Newsroom) -> None:
    operation = newsroom.plan()
    assert newsroom.claimed() == [operation.id]
    assert newsroom.claimed() == []
    row = newsroom.get(operation)
    assert (row.state, row.claimed_by, row.attempts) == (OperationState.SENDING, WORKER, 1)
    assert row.first_sent_at == NOW


def test_an_edit_waits_for_the_publish_before_it(newsroom: Newsroom) -> None:
    publish = newsroom.plan()
    (taken,) = newsroom.claim().claimed
    edit = newsroom.behind(publish, OperationKind.EDIT)
    assert newsroom.claimed() == []
    newsroom.record(taken, SENT, external_ids=(7,), permalink="https://t.me/a/7")
    (taken,) = newsroom.claim().claimed
    assert (taken.id, taken.external_ids) == (edit.id, (7,))
    assert taken.standing == publish.edition


def test_a_waiting_item_does_not_stop_another_in_the_same_lane(newsroom: Newsroom) -> None:
    stuck = newsroom.plan(state=OperationState.UNCONFIRMED)
    newsroom.behind(stuck, OperationKind.EDIT)
    other = newsroom.plan()
    assert newsroom.claimed() == [other.id]


def test_holds_what_is_stale_instead_of_sending_it(newsroom: Newsroom) -> None:
    stale = newsroom.plan(latest=NOW - MINUTE)
    turn = newsroom.claim()
    assert (turn.claimed, turn.set_aside) == ((), 1)
    row = newsroom.get(stale)
    assert (row.state, row.hold_reason) == (OperationState.HELD, HoldReason.STALE)


def test_nothing_is_taken_while_everything_is_paused(newsroom: Newsroom) -> None:
    newsroom.plan()
    with newsroom.store.begin() as session:
        session.get_one(Installation, 1).paused_at = NOW
    assert newsroom.claimed() == []


def test_a_sent_publish_leaves_a_post_and_publishes_the_item(newsroom: Newsroom) -> None:
    operation = newsroom.plan()
    (taken,) = newsroom.claim().claimed
    newsroom.record(taken, SENT, external_ids=(7, 8), permalink="https://t.me/a/7")
    with newsroom.store.reading() as session:
        post = session.query(Post).one()
        assert (post.external_ids, post.state) == ([7, 8], PostState.LIVE)
        assert session.get_one(Item, operation.item_id).status is ItemStatus.PUBLISHED
        assert session.query(Attempt).one().outcome == "test"
    assert newsroom.get(operation).state is OperationState.SENT


def test_a_delete_withdraws_the_post(newsroom: Newsroom) -> None:
    publish = newsroom.plan(state=OperationState.SENT)
    with newsroom.store.begin() as session:
        post = add_post(session, publish, 5)
    newsroom.behind(publish, OperationKind.DELETE)
    (taken,) = newsroom.claim().claimed
    newsroom.record(taken, SENT)
    with newsroom.store.reading() as session:
        assert session.get_one(Post, post.id).state is PostState.WITHDRAWN


def test_a_late_answer_of_a_worker_that_lost_the_operation_changes_nothing_but_is_kept(
    newsroom: Newsroom,
) -> None:
    operation = newsroom.plan()
    (taken,) = newsroom.claim().claimed
    with newsroom.store.begin() as session:
        assert recover(session, [newsroom.account.id], "w2", NOW) == 1
    newsroom.record(taken, SENT, external_ids=(7,))
    assert newsroom.get(operation).state is OperationState.CHECKING
    with newsroom.store.reading() as session:
        assert session.query(Post).count() == 0
        assert session.query(Attempt).count() == 1


def test_what_a_dead_worker_had_in_hand_is_checked_with_its_first_moment_kept(newsroom: Newsroom) -> None:
    operation = newsroom.plan()
    newsroom.claim()
    with newsroom.store.begin() as session:
        recover(session, [newsroom.account.id], "w2", NOW)
        lanes = [lane.channel_id for lane in list_lanes(session, [newsroom.account.id])]
        (taken,) = claim(session, "w2", lanes, lambda *_: True, NOW + MINUTE).claimed
    assert taken.settling
    assert taken.first_sent_at == NOW
    assert newsroom.get(operation).state is OperationState.CHECKING


def test_a_publish_that_failed_takes_over_the_correction_behind_it(newsroom: Newsroom) -> None:
    publish = newsroom.plan()
    (taken,) = newsroom.claim().claimed
    edit = newsroom.behind(publish, OperationKind.EDIT, text="Исправлено")
    newsroom.record(taken, Transition(state=OperationState.FAILED, error={"code": "X"}))
    assert newsroom.get(publish).edition == edit.edition
    assert newsroom.get(edit).state is OperationState.CANCELLED


def test_a_publish_that_failed_ends_when_a_kill_is_behind_it(newsroom: Newsroom) -> None:
    publish = newsroom.plan()
    (taken,) = newsroom.claim().claimed
    delete = newsroom.behind(publish, OperationKind.DELETE)
    newsroom.record(taken, Transition(state=OperationState.RETRYING, wake_at=NOW))
    assert newsroom.get(publish).state is OperationState.CANCELLED
    assert newsroom.get(delete).state is OperationState.CANCELLED


def test_a_correction_that_came_while_the_publish_was_under_way_goes_out_in_its_place(
    newsroom: Newsroom,
) -> None:
    publish = newsroom.plan(state=OperationState.RETRYING)
    edit = newsroom.behind(publish, OperationKind.EDIT, text="Исправлено")
    turn = newsroom.claim()
    assert (turn.claimed, turn.set_aside) == ((), 1)
    (taken,) = newsroom.claim().claimed
    assert (taken.id, taken.edition) == (publish.id, edit.edition)
    assert newsroom.get(edit).state is OperationState.CANCELLED


def test_a_kill_that_came_while_the_publish_was_under_way_stops_it(newsroom: Newsroom) -> None:
    publish = newsroom.plan(state=OperationState.RETRYING)
    newsroom.behind(publish, OperationKind.DELETE)
    newsroom.claim()
    assert newsroom.claimed() == []
    assert newsroom.get(publish).state is OperationState.CANCELLED


def test_a_post_is_not_published_anew_beside_the_one_that_could_not_be_withdrawn(newsroom: Newsroom) -> None:
    publish = newsroom.plan(state=OperationState.SENT)
    with newsroom.store.begin() as session:
        add_post(session, publish, 5)
    newsroom.behind(publish, OperationKind.DELETE)
    with newsroom.store.begin() as session:
        version = session.get_one(Operation, publish.id).version
        anew = add_operation(session, version, newsroom.first)
    (taken,) = newsroom.claim().claimed
    newsroom.record(taken, Transition(state=OperationState.FAILED, error={"code": "X"}))
    row = newsroom.get(anew)
    assert row.state is OperationState.FAILED
    assert row.error is not None
    assert row.error["code"] == "OLD_POST_STANDS"


def test_a_late_answer_settles_what_became_of_the_operation(newsroom: Newsroom) -> None:
    newsroom.plan()
    (taken,) = newsroom.claim().claimed
    with newsroom.store.begin() as session:
        recover(session, [newsroom.account.id], "w2", NOW)
    newsroom.record(taken, SENT, external_ids=(7,), outcome="sent")
    (settling,) = newsroom.claim().claimed
    assert (settling.settling, settling.answered) == (True, (7,))


def test_the_rest_is_recorded_when_an_operation_was_removed_meanwhile(newsroom: Newsroom) -> None:
    removed, kept = newsroom.plan(), newsroom.plan(newsroom.second)
    taken = newsroom.claim().claimed
    with newsroom.store.begin() as session:
        session.delete(session.get_one(Operation, removed.id))
    results = [
        Result(
            operation=operation, transition=SENT, started_at=NOW, finished_at=NOW, outcome="sent",
            external_ids=(7,),
        )
        for operation in taken
    ]  # fmt: skip
    with newsroom.store.begin() as session:
        record(session, WORKER, results, NOW)
    assert newsroom.get(kept).state is OperationState.SENT


def test_what_was_claimed_and_never_begun_is_given_back(newsroom: Newsroom) -> None:
    lost, begun = newsroom.plan(), newsroom.plan(newsroom.second)
    newsroom.claim()
    with newsroom.store.begin() as session:
        assert put_back(session, WORKER, [begun.id], NOW) == 1
    row = newsroom.get(lost)
    assert (row.state, row.attempts, row.wake_at) == (OperationState.PLANNED, 0, NOW)
    assert newsroom.get(begun).state is OperationState.SENDING


def test_what_others_left_in_our_lanes_is_checked_whenever_it_shows_up(newsroom: Newsroom) -> None:
    operation = newsroom.plan(state=OperationState.SENDING, claimed_by="long dead")
    with newsroom.store.begin() as session:
        assert recover(session, [newsroom.account.id], WORKER, NOW) == 1
        assert recover(session, [newsroom.account.id], WORKER, NOW) == 0
    assert newsroom.get(operation).state is OperationState.CHECKING


def test_a_person_is_asked_when_a_closed_lane_keeps_an_outcome_unknown_for_hours(newsroom: Newsroom) -> None:
    old, young = NOW - 7 * HOUR, NOW - HOUR
    waiting = newsroom.plan(state=OperationState.CHECKING, first_sent_at=old)
    recent = newsroom.plan(state=OperationState.CHECKING, first_sent_at=young)
    settling = newsroom.plan(newsroom.second, state=OperationState.CHECKING, first_sent_at=old)
    with newsroom.store.begin() as session:
        session.get_one(Channel, newsroom.first.id).state = ChannelState.FORBIDDEN
        assert settle_closed_lanes(session, NOW) == 1
    row = newsroom.get(waiting)
    assert (row.state, row.wake_at) == (OperationState.UNCONFIRMED, None)
    assert row.error is not None
    assert newsroom.get(recent).state is newsroom.get(settling).state is OperationState.CHECKING


def test_a_retired_channel_gets_nothing_new_but_its_corrections_and_kills(newsroom: Newsroom) -> None:
    planned, standing = newsroom.plan(), newsroom.plan(state=OperationState.SENT)
    with newsroom.store.begin() as session:
        add_post(session, standing, 5)
        session.get_one(Channel, newsroom.first.id).retired_at = NOW
    delete = newsroom.behind(standing, OperationKind.DELETE)
    assert newsroom.claimed() == [delete.id]
    with newsroom.store.begin() as session:
        settle_closed_lanes(session, NOW)
    assert newsroom.get(planned).state is OperationState.CANCELLED


def test_a_read_back_starts_where_our_clocks_surely_agree(newsroom: Newsroom) -> None:
    first, second = newsroom.plan(state=OperationState.SENT), newsroom.plan(state=OperationState.SENT)
    with newsroom.store.begin() as session:
        add_post(session, first, 5).published_at = NOW - HOUR
        add_post(session, second, 9).published_at = NOW
        assert last_external_id(session, newsroom.first.id, NOW) == 5


def test_a_channel_without_rights_is_left_alone_until_it_is_in_order(newsroom: Newsroom) -> None:
    operation, next_one = newsroom.plan(), newsroom.plan()
    (taken,) = newsroom.claim().claimed
    held = Transition(state=OperationState.HELD, hold_reason=HoldReason.CHANNEL_DOWN, error={"code": "X"})
    newsroom.record(taken, held, channel_state=ChannelState.FORBIDDEN)
    assert newsroom.claimed() == []
    with newsroom.store.begin() as session:
        session.get_one(Channel, newsroom.first.id).state = ChannelState.OK
        assert release_lanes(session, HoldReason.CHANNEL_DOWN, [newsroom.first.id], NOW) == 1
    assert newsroom.claimed() in ([operation.id], [next_one.id])


def test_what_got_stale_while_a_channel_was_down_stays_held(newsroom: Newsroom) -> None:
    operation = newsroom.plan(
        state=OperationState.HELD, hold_reason=HoldReason.CHANNEL_DOWN, latest=NOW - MINUTE
    )
    with newsroom.store.begin() as session:
        assert release_lanes(session, HoldReason.CHANNEL_DOWN, [newsroom.first.id], NOW) == 0
    assert newsroom.get(operation).hold_reason is HoldReason.STALE
