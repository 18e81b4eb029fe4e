"""Taking the demo city away: its rows, its pictures, its walls."""

from datetime import datetime

from publisher.core.messages import N_
from publisher.core.permissions import COMMAND_LINE
from publisher.demo.walls import Walls
from publisher.errors import RuleError
from publisher.store.audit import record_act
from publisher.store.demo import Removed, count_in_flight, remove_demo
from publisher.store.media import MediaStore
from publisher.store.session import Store


def unload_demo(store: Store, media: MediaStore, now: datetime, walls: Walls) -> Removed:
    """Delete the demo city and nothing else (docs/administrator/demo.md).

    Raises RuleError while something is being sent to its channels.
    """
    with store.begin() as session:
        if count_in_flight(session):
            raise RuleError("", N_("Something is being sent to demo channels: try again in a moment."))
        removed = remove_demo(session)
        record_act(
            session, COMMAND_LINE, "demo.remove", "demo", now,
            channels=len(removed.channels), items=removed.items,
        )  # fmt: skip
    for sha256 in removed.files:
        media.path(sha256).unlink(missing_ok=True)
        media.thumbnail(sha256).unlink(missing_ok=True)
    walls.remove_channels(removed.channels)
    return removed
