"""Delivery as a state machine: any order of presses, turns, answers, crashes and hours leaves one post each.

The store, its rules and the sending are the real ones, on SQLite. Only the network is a model.
"""

import asyncio
import os
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine, delete, event
from sqlalchemy.pool import StaticPool

from publisher.actions.correct import correct_item
from publisher.actions.kill import kill_item
from publisher.actions.publish import publish_item
from publisher.actions.save import ItemForm, create_item, save_item
from publisher.config import Delivery
from publisher.core.permissions import COMMAND_LINE
from publisher.core.states import UNFINISHED_STATES, ItemStatus, OperationKind, OperationState
from publisher.delivery.sending import send
from publisher.store.claims import (
    Claimed,
    Lane,
    claim,
    last_external_id,
    list_lanes,
    put_back,
    recover,
)
from publisher.store.items import get_item
from publisher.store.models import Base, Installation, Operation
from publisher.store.results import Result, record
from publisher.store.session import Store
from tests.builders import NOW, add_account, add_channel, add_desk
from tests.delivery.network import Answer, Network

DELIVERY = Delivery()
# What ends an operation for good, or closes its lane, has its own tests (test_sending.py, test_faults.py).
ANSWERS = [answer for answer in Answer if answer not in {Answer.REFUSED, Answer.CHANNEL_GONE}]


