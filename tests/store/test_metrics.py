"""What posts earn, on both databases."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from publisher.core.measuring import AGES, Figures, Measure
from publisher.core.platforms import Realm
from publisher.core.states import AccountState, OperationState, PostState
from publisher.store.metrics import (
    Earning,
    Reading,
    end_measuring,
    list_earnings,
    list_item_metrics,
    list_to_measure,
    put_off_measuring,
    record_figures,
    skip_missed,
)
from publisher.store.models import AudienceCount, Channel, Post, PostMetric
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_desk, add_item, add_operation, add_post

DAY, WEEK = timedelta(days=1), timedelta(days=7)
TEN_MINUTES, HOUR, _SIX, FULL_DAY, SEVEN_DAYS = AGES


def channel(session: Session, title: str = "Канал") -> Channel:
    return add_channel(session, add_account(session), add_desk(session), title=title)


def post(
    session: Session, where: Channel, at: datetime = NOW, title: str = "Новость", **values: object
) -> Post:
    desk = add_desk(session)
    _, version = add_item(session, desk, where, title=title)
    operation = add_operation(session, version, where, state=OperationState.SENT)
    made = add_post(session, operation)
    made.published_at = at
    for name, value in values.items():
        setattr(made, name, value)
    session.flush()
    return made


def measured(session: Session, of: Post, age: timedelta, views: int) -> None:
    reading = Reading(
        post_id=of.id, age=age, figures=Figures(views=views, forwards=views // 10), next_at=None,
        taken_at=of.published_at + age,
    )  # fmt: skip
    record_figures(session, [reading])


def counted(session: Session, where: Channel, at: datetime, value: int) -> None:
    session.add(AudienceCount(channel_id=where.id, taken_at=int(at.timestamp()), value=value, source=1))
    session.flush()


def earnings(session: Session, **values: object) -> Sequence[Earning]:
    period = {"since": NOW - WEEK, "until": NOW + DAY, "realm": Realm.SANDBOX, "now": NOW + 2 * DAY}
    return list_earnings(session, **{**period, **values})  # type: ignore[arg-type]  # one dict of all kinds


def test_a_post_is_measured_when_its_time_has_come_and_by_its_account(store: Store) -> None:
    with store.begin() as session:
        where, other = channel(session), channel(session)
        due = post(session, where, next_measure_at=NOW)
        post(session, where, next_measure_at=NOW + HOUR)
        post(session, other, next_measure_at=NOW)
        found = list_to_measure(session, [where.account_id], NOW, 10)
    assert [one.id for one in found] == [due.id]


def test_nothing_is_measured_while_the_account_is_down_nor_where_nothing_stands(store: Store) -> None:
    with store.begin() as session:
        down, ok = channel(session), channel(session)
        down.account.state = AccountState.DOWN
        post(session, down, next_measure_at=NOW)
        post(session, ok, next_measure_at=NOW, state=PostState.WITHDRAWN)
        assert not list_to_measure(session, [down.account_id, ok.account_id], NOW, 10)


def test_a_second_reading_of_an_age_changes_nothing(store: Store) -> None:
    with store.begin() as session:
        made = post(session, channel(session))
        measured(session, made, HOUR, 100)
        measured(session, made, HOUR, 900)
        assert session.scalars(select(PostMetric.views)).all() == [100]


def test_what_was_put_off_comes_later_and_what_is_gone_not_at_all(store: Store) -> None:
    with store.begin() as session:
        where = channel(session)
        late, gone = post(session, where, next_measure_at=NOW), post(session, where, next_measure_at=NOW)
        put_off_measuring(session, [late.id], NOW + HOUR)
        end_measuring(session, [gone.id], NOW)
        session.expire_all()
        assert late.next_measure_at == NOW + HOUR
        assert (gone.next_measure_at, gone.next_check_at) == (None, NOW)
        assert not list_to_measure(session, [where.account_id], NOW, 10)


def test_older_posts_are_brought_to_their_next_age_and_nothing_is_made_up(store: Store) -> None:
    with store.begin() as session:
        where = channel(session)
        ages = {
            "year": 365 * DAY,
            "two days": 2 * DAY,
            "hour": timedelta(minutes=62),
            "half": timedelta(minutes=30),
        }
        # As the migration left them.
        made = {
            name: post(session, where, NOW - age, next_measure_at=NOW - age) for name, age in ages.items()
        }
        assert skip_missed(session, NOW) == 3
        session.expire_all()
        assert made["year"].next_measure_at is None
        assert made["two days"].next_measure_at == NOW - 2 * DAY + SEVEN_DAYS
        assert made["half"].next_measure_at == NOW - timedelta(minutes=30) + HOUR
        assert [one.id for one in list_to_measure(session, [where.account_id], NOW, 10)] == [made["hour"].id]
        assert not session.scalars(select(PostMetric)).all()


def test_an_item_has_its_figures_by_channel_and_age(store: Store) -> None:
    with store.begin() as session:
        where = channel(session, title="Город")
        made = post(session, where)
        counted(session, where, NOW - HOUR, 2_000)
        measured(session, made, HOUR, 100)
        measured(session, made, FULL_DAY, 500)
        (shown,) = list_item_metrics(session, made.item_id)
    assert (shown.channel_title, shown.subscribers) == ("Город", 2_000)
    assert {age: figures.views for age, figures in shown.by_age.items()} == {HOUR: 100, FULL_DAY: 500}


def test_a_period_has_its_posts_with_what_they_earned_per_thousand(store: Store) -> None:
    with store.begin() as session:
        where = channel(session)
        made = post(session, where, NOW - DAY, "Новый парк")
        post(session, where, NOW - 8 * DAY)
        counted(session, where, NOW - DAY - HOUR, 2_000)
        counted(session, where, NOW - timedelta(minutes=5), 2_030)
        measured(session, made, HOUR, 100)
        measured(session, made, FULL_DAY, 500)
        (found,) = earnings(session)
    assert (found.title, found.age, found.figures.views) == ("Новый парк", FULL_DAY, 500)
    assert (found.subscribers, found.gain) == (2_000, 30)
    assert found.per_thousand(Measure.VIEWS) == 250.0


def test_the_newest_known_age_is_named_when_the_one_asked_for_is_not_reached(store: Store) -> None:
    with store.begin() as session:
        made = post(session, channel(session))
        measured(session, made, HOUR, 100)
        (found,) = earnings(session)
        (younger,) = earnings(session, age=TEN_MINUTES)
    assert (found.age, found.figures.views) == (HOUR, 100)
    assert (younger.age, younger.figures.views) == (None, None)


def test_what_was_not_counted_near_the_publication_stays_unknown(store: Store) -> None:
    with store.begin() as session:
        where = channel(session)
        made = post(session, where)
        counted(session, where, NOW - 2 * DAY, 2_000)
        counted(session, where, NOW + 2 * DAY, 3_000)
        measured(session, made, HOUR, 100)
        (found,) = earnings(session)
    assert (found.subscribers, found.gain, found.per_thousand(Measure.VIEWS)) == (None, None, None)


def test_a_gain_is_not_known_before_the_day_is_over(store: Store) -> None:
    with store.begin() as session:
        where = channel(session)
        post(session, where)
        counted(session, where, NOW - HOUR, 2_000)
        counted(session, where, NOW + HOUR, 2_010)
        (found,) = earnings(session, now=NOW + 2 * HOUR)
    assert found.gain is None


def test_a_period_is_narrowed_by_realm_desk_and_channel(store: Store) -> None:
    with store.begin() as session:
        here, there = channel(session), channel(session)
        real = add_channel(session, add_account(session, realm=Realm.REAL))
        for where in (here, there, real):
            post(session, where)
        assert {one.channel_id for one in earnings(session)} == {here.id, there.id}
        assert {one.channel_id for one in earnings(session, realm=Realm.REAL)} == {real.id}
        assert {one.channel_id for one in earnings(session, desk_id=here.desk_id)} == {here.id}
        assert {one.channel_id for one in earnings(session, channel_id=there.id)} == {there.id}


def test_withdrawn_posts_are_not_among_what_worked(store: Store) -> None:
    with store.begin() as session:
        post(session, channel(session), state=PostState.WITHDRAWN)
        assert not earnings(session)


def test_a_week_is_found_by_the_index_however_many_years_lie_around(sqlite_store: Store) -> None:
    statements: list[str] = []
    with sqlite_store.begin() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, *_: statements.append(sql))
        earnings(session)
        query = next(sql for sql in statements if "strftime" in sql)
        bound = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("x",) * query.count("?"))
        plan = " ".join(str(row[3]) for row in bound)
    assert "ix_post_channel_id_published_at (channel_id=? AND published_at>? AND published_at<?)" in plan
    assert "SCAN post" not in plan
