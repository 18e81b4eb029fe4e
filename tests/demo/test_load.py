"""What the demo city shows: its channels, its week, and the one item that is the real input."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from publisher.core.body import parse, to_plain
from publisher.core.editions import MediaKind, edition_from_json
from publisher.core.measuring import AGES
from publisher.core.platforms import PLATFORMS, Network, Realm
from publisher.core.richtext import length_utf16
from publisher.core.states import ChannelState, CountSource, ItemStatus, OperationState, PostState, Role
from publisher.demo.audience import jump_begins
from publisher.demo.city import PLACES
from publisher.store.channels import list_channels
from publisher.store.items import find_item_by_slug, get_version
from publisher.store.models import AudienceCount, Channel, Item, Operation, Post, PostMetric, User
from publisher.store.outbox import list_operations
from tests.demo.city import DemoCity
from tests.sandbox_process import running_sandbox

TELEGRAM = PLATFORMS[Network.TELEGRAM]
CITY_ZONE = ZoneInfo("Europe/Moscow")


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


def test_what_went_out_is_dated_within_the_year_and_before_now(city: DemoCity) -> None:
    with city.store.reading() as session:
        newest, oldest = session.execute(
            select(func.max(Post.published_at), func.min(Post.published_at))
        ).one()
    assert datetime.now(UTC) - timedelta(days=366) < oldest < datetime.now(UTC) - timedelta(days=350)
    assert datetime.now(UTC) - timedelta(days=2) < newest <= datetime.now(UTC)


def test_each_jump_of_a_channel_follows_a_post_by_at_most_three_hours(city: DemoCity) -> None:
    posts = select(Channel.handle, Post.published_at).join(Channel, Channel.id == Post.channel_id)
    with city.store.reading() as session:
        dated = session.execute(posts).all()
    jumps = [(p.handle, jump_begins(ago, CITY_ZONE, datetime.now(UTC))) for p in PLACES for ago, _ in p.jumps]
    assert len(jumps) == 13
    for handle, begins in jumps:
        before = [begins - at for where, at in dated if where == handle and at <= begins]
        assert min(before) <= timedelta(hours=3), (handle, begins)


def test_no_channel_has_a_post_from_before_it_was_opened(city: DemoCity) -> None:
    query = select(Channel.opened_on, func.min(Post.published_at)).join(Post).group_by(Channel.id)
    with city.store.reading() as session:
        for opened_on, first in session.execute(query):
            assert opened_on is not None
            assert opened_on <= first.astimezone(CITY_ZONE).date()


def test_every_wall_shows_its_posts_with_the_dates_of_the_rows(city: DemoCity) -> None:
    query = select(Channel.handle, Post.external_ids, Post.published_at).join(Post)
    with city.store.reading() as session:
        rows = session.execute(query.where(Post.state == PostState.LIVE)).all()
    with running_sandbox(city.data / "sandbox") as sandbox:
        walls = sandbox.all_posts()
    shown = {(handle, post["id"]): post["date"] for handle, posts in walls.items() for post in posts}
    told = {(handle, number): at for handle, numbers, at in rows for number in numbers}
    assert shown.keys() == told.keys()
    assert max(abs(shown[place] - at.timestamp()) for place, at in told.items()) < 60


def test_every_post_that_stands_was_measured_at_every_age_it_has_passed(city: DemoCity) -> None:
    now = datetime.now(UTC)
    with city.store.reading() as session:
        posts = session.scalars(select(Post).where(Post.state == PostState.LIVE)).all()
        metrics = session.scalars(select(PostMetric).order_by(PostMetric.age)).all()
    told: dict[int, list[PostMetric]] = {}
    for metric in metrics:
        told.setdefault(metric.post_id, []).append(metric)
    for post in posts:
        own = told[post.id]
        past = [age for age in AGES if post.published_at + age < now - timedelta(minutes=5)]
        assert [timedelta(seconds=metric.age) for metric in own][: len(past)] == past
        views = [metric.views or 0 for metric in own]
        assert views == sorted(views)
        assert post.next_measure_at is None or post.next_measure_at > now - timedelta(minutes=5)


def test_no_wall_shows_less_than_was_told_of_its_posts(city: DemoCity) -> None:
    query = select(Channel.handle, Post.external_ids, PostMetric).join(Post, Post.channel_id == Channel.id)
    with city.store.reading() as session:
        rows = session.execute(query.join(PostMetric, PostMetric.post_id == Post.id)).all()
    with running_sandbox(city.data / "sandbox") as sandbox:
        walls = sandbox.all_posts()
    shown = {(handle, post["id"]): post for handle, posts in walls.items() for post in posts}
    for handle, numbers, told in rows:
        parts = [shown[handle, number] for number in numbers]
        assert told.views <= max(part["views"] for part in parts)
        assert told.forwards <= max(part["forwards"] for part in parts)
        assert told.reactions <= sum(sum(part["reactions"].values()) for part in parts)


def test_a_strong_post_was_seen_far_more_than_usual(city: DemoCity) -> None:
    with running_sandbox(city.data / "sandbox") as sandbox:
        walls = sandbox.all_posts()
    seen = [p["views"] for p in walls["demo_bezopasnost"] if p["text"].startswith("Сильный ливень")]
    assert len(seen) == 1
    assert seen[0] > 5_600 / 3


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
