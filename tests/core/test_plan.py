"""What an editorial act means for each destination."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.core.editions import Edition, MediaKind, MediaRef, Message
from publisher.core.plan import (
    Add,
    Cancel,
    Existing,
    Replace,
    collapse,
    plan_correction,
    plan_kill,
    plan_publish,
)
from publisher.core.platforms import TELEGRAM
from publisher.core.richtext import RichText
from publisher.core.states import OperationKind, OperationState, PostState

NOW = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)
PICTURE = MediaRef(sha256="ab" * 32, kind=MediaKind.PHOTO, mime="image/jpeg", name="a.jpg", size=9)
TEXT = Edition(messages=(Message(text=RichText(text="Новый текст")),))
CAPTION = Edition(messages=(Message(text=RichText(text="Новый текст"), media=(PICTURE,)),))
ONE = {1: TELEGRAM}


def publish(
    state: OperationState,
    post: PostState | None = None,
    age: timedelta = timedelta(hours=1),
    shape: tuple[tuple[str, ...], ...] = TEXT.shape,
) -> Existing:
    """The publish of an item in channel 1, operation 10."""
    return Existing(
        id=10,
        channel_id=1,
        kind=OperationKind.PUBLISH,
        state=state,
        shape=shape,
        post_state=post,
        published_at=NOW - age if post else None,
    )


def follower(kind: OperationKind, state: OperationState, number: int = 11) -> Existing:
    """An edit or delete behind it."""
    return Existing(id=number, channel_id=1, kind=kind, state=state, shape=TEXT.shape, target_id=10)


STANDING = publish(OperationState.SENT, PostState.LIVE)


def test_publishes_only_where_the_item_is_not_yet() -> None:
    steps = plan_publish({1: TEXT, 2: TEXT}, [STANDING])
    assert steps == [Add(channel_id=2, kind=OperationKind.PUBLISH, edition=TEXT)]


@pytest.mark.parametrize("state", [OperationState.FAILED, OperationState.CANCELLED])
def test_publishes_again_where_the_first_try_ended_in_nothing(state: OperationState) -> None:
    assert plan_publish({1: TEXT}, [publish(state)])


def test_where_somebody_deleted_the_post_nothing_is_published_by_the_way() -> None:
    assert plan_publish({1: TEXT}, [publish(OperationState.SENT, PostState.MISSING)]) == []


def test_a_publish_that_failed_gives_way_to_its_repeat() -> None:
    assert plan_publish({1: TEXT}, [publish(OperationState.FAILED)]) == [
        Cancel(operation_id=10, channel_id=1),
        Add(channel_id=1, kind=OperationKind.PUBLISH, edition=TEXT),
    ]


@pytest.mark.parametrize(
    "state",
    [OperationState.PLANNED, OperationState.RETRYING, OperationState.HELD, OperationState.FAILED],
)
def test_a_correction_replaces_what_surely_has_not_gone_out(state: OperationState) -> None:
    steps, conflicts = plan_correction({1: CAPTION}, [publish(state)], ONE)
    assert steps == [Replace(operation_id=10, channel_id=1, edition=CAPTION)]
    assert not conflicts


@pytest.mark.parametrize(
    "state", [OperationState.SENDING, OperationState.CHECKING, OperationState.UNCONFIRMED]
)
def test_a_correction_waits_behind_an_unknown_outcome(state: OperationState) -> None:
    steps, _ = plan_correction({1: TEXT}, [publish(state)], ONE)
    assert steps == [Add(channel_id=1, kind=OperationKind.EDIT, edition=TEXT, target_id=10)]


def test_a_newer_edit_replaces_one_that_has_not_started() -> None:
    waiting = follower(OperationKind.EDIT, OperationState.PLANNED)
    steps, _ = plan_correction({1: TEXT}, [STANDING, waiting], ONE)
    assert steps == [
        Cancel(operation_id=11, channel_id=1),
        Add(channel_id=1, kind=OperationKind.EDIT, edition=TEXT, target_id=10),
    ]


def test_a_correction_leaves_a_withdrawn_post_alone() -> None:
    withdrawn = publish(OperationState.SENT, PostState.WITHDRAWN)
    being_withdrawn = follower(OperationKind.DELETE, OperationState.PLANNED)
    assert plan_correction({1: TEXT}, [withdrawn], ONE) == ([], [])
    assert plan_correction({1: TEXT}, [STANDING, being_withdrawn], ONE) == ([], [])


def test_a_changed_media_class_is_a_conflict_until_reissue_is_chosen() -> None:
    steps, conflicts = plan_correction({1: CAPTION}, [STANDING], ONE)
    assert not steps
    assert [conflict.channel_id for conflict in conflicts] == [1]
    steps, conflicts = plan_correction({1: CAPTION}, [STANDING], ONE, reissue=True)
    assert not conflicts
    assert steps == [
        Add(channel_id=1, kind=OperationKind.DELETE, edition=None, target_id=10),
        Add(channel_id=1, kind=OperationKind.PUBLISH, edition=CAPTION),
    ]


@pytest.mark.parametrize("state", [OperationState.PLANNED, OperationState.FAILED])
def test_a_newer_correction_takes_the_place_of_one_that_was_not_applied(state: OperationState) -> None:
    steps, _ = plan_correction({1: TEXT}, [STANDING, follower(OperationKind.EDIT, state)], ONE)
    assert steps[0] == Cancel(operation_id=11, channel_id=1)


def test_an_edit_behind_a_publish_that_waits_again_goes_with_the_old_text() -> None:
    waiting = [publish(OperationState.PLANNED), follower(OperationKind.EDIT, OperationState.PLANNED)]
    assert plan_correction({1: TEXT}, waiting, ONE)[0] == [
        Cancel(operation_id=11, channel_id=1),
        Replace(operation_id=10, channel_id=1, edition=TEXT),
    ]


@pytest.mark.parametrize(
    ("post", "edit", "planned"),
    [
        (PostState.LIVE, OperationState.SENT, False),
        (PostState.LIVE, OperationState.SENDING, False),
        (PostState.LIVE, OperationState.CANCELLED, True),
        (PostState.LIVE, OperationState.FAILED, True),
        (PostState.ALTERED, OperationState.SENT, True),
    ],
)
def test_a_version_that_is_there_or_on_its_way_is_not_sent_again(
    post: PostState, edit: OperationState, planned: bool
) -> None:
    old = replace(publish(OperationState.SENT, post), version_id=1)
    new = replace(follower(OperationKind.EDIT, edit), version_id=2)
    steps, _ = plan_correction({1: TEXT}, [old, new], ONE, version_id=2)
    assert bool(steps) is planned


def test_an_old_post_that_was_published_anew_is_not_corrected_any_more() -> None:
    undeleted = follower(OperationKind.DELETE, OperationState.FAILED)
    anew = replace(publish(OperationState.SENT, PostState.LIVE), id=12)
    steps, _ = plan_correction({1: TEXT}, [STANDING, undeleted, anew], ONE)
    assert [step.target_id for step in steps if isinstance(step, Add)] == [12]


def test_a_kill_reaches_the_old_and_the_new_post_of_a_channel() -> None:
    undeleted = follower(OperationKind.DELETE, OperationState.FAILED)
    anew = replace(publish(OperationState.SENT, PostState.LIVE), id=12)
    steps = plan_kill({10: TEXT, 12: CAPTION}, [STANDING, undeleted, anew], ONE, NOW)
    added = [(step.target_id, step.edition) for step in steps if isinstance(step, Add)]
    assert added == [(10, TEXT), (12, CAPTION)]


def test_a_kill_cancels_what_has_not_left_and_deletes_what_stands() -> None:
    assert plan_kill({10: TEXT}, [publish(OperationState.PLANNED)], ONE, NOW) == [
        Cancel(operation_id=10, channel_id=1)
    ]
    assert plan_kill({10: TEXT}, [STANDING], ONE, NOW) == [
        Add(channel_id=1, kind=OperationKind.DELETE, edition=TEXT, target_id=10)
    ]


def test_a_kill_waits_behind_an_unknown_outcome() -> None:
    steps = plan_kill({10: TEXT}, [publish(OperationState.CHECKING)], ONE, NOW)
    assert steps == [Add(channel_id=1, kind=OperationKind.DELETE, edition=TEXT, target_id=10)]


def test_a_kill_edits_a_post_too_old_to_delete_into_the_notice() -> None:
    old = publish(OperationState.SENT, PostState.LIVE, age=timedelta(hours=48))
    (step,) = plan_kill({10: TEXT}, [old], ONE, NOW)
    assert step == Add(channel_id=1, kind=OperationKind.EDIT, edition=TEXT, target_id=10)


def test_a_second_kill_plans_nothing() -> None:
    deleting = follower(OperationKind.DELETE, OperationState.SENDING)
    assert plan_kill({10: TEXT}, [STANDING, deleting], ONE, NOW) == []


def test_a_kill_plans_a_new_delete_after_one_that_failed() -> None:
    failed = follower(OperationKind.DELETE, OperationState.FAILED)
    assert plan_kill({10: TEXT}, [STANDING, failed], ONE, NOW) == [
        Cancel(operation_id=11, channel_id=1),
        Add(channel_id=1, kind=OperationKind.DELETE, edition=TEXT, target_id=10),
    ]


def test_a_publish_that_did_not_go_out_takes_over_the_last_edit_behind_it() -> None:
    edits = [follower(OperationKind.EDIT, OperationState.PLANNED, number) for number in (11, 12)]
    assert collapse(OperationState.FAILED, edits, 10) == ([11, 12], 12, False)
    assert collapse(OperationState.RETRYING, edits, 10) == ([11, 12], 12, False)


def test_a_publish_that_did_not_go_out_ends_when_a_delete_is_behind_it() -> None:
    delete = follower(OperationKind.DELETE, OperationState.PLANNED)
    assert collapse(OperationState.HELD, [delete], 10) == ([11], None, True)


def test_nothing_collapses_behind_an_unknown_outcome() -> None:
    edit = follower(OperationKind.EDIT, OperationState.PLANNED)
    assert collapse(OperationState.CHECKING, [edit], 10) == ([], None, False)
