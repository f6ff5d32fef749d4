"""Where personal data leaves the country (L66, PIPL art. 36: what the state collects is kept in
China). It forbids nothing, for not every city is in China; it says so where people look."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from pipeline.settings import Settings

_MAINLAND = re.compile(r"(?:^|\.)dysmsapi(?:\.cn-(?!hongkong)[a-z0-9-]+)?\.aliyuncs\.com$|\.cn$")
"""The provider's mainland addresses (its Hong Kong and Singapore ones are abroad), and .cn."""


def abroad(settings: Settings) -> list[str]:
    """A sentence for each part of this installation that sends personal data out of mainland
    China, or of which nobody can tell; empty where all stays."""
    return [*_texts(settings), *_calls(settings)]


def _calls(settings: Settings) -> list[str]:
    if settings.voice != "twilio":
        return []
    return [
        "Voice calls go through Twilio, a company abroad: each takes a phone number and a masked "
        "plate out of the country (PIPL art. 36); choose QIFEN_VOICE=none in mainland China."
    ]


def _texts(settings: Settings) -> list[str]:
    if settings.channel == "twilio":
        return [
            "Texts go through Twilio, a company abroad: each takes a phone number and a masked "
            "plate out of the country. PIPL art. 36 does not allow that to an authority in "
            "mainland China; choose QIFEN_CHANNEL=aliyun there."
        ]
    if settings.channel == "aliyun":
        host = urlsplit(settings.aliyun_endpoint).hostname or ""
        if not _MAINLAND.search(host) and not _is_own_network(host):
            return [
                f"Texts go to {host}, which is not known to be in mainland China (PIPL art. 36): "
                "check QIFEN_ALIYUN_ENDPOINT."
            ]
    return []


def _is_own_network(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host
