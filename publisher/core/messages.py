"""Texts for people are English msgids; they are translated where they are shown (publisher/wording.py)."""


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a msgid for the catalogues."""
    return message
