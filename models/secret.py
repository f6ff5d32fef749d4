"""Secrets at rest: phones and stream addresses are encrypted columns, plates are hashed with a key.

The key is a Fernet key, set once for the process by `set_secret_key` before the first query.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from models.errors import Unavailable

_fernet: Fernet | None = None
_hash_key = b""


def set_secret_key(key: str) -> None:
    """Set the process's key (44 characters, url-safe base 64, as `new_secret_key` makes it)."""
    global _fernet, _hash_key
    _fernet = Fernet(key.encode())
    _hash_key = hashlib.sha256(b"qifen-keyed-hash:" + key.encode()).digest()


def new_secret_key() -> str:
    return Fernet.generate_key().decode()


def keyed_hash(text: str) -> str:
    """64 hex digits; equal texts give equal hashes, but only under this installation's key."""
    _require()
    return hmac.new(_hash_key, text.encode(), hashlib.sha256).hexdigest()


def _require() -> Fernet:
    if _fernet is None:
        raise Unavailable("no secret key is set", hint="set QIFEN_SECRET_KEY or QIFEN_DATA_DIR")
    return _fernet


class EncryptedString(TypeDecorator[str]):
    """Text that is ciphertext in the database and plain in Python."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _require().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        try:
            return _require().decrypt(value.encode()).decode()
        except InvalidToken:
            raise Unavailable(
                "an encrypted value cannot be read with this key",
                hint="use the secret key with which it was written",
            ) from None