def memory_store() -> Store:
    """The real tables on a SQLite in memory: a run has thousands of transactions."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    Base.metadata.create_all(engine)
    return Store(engine)


STORE = memory_store()


class Newsroom(RuleBasedStateMachine):
    """An office with two channels, and a worker that may die at any moment."""

    @initialize()
    def open(self) -> None:
        """An empty office."""
        self.network = Network()
        self.numbers = count(1)
        self.worker = "w1"
        self.in_hand: list[tuple[Claimed, Lane, Any]] = []
        self.results: list[Result] = []
        # Results of workers that lost their operations, still on their way to the database.
        self.late: list[tuple[str, list[Result]]] = []
        self.texts: dict[int, str] = {}
        self.killed: set[int] = set()
        with STORE.begin() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
            session.add(Installation(id=1, uid="x", fingerprint="x", created_at=NOW))
            self.desk = add_desk(session).id
            account = add_account(session)
            self.account = account.id
            self.channels = [add_channel(session, account).id for _ in range(2)]

    @property
    def now(self) -> datetime:
        """The one clock."""
        return self.network.now

    # What people do

    @rule()
    def publish(self) -> None:
        """A new item for both channels."""
        number = next(self.numbers)
        with STORE.begin() as session:
            item = create_item(session, COMMAND_LINE, self.form(f"Новость {number}", "Текст"), self.now)
            publish_item(session, COMMAND_LINE, item.id, DELIVERY, self.now)
            self.texts[item.id] = f"Новость {number}\n\nТекст"

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        """A new version of something."""
        item_id = data.draw(st.sampled_from(self.alive()))
        title, number = self.texts[item_id].split("\n\n")[0], next(self.numbers)
        with STORE.begin() as session:
            item = get_item(session, item_id)
            form = self.form(title, f"Исправление {number}", base=item.head)
            save_item(session, COMMAND_LINE, item_id, form, self.now)
            correct_item(session, COMMAND_LINE, item_id, DELIVERY, self.now)
        self.texts[item_id] = f"{title}\n\nИсправление {number}"

    @precondition(lambda self: self.alive())
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        """Withdraw something everywhere."""
        item_id = data.draw(st.sampled_from(self.alive()))
        with STORE.begin() as session:
            kill_item(session, COMMAND_LINE, item_id, "Ошибка", DELIVERY, self.now)
        self.killed.add(item_id)

    # What the worker does

    @rule()
    def turn(self) -> None:
        """Record what came in and claim what may leave."""
        busy = {lane.channel_id for _, lane, _ in self.in_hand}
        with STORE.begin() as session:
            record(session, self.worker, self.results, self.now)
            self.results = []
            lanes = {lane.channel_id: lane for lane in list_lanes(session, [self.account])}
            free = [channel for channel in lanes if channel not in busy]
            claimed = claim(session, self.worker, free, lambda *_: True, self.now).claimed
            for operation in claimed:
                after = last_external_id(session, operation.channel_id, operation.first_sent_at)
                self.in_hand.append((operation, lanes[operation.channel_id], after))

    @precondition(lambda self: self.in_hand)
    @rule(answer=st.sampled_from(ANSWERS))
    def send(self, answer: Answer) -> None:
        """One of what is in hand leaves; something comes back."""
        self.results.append(self.carry_out(answer))

    def carry_out(self, answer: Answer) -> Result:
        """What comes of the oldest operation in hand."""
        operation, lane, after = self.in_hand.pop(0)
        self.network.answer = answer
        return asyncio.run(send(operation, lane, self.network, after, lambda: self.now))

    @rule(answer=st.sampled_from(ANSWERS))
    def work(self, answer: Answer) -> None:
        """A good stretch: claim, send all of it, record what came back, all with the same answer."""
        self.turn()
        while self.in_hand:
            self.results.append(self.carry_out(answer))
        self.turn()

    # What goes wrong

    @rule()
    def crash(self) -> None:
        """The worker dies with all it had in hand and in memory; another one takes over."""
        self.in_hand, self.results = [], []
        self.take_over()

    @precondition(lambda self: self.in_hand or self.results)
    @rule(answer=st.sampled_from(ANSWERS))
    def lose_the_lease(self, answer: Answer) -> None:
        """The worker was only slow: its answers come when another one has taken over."""
        if self.in_hand:
            self.results.append(self.carry_out(answer))
        self.late.append((self.worker, self.results))
        self.in_hand, self.results = [], []
        self.take_over()

    def take_over(self) -> None:
        """Another worker finds what was in hand."""
        self.worker = f"w{next(self.numbers) + 1}"
        with STORE.begin() as session:
            recover(session, [self.account], self.worker, self.now)

    @precondition(lambda self: self.late)
    @rule()
    def late_answers_come(self) -> None:
        """What the slow worker knows is written down."""
        worker, results = self.late.pop(0)
        with STORE.begin() as session:
            record(session, worker, results, self.now)

    @precondition(lambda self: self.in_hand)
    @rule()
    def stop(self) -> None:
        """A clean stop: what was not begun is given back."""
        self.in_hand = []
        with STORE.begin() as session:
            record(session, self.worker, self.results, self.now)
            put_back(session, self.worker, [], self.now)
        self.results = []

    @rule(seconds=st.sampled_from([1, 70, 1900, 4000, 9000, 30000]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.network.now += timedelta(seconds=seconds)

    # What must always be so

    @invariant()
    def no_post_stands_twice(self) -> None:
        """At most one visible post of an item in a channel, ever."""
        for wall in self.network.walls.values():
            titles = [post.text.split("\n\n")[0] for post in wall]
            assert len(titles) == len(set(titles)), titles

    def teardown(self) -> None:
        """The network behaves and time passes: everything comes to an end, and the walls are right."""
        if not hasattr(self, "network"):
            return
        self.late_answers_all_come()
        for _ in range(200):
            self.turn()
            if not self.in_hand and not self.results and not self.is_anything_due():
                break
            while self.in_hand:
                self.results.append(self.carry_out(Answer.GOOD))
            self.wait(61)
        self.judge()

    def late_answers_all_come(self) -> None:
        """Nothing is on its way any more."""
        while self.late:
            self.late_answers_come()

    def is_anything_due(self) -> bool:
        """Whether delivery has anything left to do by itself."""
        with STORE.reading() as session:
            return session.query(Operation).filter(Operation.wake_at.is_not(None)).count() > 0

    def judge(self) -> None:
        """Every publish ended somewhere a person can see, and what was sent shows the last version."""
        with STORE.reading() as session:
            for operation in session.query(Operation).filter_by(kind=OperationKind.PUBLISH):
                followers = session.query(Operation).filter_by(target_id=operation.id).all()
                self.judge_publish(operation, [follower.state for follower in followers])

    def judge_publish(self, operation: Operation, followers: list[OperationState]) -> None:
        """A person's part (held, unconfirmed) may be left over; nothing else may."""
        assert operation.state not in UNFINISHED_STATES - {OperationState.HELD, OperationState.UNCONFIRMED}
        address = operation.channel.address or {}
        wall = self.network.walls.get(address["channel_id"], [])
        text = self.texts[operation.item_id]
        title = text.split("\n\n")[0]
        standing = [post.text for post in wall if post.text.split("\n\n")[0] == title and not post.deleted]
        if OperationState.UNCONFIRMED in {operation.state, *followers}:
            return
        if operation.item_id in self.killed or operation.state in {
            OperationState.HELD,
            OperationState.CANCELLED,
        }:
            assert standing == []
        else:
            assert operation.state is OperationState.SENT
            assert operation.item.status in {ItemStatus.PUBLISHED, ItemStatus.CORRECTED}
            assert standing == [text]

    # Helpers

    def alive(self) -> list[int]:
        """Items that can be corrected and withdrawn."""
        return [item_id for item_id in self.texts if item_id not in self.killed]

    def form(self, title: str, text: str, base: int = 0) -> ItemForm:
        """A version."""
        return ItemForm(
            title=title, body=f"<p>{text}</p>", desk_id=self.desk, channel_ids=tuple(self.channels), base=base
        )


Newsroom.TestCase.settings = settings(
    max_examples=int(os.environ.get("TORTURE_ROUNDS", "60")),
    stateful_step_count=30,
    deadline=None,
    derandomize="TORTURE_ROUNDS" not in os.environ,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestDelivery = Newsroom.TestCase
