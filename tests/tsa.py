"""A real time stamp authority on loopback: `openssl ts` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {cn}
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[leaf]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
crypto_device = builtin
"""


class TimeStampAuthority:
    """Makes its own root and signing certificate in `folder`. `root` is the root's PEM file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.root = folder / "root.pem"
        self.asked = 0
        self.broken = ""
        """refuses | nonsense | other: how it answers wrongly, where it should."""
        self._make_certificates()
        self._server = HTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsr"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, query: bytes) -> bytes:
        """What `openssl ts -reply` says to a question."""
        self.asked += 1
        asked, told = self.folder / "q.tsq", self.folder / "a.tsr"
        asked.write_bytes(query)
        self._openssl("ts", "-reply", "-config", "ts.cnf", "-queryfile", asked, "-out", told)
        return told.read_bytes()

    def verify(self, data: Path, token: Path) -> bool:
        """Whether anybody with openssl and the root would believe a stamp over `data`."""
        words = ["openssl", "ts", "-verify", "-in", token, "-data", data, "-CAfile", self.root]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def _make_certificates(self) -> None:
        (self.folder / "serial").write_text("01\n")
        text = _CONFIG.format(folder=self.folder, cn="Test authority")
        (self.folder / "ts.cnf").write_text(text)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self._openssl(
            "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-days", "3650",
            "-config", "ts.cnf", "-extensions", "root",
        )  # fmt: skip
        (self.folder / "leaf.cnf").write_text(text.replace("Test authority", "Test stamps"))
        self._openssl("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-config", "leaf.cnf")
        self._openssl(
            "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key",
            "-set_serial", "2", "-out", "tsa.pem", "-days", "3650", "-extfile", "leaf.cnf",
            "-extensions", "leaf",
        )  # fmt: skip

    def _openssl(self, *words: str | Path) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, check=True)


def _handler(authority: TimeStampAuthority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            if authority.broken == "refuses":
                self.send_error(503)
                return
            if authority.broken == "nonsense":
                told = b"no stamp"
            elif authority.broken == "other":
                told = authority.answer(query[:-4])
            else:
                told = authority.answer(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_words: object) -> None:
            """Nothing: the test's own output is enough."""

    return Handler
