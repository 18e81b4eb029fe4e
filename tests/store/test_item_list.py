"""The list of items: pages that follow one another, filters, and how far a page looks."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from publisher.core.states import ItemStatus, OperationKind, OperationState, Priority
from publisher.store.item_list import WINDOW, Cursor, ItemFilter, Order, Page, count_up_to, list_page
from publisher.store.models import Desk, Item, Version
from publisher.store.progress import Progress
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_desk, add_item, add_operation, add_user


def add_many(session: Session, desk: Desk, count: int, title: str = "Новость", **values: object) -> None:
    """Items that changed a minute after one another, the first longest ago."""
    first = len(session.query(Item.id).all())
    numbers = range(first, first + count)
    rows = [
        {
            "slug": f"many-{n}", "desk_id": desk.id, "head": 1, "status": ItemStatus.PUBLISHED,
            "priority": Priority.NORMAL, "created_at": NOW, "updated_at": NOW + timedelta(minutes=n),
            "demo": False, **values,
        }
        for n in numbers
    ]  # fmt: skip
    ids = session.scalars(insert(Item).returning(Item.id, sort_by_parameter_order=True), rows).all()
    session.execute(
        insert(Version),
        [
            {
                "item_id": item_id, "number": 1, "title": title, "body": "", "tags": [], "source": "",
                "layout": "caption", "link_preview": True, "silent": False, "hash": uuid.uuid4().hex,
                "created_at": NOW,
            }
            for item_id in ids
        ],
    )  # fmt: skip


def walk(session: Session, chosen: ItemFilter, order: Order, limit: int) -> list[int]:
    """The ids of all pages, one page after the other."""
    ids: list[int] = []
    after: Cursor | None = None
    while True:
        page = list_page(session, chosen, order, limit=limit, after=after)
        ids += [row.item.id for row in page.rows]
        after = page.after
        if after is None:
            return ids


def ids_of(page: Page) -> Sequence[int]:
    """The items of a page."""
    return [row.item.id for row in page.rows]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize(
    "chosen",
    [
        ItemFilter(),
        ItemFilter(statuses=frozenset({ItemStatus.PUBLISHED, ItemStatus.CORRECTED})),
        ItemFilter(statuses=frozenset({ItemStatus.DRAFT, ItemStatus.KILLED})),
    ],
    ids=["all", "common", "rare"],
)
def test_pages_show_every_item_once_when_many_changed_at_the_same_moment(
    store: Store, chosen: ItemFilter, order: Order
) -> None:
    statuses = (ItemStatus.PUBLISHED, ItemStatus.CORRECTED, ItemStatus.DRAFT, ItemStatus.KILLED)
    with store.begin() as session:
        desk = add_desk(session)
        for number in range(24):
            item, _ = add_item(session, desk)
            item.status = statuses[number % 4]
            # Six moments, each of four items.
            item.updated_at = item.due = NOW + timedelta(hours=number // 4)
    with store.reading() as session:
        wanted = chosen.statuses or set(statuses)
        items = session.query(Item).all()
        expected = sorted(
            (item for item in items if item.status in wanted),
            key=lambda item: (item.updated_at, item.id),
            reverse=order is not Order.SOONEST,
        )
        assert walk(session, chosen, order, 5) == [item.id for item in expected]


def test_the_page_before_is_the_one_we_came_from(store: Store) -> None:
    with store.begin() as session:
        add_many(session, add_desk(session), 12)
    with store.reading() as session:
        first = list_page(session, ItemFilter(), Order.CHANGED, limit=5)
        second = list_page(session, ItemFilter(), Order.CHANGED, limit=5, after=first.after)
        back = list_page(session, ItemFilter(), Order.CHANGED, limit=5, before=second.before)
    assert ids_of(back) == ids_of(first)
    assert back.before is None
    assert back.after == first.after


def test_desk_and_status_narrow_together(store: Store) -> None:
    with store.begin() as session:
        press, roads = add_desk(session), add_desk(session, title="Дороги")
        for desk in (press, roads):
            add_many(session, desk, 3)
            add_many(session, desk, 2, status=ItemStatus.DRAFT)
    with store.reading() as session:
        for statuses, count in (({ItemStatus.PUBLISHED}, 3), ({ItemStatus.DRAFT}, 2), (set(), 5)):
            chosen = ItemFilter(statuses=frozenset(statuses), desk_ids=frozenset({roads.id}))
            page = list_page(session, chosen, Order.CHANGED, limit=50)
            assert {row.item.desk.title for row in page.rows} == {"Дороги"}
            assert len(page.rows) == count == count_up_to(session, chosen, Order.CHANGED, 50)


@pytest.mark.parametrize("words", [("МОСТ",), ("елки", "мост"), ("100%",)])
def test_words_are_found_in_any_order_and_size(store: Store, words: tuple[str, ...]) -> None:
    with store.begin() as session:
        desk = add_desk(session)
        wanted, _ = add_item(session, desk, title="Мост и ёлки: готово на 100%")
        add_item(session, desk, title="Парк: готово на 1000 из 2000")
    with store.reading() as session:
        page = list_page(session, ItemFilter(words=words), Order.CHANGED, limit=50)
    assert ids_of(page) == [wanted.id]


def test_channel_author_and_period_narrow_the_list(store: Store) -> None:
    with store.begin() as session:
        desk = add_desk(session)
        channel = add_channel(session, add_account(session), desk)
        author = add_user(session)
        in_channel, _ = add_item(session, desk, channel)
        written, _ = add_item(session, desk)
        written.created_by_id = author.id
        late, _ = add_item(session, desk)
        late.updated_at = NOW + timedelta(days=1)
    cases = [
        (ItemFilter(channel_id=channel.id), in_channel),
        (ItemFilter(author_id=author.id), written),
        (ItemFilter(since=NOW + timedelta(hours=1)), late),
        (ItemFilter(since=NOW, until=NOW + timedelta(hours=1), author_id=author.id), written),
    ]
    with store.reading() as session:
        for chosen, wanted in cases:
            assert ids_of(list_page(session, chosen, Order.CHANGED, limit=50)) == [wanted.id]


def test_a_page_says_how_far_it_looked_and_the_next_one_goes_on_from_there(store: Store) -> None:
    with store.begin() as session:
        desk = add_desk(session)
        add_many(session, desk, 1, title="Жирафы")
        add_many(session, desk, WINDOW + 1)
    chosen = ItemFilter(words=("жирафы",))
    with store.reading() as session:
        near = list_page(session, chosen, Order.CHANGED, limit=50)
        assert near.rows == []
        assert near.looked_to == NOW + timedelta(minutes=2)
        far = list_page(session, chosen, Order.CHANGED, limit=50, after=near.after)
    assert [row.title for row in far.rows] == ["Жирафы"]
    assert far.looked_to is None


def test_counts_end_at_their_limit_and_say_nothing_when_they_would_be_slow(store: Store) -> None:
    with store.begin() as session:
        press, roads = add_desk(session), add_desk(session)
        add_many(session, press, 8)
        add_many(session, press, 2, status=ItemStatus.KILLED)
        add_many(session, roads, 1, status=ItemStatus.KILLED)
    out, killed = frozenset({ItemStatus.PUBLISHED}), frozenset({ItemStatus.KILLED})
    with store.reading() as session:
        assert count_up_to(session, ItemFilter(statuses=out), Order.CHANGED, 5) == 6
        of_press = ItemFilter(statuses=killed, desk_ids=frozenset({press.id}))
        assert count_up_to(session, of_press, Order.CHANGED, 5) == 2
        assert count_up_to(session, of_press, Order.CHANGED, 2) is None


def test_progress_forgets_a_failure_that_was_tried_anew(store: Store) -> None:
    with store.begin() as session:
        desk = add_desk(session)
        account = add_account(session)
        one, two = (add_channel(session, account, desk) for _ in range(2))
        _, version = add_item(session, desk, one, two)
        publish = OperationKind.PUBLISH
        add_operation(session, version, one, publish, OperationState.FAILED)
        add_operation(session, version, one, publish, OperationState.SENT)
        add_operation(session, version, two, publish, OperationState.HELD)
    with store.reading() as session:
        (row,) = list_page(session, ItemFilter(), Order.CHANGED, limit=50).rows
    assert row.progress == Progress(sent=1, channels=2, stuck=1)
