"""«Мои подразделения / все»: which desks a list shows, kept in the address as `desks`."""

from dataclasses import dataclass

from flask import request

from publisher.core.permissions import Act, desks_for
from publisher.web.context import actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The desks chosen. `ids` is None for all; `has_choice` says whether there is anything to choose."""

    name: str
    ids: frozenset[int] | None
    has_choice: bool

    def within(self, act: Act) -> frozenset[int] | None:
        """Those of the desks for which the person may do this; None for all."""
        allowed = desks_for(actor(), act)
        if self.ids is None or allowed is None:
            return allowed if self.ids is None else self.ids
        return self.ids & allowed


def scope() -> Scope:
    """What the address says; else one's own desks, and everything for whoever works for all of them."""
    own = actor().desk_ids
    works_for_all = desks_for(actor(), Act.WRITE) is None
    name = request.args.get("desks", "")
    if not own or name not in {"own", "all"}:
        name = "all" if works_for_all or not own else "own"
    return Scope(name=name, ids=own if name == "own" else None, has_choice=bool(own))
