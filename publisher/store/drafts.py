"""Queries about what was typed and not saved, and about forms that were carried out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from publisher.store.models import Draft, Submission


def find_draft(session: Session, uid: str, user_id: int) -> Draft | None:
    """The person's draft with this uid, if there is one."""
    return session.scalar(select(Draft).where(Draft.uid == uid, Draft.user_id == user_id))


def list_drafts(session: Session, user_id: int) -> Sequence[Draft]:
    """Everything the person has typed and not saved, newest first."""
    return session.scalars(
        select(Draft).where(Draft.user_id == user_id).order_by(Draft.updated_at.desc(), Draft.uid)
    ).all()


def list_drafts_of_item(session: Session, user_id: int, item_id: int) -> Sequence[Draft]:
    """What the person has typed over this item and not saved, newest first."""
    return session.scalars(
        select(Draft)
        .where(Draft.user_id == user_id, Draft.item_id == item_id)
        .order_by(Draft.updated_at.desc(), Draft.uid)
    ).all()


def put_draft(session: Session, draft: Draft) -> bool:
    """Write the draft over what the same person had under its uid; False when the uid is another person's."""
    values = {
        "item_id": draft.item_id,
        "base": draft.base,
        "form": draft.form,
        "updated_at": draft.updated_at,
    }
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Draft).values(uid=draft.uid, user_id=draft.user_id, **values)
    written = session.scalar(
        row.on_conflict_do_update(
            index_elements=[Draft.uid], set_=values, where=Draft.user_id == draft.user_id
        ).returning(Draft.uid)
    )
    return written is not None


def delete_draft(session: Session, uid: str, user_id: int, unchanged_since: datetime | None = None) -> bool:
    """Drop the person's draft; with `unchanged_since` only if nobody has typed into it after that moment."""
    query = delete(Draft).where(Draft.uid == uid, Draft.user_id == user_id)
    if unchanged_since is not None:
        query = query.where(Draft.updated_at <= unchanged_since)
    return session.scalar(query.returning(Draft.uid)) is not None


def claim_submission(session: Session, token: str, user_id: int | None, now: datetime) -> bool:
    """Whether this is the first press of the form; the second one waits for the first one's transaction."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Submission).values(token=token, user_id=user_id, at=now, result="")
    taken = session.scalar(
        row.on_conflict_do_nothing(index_elements=[Submission.token]).returning(Submission.token)
    )
    return taken is not None


def get_submission_result(session: Session, token: str) -> str:
    """Where the carried out form led."""
    return session.scalars(select(Submission.result).where(Submission.token == token)).one()


def set_submission_result(session: Session, token: str, result: str) -> None:
    """Note where the form led."""
    session.get_one(Submission, token).result = result


def find_submission(session: Session, prefix: str, but: str = "") -> Submission | None:
    """The newest carried out form whose token begins so, apart from the one with the token `but`."""
    return session.scalar(
        select(Submission)
        .where(Submission.token.between(f"{prefix}0", f"{prefix}g"), Submission.token != but)
        .order_by(Submission.at.desc())
        .limit(1)
    )
