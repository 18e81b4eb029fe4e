"""Texts for people outside of templates: msgids in, the person's language out."""

import gettext
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal

from publisher.core.messages import N_
from publisher.core.states import (
    AccountState,
    ChannelState,
    CountSource,
    HoldReason,
    ItemStatus,
    LetterState,
    OperationKind,
    OperationState,
    PostState,
    Role,
)
from publisher.errors import RuleError

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
LANGUAGES = ("ru", "en")


def translate(message: str, params: Mapping[str, object], language: str) -> str:
    """The msgid in the language, its {places} filled; whole numbers get the language's digit groups."""
    text = catalogue(language).gettext(message)
    return (
        text.format(**{name: _shown(value, language) for name, value in params.items()}) if params else text
    )


def translate_error(error: RuleError, language: str) -> str:
    """What a broken rule says to the person."""
    return translate(error.message, error.params, language)


def translate_reason(reason: Mapping[str, Any] | None, language: str) -> str:
    """What a stored reason (core/receipts.py `describe`) says to the person; empty when there is none."""
    return translate(reason["message"], reason["params"], language) if reason else ""


def word(member: Enum, language: str) -> str:
    """The interface's word for a state, a role or a kind."""
    return catalogue(language).gettext(WORDS[type(member)][member])


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The language's texts; English msgids stand for themselves."""
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=True)


def _shown(value: object, language: str) -> object:
    return format_decimal(value, locale=language) if type(value) is int else value


# By type first: members of different enums with the same value are equal to each other.
WORDS: Mapping[type[Enum], Mapping[Any, str]] = {
    ItemStatus: {
        ItemStatus.DRAFT: N_("Draft"),
        ItemStatus.IN_REVIEW: N_("In review"),
        ItemStatus.APPROVED: N_("Approved"),
        ItemStatus.SCHEDULED: N_("Scheduled"),
        ItemStatus.PUBLISHED: N_("Published"),
        ItemStatus.CORRECTED: N_("Corrected"),
        ItemStatus.KILLED: N_("Withdrawn"),
        ItemStatus.SPIKED: N_("Put aside"),
    },
    OperationKind: {
        OperationKind.PUBLISH: N_("Publication"),
        OperationKind.EDIT: N_("Correction"),
        OperationKind.DELETE: N_("Removal"),
    },
    OperationState: {
        OperationState.PLANNED: N_("Queued"),
        OperationState.SENDING: N_("Sending"),
        OperationState.SENT: N_("Sent"),
        OperationState.CHECKING: N_("Checking"),
        OperationState.UNCONFIRMED: N_("Unconfirmed"),
        OperationState.RETRYING: N_("Retrying"),
        OperationState.FAILED: N_("Failed"),
        OperationState.HELD: N_("On hold"),
        OperationState.CANCELLED: N_("Cancelled"),
    },
    HoldReason: {
        HoldReason.STALE: N_("The time for it has passed: decide whether it still goes out."),
        HoldReason.ACCOUNT_DOWN: N_("The account does not work."),
        HoldReason.CHANNEL_DOWN: N_("The channel does not accept posts."),
        HoldReason.RESTORED: N_("It comes from a copy of the data: decide whether it still goes out."),
    },
    PostState: {
        PostState.LIVE: N_("Stands"),
        PostState.ALTERED: N_("Altered on the network"),
        PostState.MISSING: N_("Deleted on the network"),
        PostState.WITHDRAWN: N_("Withdrawn from the network"),
    },
    AccountState: {
        AccountState.NEW: N_("Not checked yet"),
        AccountState.OK: N_("Works"),
        AccountState.DOWN: N_("Does not work"),
    },
    ChannelState: {
        ChannelState.NEW: N_("Not checked yet"),
        ChannelState.OK: N_("Works"),
        ChannelState.FORBIDDEN: N_("No rights"),
        ChannelState.MISSING: N_("Not found"),
    },
    LetterState: {
        LetterState.WAITING: N_("Waiting"),
        LetterState.SENDING: N_("On its way"),
        LetterState.SENT: N_("Handed over"),
        LetterState.FAILED: N_("Not sent"),
        LetterState.UNCONFIRMED: N_("Perhaps sent"),
    },
    CountSource: {
        CountSource.NETWORK: N_("The network"),
        CountSource.IMPORT: N_("Imported"),
        CountSource.DEMO: N_("Demo"),
    },
    Role: {
        Role.AUTHOR: N_("Author"),
        Role.EDITOR: N_("Editor"),
        Role.CHIEF: N_("Chief editor"),
        Role.ADMIN: N_("Administrator"),
    },
}
