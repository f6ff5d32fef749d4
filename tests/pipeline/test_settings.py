"""Settings: from the environment, refused by name, documented one by one; the key is kept safe."""

from __future__ import annotations

import pickle
import stat
from pathlib import Path

import pytest

from models import secret
from models.errors import BadInput, Unavailable
from pipeline.services import build_services
from pipeline.settings import Settings, load_settings, prepare_data_dir

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


@pytest.fixture
def keeps_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests set the process's key; the session's own comes back afterwards."""
    monkeypatch.setattr(secret, "_fernet", secret._fernet)
    monkeypatch.setattr(secret, "_hash_key", secret._hash_key)


def test_docs_name_every_setting() -> None:
    """Each field is documented, and nothing is documented that is not there."""
    named = {
        line.split("`")[1]
        for line in DOCS.read_text("utf-8").splitlines()
        if line.startswith("| `")
    }
    assert named == {f"QIFEN_{name.upper()}" for name in Settings.model_fields}


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "d"))
    monkeypatch.setenv("QIFEN_PORT", "9000")
    settings = load_settings()
    assert settings.database == f"sqlite:///{tmp_path / 'd' / 'qifen.db'}"
    assert settings.base_url == "http://127.0.0.1:9000"
    assert settings.evidence_dir == tmp_path / "d" / "evidence"


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"port": 70000}, "port"),
        ({"channel": "pigeon"}, "channel"),
        ({"public_base_url": "qifen.example"}, "public_base_url"),
        ({"secret_key": "short"}, "secret_key"),
        ({"cameras_per_process": 0}, "cameras_per_process"),
    ],
)
def test_wrong_values_are_refused_by_name(chosen: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput, match=f"QIFEN_{field.upper()}") as refused:
        load_settings(**chosen)
    assert refused.value.field == field
    assert "docs/settings.md" in refused.value.hint


def test_twilio_needs_its_three_values() -> None:
    with pytest.raises(BadInput, match="QIFEN_TWILIO_AUTH_TOKEN"):
        load_settings(channel="twilio", twilio_account_sid="AC1")
    assert (
        load_settings(
            channel="twilio", twilio_account_sid="AC1", twilio_auth_token="t", twilio_from="+1"
        ).channel
        == "twilio"
    )


def test_given_addresses_win() -> None:
    settings = load_settings(database_url="postgresql://h/q", public_base_url="https://q.example/")
    assert settings.database == "postgresql://h/q"
    assert settings.base_url == "https://q.example"


@pytest.mark.parametrize(
    "name", ["public_base_url", "twilio_base_url", "aliyun_endpoint", "tsa_url"]
)
def test_an_address_is_one_of_the_web(name: str) -> None:
    """A file of this machine is no place to ask."""
    with pytest.raises(BadInput, match=f"QIFEN_{name.upper()}: must start with http"):
        load_settings(**{name: "file:///etc/passwd"})
    assert load_settings(tsa_url="https://tsa.example/tsr/").tsa_url == "https://tsa.example/tsr/"


def test_a13_calls_need_an_account_and_a_number_that_calls(tmp_path: Path) -> None:
    """Whoever texts through another provider may call through Twilio; by default nobody calls."""
    account = {"voice": "twilio", "twilio_account_sid": "AC1", "twilio_auth_token": "t"}
    with pytest.raises(BadInput, match="QIFEN_VOICE_FROM"):
        load_settings(**account)
    for service in ("MG123", "12345", "+1 500"):
        with pytest.raises(BadInput, match="QIFEN_VOICE_FROM: must be a telephone number"):
            load_settings(**account, voice_from=service)
    chosen = load_settings(**account, voice_from="+8657112345678", data_dir=tmp_path)
    services = build_services(chosen)
    assert services.voice is not None
    assert (services.channel.name, services.voice.name) == ("local", "twilio-voice")
    shown = build_services(load_settings(voice="local", data_dir=tmp_path)).voice
    assert shown is not None
    assert shown.name == "local-voice"
    assert build_services(load_settings(data_dir=tmp_path)).voice is None


def test_secrets_do_not_show() -> None:
    settings = load_settings(
        channel="twilio",
        twilio_account_sid="AC1",
        twilio_auth_token="hidden-token",
        twilio_from="+1",
    )
    assert "hidden-token" not in repr(settings)


def test_settings_travel_to_worker_processes(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, port=1234)
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.usefixtures("keeps_secret_key")
def test_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "data")
    prepare_data_dir(settings)
    key = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    hashed = secret.keyed_hash("x")
    prepare_data_dir(settings)
    assert secret.keyed_hash("x") == hashed


@pytest.mark.usefixtures("keeps_secret_key")
def test_given_key_is_used_and_not_written(tmp_path: Path) -> None:
    prepare_data_dir(load_settings(data_dir=tmp_path, secret_key=secret.new_secret_key()))
    assert not (tmp_path / "secret.key").exists()


def test_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="QIFEN_DATA_DIR"):
        prepare_data_dir(load_settings(data_dir=tmp_path / "file" / "data"))
