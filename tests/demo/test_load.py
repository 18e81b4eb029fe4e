"""What the demo city shows: its channels, its week, and the one item that is the real input."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from publisher.core.body import parse, to_plain
from publisher.core.editions import MediaKind, edition_from_json
from publisher.core.platforms import PLATFORMS, Network, Realm
from publisher.core.richtext import length_utf16
from publisher.core.states import ChannelState, CountSource, ItemStatus, OperationState, Role
from publisher.store.channels import list_channels
from publisher.store.items import find_item_by_slug, get_version
from publisher.store.models import AudienceCount, Item, Operation, Post, User
from publisher.store.outbox import list_operations
from tests.demo.city import DemoCity
from tests.sandbox_process import running_sandbox

TELEGRAM = PLATFORMS[Network.TELEGRAM]


def test_27_channels_work_on_desks_with_the_day_they_were_opened(city: DemoCity) -> None:
    with city.store.reading() as session:
        channels = list_channels(session)
        assert len(channels) == 27
        assert all(channel.desk and channel.opened_on and channel.demo for channel in channels)
        assert {channel.state for channel in channels} == {ChannelState.OK}
        assert {channel.account.realm for channel in channels} == {Realm.SANDBOX}


def test_every_channel_has_its_history_marked_as_demo(city: DemoCity) -> None:
    query = select(AudienceCount.channel_id, func.min(AudienceCount.taken_at), func.count()).group_by(
        AudienceCount.channel_id
    )
    with city.store.reading() as session:
        rows = session.execute(query).all()
        assert set(session.scalars(select(AudienceCount.source).distinct())) == {CountSource.DEMO}
    assert len(rows) == 27
    year_ago = (datetime.now(UTC) - timedelta(days=364)).timestamp()
    assert sum(first < year_ago for _, first, _ in rows) == 18
    assert all(count > 1_000 for _, _, count in rows)


def test_the_week_has_items_in_every_status(city: DemoCity) -> None:
    with city.store.reading() as session:
        assert set(session.scalars(select(Item.status))) == set(ItemStatus)


def test_something_needs_a_person_and_something_goes_out_tomorrow(city: DemoCity) -> None:
    with city.store.reading() as session:
        states = set(session.scalars(select(Operation.state)))
    assert {OperationState.SENT, OperationState.FAILED, OperationState.HELD, OperationState.PLANNED} <= states


def test_what_went_out_within_the_week_is_dated_then(city: DemoCity) -> None:
    with city.store.reading() as session:
        newest, oldest = session.execute(
            select(func.max(Post.published_at), func.min(Post.published_at))
        ).one()
    assert datetime.now(UTC) - timedelta(days=8) < oldest < newest <= datetime.now(UTC)


def test_somebody_has_every_role_and_no_address_that_mail_could_reach(city: DemoCity) -> None:
    with city.store.reading() as session:
        people = session.scalars(select(User)).all()
        assert {person.role for person in people} == set(Role)
        assert all(person.email.endswith("@example.org") for person in people)


def test_the_results_of_the_year_meet_the_caption_rule(city: DemoCity) -> None:
    with city.store.reading() as session:
        item = find_item_by_slug(session, "itogi-2024")
        assert item is not None
        operations = list_operations(session, item.id)
    assert len(operations) == 27
    for operation, post in operations:
        assert post is not None
        picture, text = edition_from_json(operation.edition or {}).messages
        assert [ref.kind for ref in picture.media] == [MediaKind.PHOTO]
        assert TELEGRAM.caption_limit < length_utf16(text.text.text) < TELEGRAM.text_limit
        assert len(post.external_ids) == 2


def test_the_results_of_the_year_have_quote_lists_links_and_every_figure(city: DemoCity) -> None:
    with city.store.reading() as session:
        item = find_item_by_slug(session, "itogi-2024")
        assert item is not None
        body = get_version(session, item).body
    for mark in ("<blockquote", "<ul>", "<ol>", "<a href="):
        assert mark in body
    plain = to_plain(parse(body)).replace("\u00a0", " ")
    for figure in (
        "71 тыс. 936", "26 тыс. 872", "24 тыс. 390", "20 тыс. 673", "71 тыс. 935", "более 200 тыс.",
        "50 тыс.", "27", "девять", "апреля 2021",
    ):  # fmt: skip
        assert figure in plain, figure
    assert 26_872 + 24_390 + 20_673 == 71_936 - 1


def test_loading_again_changes_nothing(city: DemoCity) -> None:
    before = city.rows()
    assert city.run("demo", "load") == "Демонстрационный город уже загружен.\n"
    assert city.rows() == before


def test_every_wall_shows_the_results_once(city: DemoCity) -> None:
    with running_sandbox(city.data / "sandbox") as sandbox:
        walls = sandbox.all_posts()
    title = "Муниципальный центр управления подвёл итоги 2024 года: 71 тыс. 936 обращений"
    shown = [sum(post["text"].startswith(title) for post in posts) for posts in walls.values()]
    assert shown == [1] * 27
