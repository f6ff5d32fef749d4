"""The parts of a running installation, put together in one place and handed to whoever works.

Everything heavy (models of the eyes) is loaded when first asked for: the API of a machine
without cameras never loads a detector, and the sweep runs seconds before the first one is ready.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from models.clock import Clock, SystemClock
from models.policy import Policy, load_policy
from models.store import Store
from notify.channel import Channel
from notify.local_channel import LocalChannel
from notify.owners import CsvOwnerDirectory, NoOwners, OwnerDirectory
from notify.templates import load_templates
from pipeline.evidence import EvidenceFiles, EvidenceStore
from pipeline.metrics import Metrics
from pipeline.settings import Settings, prepare_data_dir

if TYPE_CHECKING:
    from pipeline.blur import CopyDesk
    from vision.blur import Eyes
    from vision.plates import PlateReader
    from vision.types import Box, Detection, Detector, Image, WeightsInfo


class SharedDetector:
    """One loaded detector for several camera threads: a look takes its turn."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._turn = threading.Lock()

    @property
    def info(self) -> WeightsInfo:
        return self._detector.info

    def detect(self, image: Image) -> list[Detection]:
        with self._turn:
            return self._detector.detect(image)

    def detect_from(self, image: Image, confidence: float) -> list[Detection]:
        """As `detect`, down to this confidence where the detector can."""
        from vision.tiles import detect_from  # noqa: PLC0415

        with self._turn:
            return detect_from(self._detector, image, confidence)


@dataclass
class Services:
    """What every part of the running system may use. Build it with `build_services`."""

    settings: Settings
    store: Store
    clock: Clock
    evidence: EvidenceFiles
    channel: Channel
    owners: OwnerDirectory
    voice: Channel | None = None
    """Who makes voice calls; None: nobody."""
    metrics: Metrics = field(default_factory=Metrics)
    load_detector: Callable[[str | None, Settings], Detector] | None = None
    """Makes the detector for these weights; None: from the weights' file (`load_weights`)."""
    load_reader: Callable[[], PlateReader] | None = None
    """Makes the plate reader; None: the one that comes with Qifen."""
    load_eyes: Callable[[], Eyes] | None = None
    """What finds that which copies must hide; None: what comes with Qifen (`vision.blur`)."""
    _detectors: WeakValueDictionary[str, SharedDetector] = field(
        default_factory=WeakValueDictionary[str, SharedDetector]
    )
    """Whoever looks with a detector holds it; with the last one it is let go."""
    _reader: PlateReader | None = None
    _copies: CopyDesk | None = None
    _loading: threading.Lock = field(default_factory=threading.Lock)

    def policy(self) -> Policy:
        """The city's policy as it is now."""
        with self.store.read() as session:
            return load_policy(session)

    def detector(self, weights: str | None = None) -> Detector:
        """The detector with these weights (None: the installation's own), loaded once for all
        who hold it.

        The installation's own are QIFEN_WEIGHTS, else what `qifen weights use` chose, else ours.
        Raises vision.errors.BadWeights.
        """
        name = weights or self.settings.weights
        with self._loading:
            shared = self._detectors.get(name)
            if shared is None:
                loaded = (self.load_detector or load_weights)(name or None, self.settings)
                shared = self._detectors[name] = SharedDetector(loaded)
            return shared

    def plate_reader(self) -> PlateReader:
        """The plate reader, loaded once."""
        with self._loading:
            if self._reader is None:
                self._reader = (self.load_reader or load_plate_reader)()
            return self._reader

    def blur(self, image: bytes, keep_box: Box | None) -> bytes:
        """A copy that may leave the evidence store: only the subject in `keep_box` stays clear.

        Raises Unavailable where `image` is no picture.
        """
        from pipeline.blur import CopyDesk  # noqa: PLC0415

        with self._loading:
            if self._copies is None:
                self._copies = CopyDesk(self.load_eyes)
        return self._copies.copy(image, keep_box)

    def close(self) -> None:
        self.store.dispose()


def load_weights(weights: str | None, settings: Settings) -> Detector:
    """The detector that `settings` ask for. Raises vision.errors.BadWeights."""
    from vision.detect import load_detector  # noqa: PLC0415 (models are heavy; see above)
    from vision.weights import chosen_weights  # noqa: PLC0415

    return load_detector(
        weights or chosen_weights(settings.data_dir), backend=settings.backend,
        confidence=settings.confidence, threads=settings.detector_threads,
    )  # fmt: skip


def load_plate_reader() -> PlateReader:
    from vision.plates import default_reader  # noqa: PLC0415

    return default_reader()


def build_services(settings: Settings, *, clock: Clock | None = None) -> Services:
    """Services for this process. Makes the data folder and sets the secret key; it does not
    touch the database yet. Raises BadInput or Unavailable naming what is wrong."""
    prepare_data_dir(settings)
    time = clock or SystemClock()
    return Services(
        settings=settings,
        store=Store(settings.database),
        clock=time,
        evidence=EvidenceStore(settings.evidence_dir),
        channel=_channel(settings, time),
        owners=_owners(settings.owners_csv),
        voice=_voice(settings, time),
    )


def _channel(settings: Settings, clock: Clock) -> Channel:
    token = settings.twilio_auth_token
    if settings.channel == "twilio" and token is not None:
        # The client takes a third of a second to import; most installations are local.
        from notify.twilio_channel import TwilioChannel  # noqa: PLC0415

        return TwilioChannel(
            settings.twilio_account_sid,
            token.get_secret_value(),
            settings.twilio_from,
            # Without a public address Twilio cannot reach us: receipts are fetched instead.
            public_base_url=settings.public_base_url,
            base_url=settings.twilio_base_url,
        )
    secret, push_token = settings.aliyun_access_key_secret, settings.aliyun_push_token
    if settings.channel == "aliyun" and secret and push_token and settings.aliyun_templates:
        from notify.aliyun_channel import AliyunChannel  # noqa: PLC0415 (as above)
        from notify.registered import load_codes  # noqa: PLC0415

        return AliyunChannel(
            settings.aliyun_access_key_id,
            secret.get_secret_value(),
            load_codes(settings.aliyun_templates, load_templates(settings.texts)),
            push_token.get_secret_value(),
            clock=clock,
            endpoint=settings.aliyun_endpoint,
        )
    return LocalChannel(clock, outbox=settings.data_dir / "outbox.jsonl")


def _voice(settings: Settings, clock: Clock) -> Channel | None:
    token = settings.twilio_auth_token
    if settings.voice == "twilio" and token is not None:
        from notify.twilio_voice import TwilioVoice  # noqa: PLC0415 (as above)

        return TwilioVoice(
            settings.twilio_account_sid,
            token.get_secret_value(),
            settings.voice_from,
            public_base_url=settings.public_base_url,
            base_url=settings.twilio_base_url,
        )
    if settings.voice == "local":
        return LocalChannel(clock, outbox=settings.data_dir / "calls.jsonl", name="local-voice")
    return None


def _owners(path: Path | None) -> OwnerDirectory:
    return NoOwners() if path is None else CsvOwnerDirectory(path)
