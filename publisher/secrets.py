"""The key that encrypts accounts' secrets, in a file of its own outside the database and the backup."""

import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from publisher.core.messages import N_
from publisher.errors import StoreError


class Vault:
    """Encrypts and decrypts with the installation's key (Fernet: AES-128-CBC with HMAC-SHA-256)."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._key = _read_or_create(file)
        self._fernet = Fernet(self._key)

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this key gives for the purpose, such as signing the desk's cookies."""
        return hmac.digest(self._key, purpose.encode(), "sha256")

    def seal(self, text: str) -> bytes:
        """Encrypt a text for a column."""
        return self._fernet.encrypt(text.encode())

    def open(self, token: bytes) -> str:
        """Decrypt what `seal` gave. Raises StoreError when the key is another one."""
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken as error:
            message = N_(
                "the key in {file} does not open this secret: put the right key back "
                "or enter the account's credentials again"
            )
            raise StoreError(message, file=self.file) from error


def key_file(data: Path) -> Path:
    """Where the key lies: PUBLISHER_KEY_FILE, or `secret.key` in the data folder."""
    if chosen := os.environ.get("PUBLISHER_KEY_FILE"):
        return Path(chosen)
    return data / "secret.key"


def _read_or_create(file: Path) -> bytes:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(file)
    except OSError as error:
        message = N_("cannot create the key {file}: {reason}")
        raise StoreError(message, file=file, reason=error.strerror) from error
    key = Fernet.generate_key()
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(key)
    return key


def _read(file: Path) -> bytes:
    try:
        key = file.read_bytes().strip()
        Fernet(key)
    except OSError as error:
        message = N_("cannot read the key {file}: {reason}")
        raise StoreError(message, file=file, reason=error.strerror) from error
    except ValueError as error:
        raise StoreError(N_("{file} holds no key: put the right one back"), file=file) from error
    return key
