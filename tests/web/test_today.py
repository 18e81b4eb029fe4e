"""«Сегодня»: what waits for this person, what goes out, and whether the channels work."""

from webtest import TestResponse

from publisher.core.platforms import Realm
from publisher.core.states import HoldReason, OperationState, Role
from publisher.store.models import Channel, Operation, Version, Worker
from tests.builders import add_operation
from tests.web.desk import DeskOffice

TROUBLE = {
    "code": "CHAT_WRITE_FORBIDDEN",
    "message": "The account may not post in the channel: make it an administrator.",
    "params": {},
    "detail": "",
}


def add(
    office: DeskOffice, version: Version, channel: Channel, state: OperationState, **values: object
) -> Operation:
    """An operation of the version in this state."""
    with office.store.begin() as session:
        return add_operation(session, version, channel, state=state, **values)  # type: ignore[arg-type]  # columns


def start_worker(office: DeskOffice) -> None:
    """A worker of the training channels whose heart beats."""
    with office.store.begin() as session:
        session.add(
            Worker(
                uid="w", realm=Realm.SANDBOX, host="here", pid=1, started_at=office.now,
                heartbeat_at=office.now,
            )
        )  # fmt: skip


def needs(page: TestResponse) -> list[str]:
    """What the page says waits for this person, one text each."""
    return [" ".join(row.get_text(" ").split()) for row in page.html.select(".need")]


def test_nothing_waits_when_all_is_well(office: DeskOffice) -> None:
    start_worker(office)
    office.add_channel("city")
    page = office.visitor(Role.EDITOR).get("/")
    assert "Ничего не ждёт вашего решения" in page
    assert "1 канал работает" in page


def test_an_item_is_named_once_with_its_worst_trouble_when_several_operations_wait(
    office: DeskOffice,
) -> None:
    start_worker(office)
    channels = [office.add_channel(handle) for handle in ("one", "two")]
    _, version = office.add_item(*channels, title="Мост закрыт")
    add(office, version, channels[0], OperationState.HELD, hold_reason=HoldReason.STALE)
    add(office, version, channels[1], OperationState.FAILED, error=TROUBLE)
    (row,) = needs(office.visitor(Role.EDITOR).get("/"))
    assert "Мост закрыт two: " in row
    assert row.endswith("Разобраться")
