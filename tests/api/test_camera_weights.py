"""A camera's own model: chosen through every door, checked first, and kept where the new is bad."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from api.camera_weights import checked_weights
from api.cli import app
from models import registry, secret
from models.store import Store
from pipeline.settings import load_settings
from tests.api.conftest import SignIn
from vision.weights import resolve_weights

ROOT = Path(__file__).resolve().parent.parent.parent
API = "/api/v1"
URL = "rtsp://127.0.0.1:554/main"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A model file of the city's own: our network under another name."""
    path = tmp_path / "own.onnx"
    shutil.copy(resolve_weights().path, path)
    return path


@pytest.fixture
def olive(signed_in: SignIn) -> httpx.Client:
    """An operator with one camera, number 1."""
    client = signed_in("olive")
    body = {"name": "gate", "stream_url": URL, "weights": "street-n"}
    assert client.post(f"{API}/cameras", json=body).json()["weights"] == "street-n"
    return client


def test_weights_have_one_form(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cameras share a detector where the weights are written alike."""
    monkeypatch.chdir(own.parent)
    assert checked_weights("own.onnx") == checked_weights(f" {own} ") == str(own)
    assert checked_weights("street-n") == "street-n"
    assert checked_weights("  ") is checked_weights(None) is None


def test_over_http(olive: httpx.Client, own: Path) -> None:
    chosen = olive.patch(f"{API}/cameras/1", json={"weights": str(own)})
    assert chosen.json()["weights"] == str(own)
    readme = str(ROOT / "README.md")
    for bad, said in ((readme, "not a model"), ("nothing-of-that-name", "there are no weights")):
        refused = olive.patch(f"{API}/cameras/1", json={"weights": bad, "place": "elsewhere"})
        error = refused.json()["error"]
        assert (refused.status_code, error["field"]) == (422, "weights")
        assert said in error["message"]
        assert error["hint"]
    camera = olive.get(f"{API}/cameras/1").json()
    assert (camera["weights"], camera["place"]) == (str(own), ""), "nothing of it was written"
    body = {"name": "other", "stream_url": URL, "weights": readme}
    assert olive.post(f"{API}/cameras", json=body).status_code == 422
    assert olive.patch(f"{API}/cameras/1", json={"weights": None}).json()["weights"] is None


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data folder with a key of its own; key and logs are put back, for a command sets both."""
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(secret, "_fernet", secret._fernet)
    monkeypatch.setattr(secret, "_hash_key", secret._hash_key)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def qifen(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def stored() -> str | None:
    with Store(load_settings().database).read() as session:
        return registry.get_camera(session, "gate").weights


@pytest.mark.usefixtures("installation")
def test_on_the_command_line(own: Path) -> None:
    bad = ROOT / "README.md"
    refused = qifen("camera", "add", "gate", URL, "--no-check", "--weights", bad)
    assert (refused.exit_code, "not a model" in refused.stderr) == (2, True)
    added = qifen("camera", "add", "gate", URL, "--no-check", "--weights", own)
    assert added.exit_code == 0, added.output
    assert stored() == str(own)
    assert str(own) in qifen("camera", "list").stdout
    refused = qifen("camera", "weights", "gate", bad)
    assert (refused.exit_code, "weights" in refused.stderr) == (2, True)
    assert stored() == str(own), "the camera keeps its weights"
    assert "looks with street-n" in qifen("camera", "weights", "gate", "street-n").stdout
    assert stored() == "street-n"
    assert "what all others look with" in qifen("camera", "weights", "gate").stdout
    assert stored() is None
    assert "there is no camera" in qifen("camera", "weights", "nobody", "street-n").stderr
