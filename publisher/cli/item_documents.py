"""Items and operations as JSON: the keys that scripts rely on (docs/administrator/commands.md)."""

from typing import Any

from sqlalchemy.orm import Session

from publisher.cli.channels import address_of
from publisher.cli.office import Office, iso
from publisher.store.items import get_item
from publisher.store.models import Operation, Post
from publisher.store.outbox import list_operations
from publisher.wording import translate_reason, word


def item_document(office: Office, session: Session, item_id: int) -> dict[str, Any]:
    """The item with all its operations, oldest first."""
    item = get_item(session, item_id)
    return {
        "id": item.id,
        "slug": item.slug,
        "status": item.status.value,
        "version": item.head,
        "operations": [
            operation_document(office, operation, post)
            for operation, post in list_operations(session, item.id)
        ],
    }


def operation_document(office: Office, operation: Operation, post: Post | None) -> dict[str, Any]:
    """One operation. `error` is what an editor reads; `permalink` is known once the post stands."""
    return {
        "id": operation.id,
        "kind": operation.kind.value,
        "channel": address_of(operation.channel),
        "network": operation.channel.network.value,
        "state": operation.state.value,
        "due": iso(operation.due),
        "sent_at": iso(operation.sent_at),
        "attempts": operation.attempts,
        "key": operation.key,
        "external_ids": operation.external_ids or [],
        "permalink": post.permalink if post else None,
        "error": error_text(office, operation),
    }


def error_text(office: Office, operation: Operation) -> str | None:
    """Why the operation does not go on, in the office's language."""
    reason = translate_reason(operation.error, office.language)
    if operation.hold_reason is not None:
        return " ".join(filter(None, [word(operation.hold_reason, office.language), reason]))
    return reason or None
