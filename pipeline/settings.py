"""Settings: everything an installation may choose, from `QIFEN_...` variables or keywords.

Each field is documented in docs/settings.md (a test compares). Secrets have no default: the key
that encrypts phones and stream addresses is made at first start and lies beside the data,
readable by its owner only.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models import secret
from models.errors import BadInput, Unavailable

_KEY_FILE = "secret.key"
_PUSH_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,128}")
_NEEDED = {
    "twilio": ("twilio_account_sid", "twilio_auth_token", "twilio_from"),
    "aliyun": (
        "aliyun_access_key_id",
        "aliyun_access_key_secret",
        "aliyun_templates",
        "aliyun_push_token",
    ),
}
"""What a channel cannot work without."""
_CALLER = re.compile(r"\+[1-9]\d{6,14}")
_VOICE_NEEDED = {"twilio": ("twilio_account_sid", "twilio_auth_token", "voice_from")}


class Settings(BaseSettings):
    """One installation's choices. Frozen: what a worker process was started with stays true."""

    model_config = SettingsConfigDict(env_prefix="QIFEN_", extra="ignore", frozen=True)

    data_dir: Path = Path("qifen-data")
    """Database, evidence, latest pictures and the key, unless told otherwise."""
    database_url: str = ""
    """SQLAlchemy address; empty means SQLite in `data_dir`."""
    secret_key: SecretStr | None = None
    """44 characters; empty means `data_dir`/secret.key, made at first start."""
    public_base_url: str = ""
    """Address at which people and the SMS provider reach us; empty means http://HOST:PORT."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)

    weights: str = ""
    """Name or path of the detector's weights; empty means the ones that come with Qifen."""
    backend: Literal["openvino", "onnxruntime", "ultralytics"] = "openvino"
    confidence: float = Field(default=0.25, gt=0, lt=1)
    """Below this the detector's boxes are not looked at."""
    detector_threads: int | None = Field(default=None, ge=1)
    cameras_per_process: int = Field(default=4, ge=1, le=16)
    hold_seconds: float = Field(default=300.0, gt=0)
    """How long a worker keeps what it saw while the database is away (W39)."""
    hang_seconds: float = Field(default=120.0, gt=0)
    """A worker process that gives no sign of life for so long is killed and started again."""
    poll_seconds: float = Field(default=1.0, gt=0)
    """How often workers ask for open events and edited zones."""
    sweep_seconds: float = Field(default=1.0, gt=0)
    """How often deadlines and the outbox are looked at."""

    channel: Literal["local", "twilio", "aliyun"] = "local"
    voice: Literal["none", "local", "twilio"] = "none"
    """Who makes the voice calls of a city that wants them (its policy's `voice_call`, A13)."""
    voice_from: str = ""
    """Twilio's number that calls."""
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr | None = None
    twilio_from: str = ""
    twilio_base_url: str = ""
    """Another address than Twilio's own, for a proxy or a test server."""
    aliyun_access_key_id: str = ""
    aliyun_access_key_secret: SecretStr | None = None
    aliyun_templates: Path | None = None
    """TOML: the provider's number of every text (`notify.registered`)."""
    aliyun_push_token: SecretStr | None = None
    """The secret at the end of the addresses that receipts and replies are brought to."""
    aliyun_endpoint: str = "https://dysmsapi.aliyuncs.com"
    owners_csv: Path | None = None
    """Register of owners; without one nobody is known and a person is sent."""
    texts: Path | None = None
    """The city's own texts, TOML or JSON, over ours; one that breaks a rule is refused at start."""

    anchor_dir: Path | None = None
    """Where the daily anchors of the evidence chain are written; empty means `data_dir`/anchors. A
    folder on another machine makes them worth more."""
    tsa_url: str = ""
    """Time stamp authority (RFC 3161) that stamps each anchor; empty: none is asked."""
    tsa_ca: Path | None = None
    """PEM file with the authority's root certificate: stamps are checked against it."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @field_validator("public_base_url", "twilio_base_url", "aliyun_endpoint")
    @classmethod
    def _is_base(cls, value: str) -> str:
        return _address(value).rstrip("/")

    @field_validator("tsa_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return _address(value)

    @field_validator("secret_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) != 44:
            raise ValueError("must have 44 characters, as `Fernet.generate_key()` makes them")
        return value

    @field_validator("voice_from")
    @classmethod
    def _is_number(cls, value: str) -> str:
        if value and not _CALLER.fullmatch(value):
            raise ValueError("must be a telephone number, such as +8657112345678")
        return value

    @field_validator("aliyun_push_token")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _PUSH_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("must have 24 to 128 letters, digits, - or _")
        return value

    @model_validator(mode="after")
    def _channel_is_complete(self) -> Settings:
        for name in _NEEDED.get(self.channel, ()):
            if not getattr(self, name):
                raise ValueError(f"channel {self.channel} needs QIFEN_{name.upper()}")
        for name in _VOICE_NEEDED.get(self.voice, ()):
            if not getattr(self, name):
                raise ValueError(f"voice {self.voice} needs QIFEN_{name.upper()}")
        return self

    @property
    def database(self) -> str:
        """The address that is really used."""
        return self.database_url or f"sqlite:///{self.data_dir / 'qifen.db'}"

    @property
    def base_url(self) -> str:
        return self.public_base_url or f"http://{self.host}:{self.port}"

    @property
    def anchors(self) -> Path:
        return self.anchor_dir or self.data_dir / "anchors"

    @property
    def evidence_dir(self) -> Path:
        return self.data_dir / "evidence"


def _address(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value


def load_settings(**chosen: Any) -> Settings:
    """Settings from the environment, `chosen` values first.

    Raises BadInput naming the variable that is wrong.
    """
    try:
        return Settings(**chosen)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        name = f"QIFEN_{field.upper()}" if field else "settings"
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise BadInput(
            f"{name}: {reason}", field=field, hint="see docs/settings.md for what it may be"
        ) from None


def prepare_data_dir(settings: Settings) -> None:
    """Make the data folder (closed to other users) and set the process's secret key.

    Raises Unavailable where the folder or the key cannot be written or read.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret.set_secret_key(_secret_key(settings))
    except OSError as error:
        raise Unavailable(
            f"the data folder {settings.data_dir} cannot be used: {error.strerror}",
            hint="choose another one with QIFEN_DATA_DIR",
        ) from error


def _secret_key(settings: Settings) -> str:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / _KEY_FILE
    try:
        # O_EXCL: of two that start at once only one makes the key.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    key = secret.new_secret_key()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
