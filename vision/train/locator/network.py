"""The network of the plate locator: one pass gives a score and four corners per cell.

Fully convolutional, 0.6 million weights, one output cell per 8 x 8 pixels. Only operations that
`export` knows (convolution, ReLU, addition, nearest doubling), so that the ONNX file stays plain.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vision.plates.locate_grid import CHANNELS

PRIOR = 0.01
"""What the scores start from: a plate is rare, and a start at one half drowns it in negatives."""


def conv(inner: int, outer: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inner, outer, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outer),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """Two 3 x 3 convolutions through half the channels, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels // 2)
        self.second = conv(channels // 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W, the same out."""
        return x + self.second(self.first(x))


class LocatorNetwork(nn.Module):
    """RGB / 255 in (N x 3 x H x W, sides multiples of 32), N x CHANNELS x H/8 x W/8 out."""

    def __init__(self) -> None:
        super().__init__()
        self.to4 = nn.Sequential(conv(3, 16, stride=2), conv(16, 24, stride=2), Residual(24))
        self.to8 = nn.Sequential(conv(24, 48, stride=2), Residual(48), Residual(48))
        self.to16 = nn.Sequential(conv(48, 80, stride=2), Residual(80), Residual(80))
        self.to32 = nn.Sequential(conv(80, 112, stride=2), Residual(112), Residual(112))
        self.down32 = conv(112, 80, size=1)
        self.mix16 = conv(80, 64)
        self.down16 = conv(64, 48, size=1)
        self.mix8 = conv(48, 48)
        self.look = conv(48, 64)
        self.answer = nn.Conv2d(64, CHANNELS, 1)
        bias = self.answer.bias
        if bias is None:
            raise AssertionError("the last layer has a bias")
        nn.init.zeros_(bias)
        bias.data[0] = -float(torch.logit(torch.tensor(1 - PRIOR)))
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, x: Tensor) -> Tensor:
        """Raw answers: score and line logits, corners in cells from the cell's centre."""
        at8 = self.to8(self.to4(x))
        at16 = self.to16(at8)
        mixed = self.mix16(at16 + self.enlarge(self.down32(self.to32(at16))))
        mixed = self.mix8(at8 + self.enlarge(self.down16(mixed)))
        return self.answer(self.look(mixed))
