"""Texts for people are English msgids; they are translated where they are shown (publisher/wording.py)."""


def N_(message: str) -> str:
    """Mark a msgid for the catalogues."""
    return message
