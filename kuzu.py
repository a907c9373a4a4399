"""The three networks of Part 1: a (N, 1, 28, 28) image batch in, (N, 10) log-probabilities out."""

import torch
import torch.nn.functional as F
from torch import nn

SIDE = 28  # an image is 28 x 28 pixels
CLASSES = 10


class NetLin(nn.Module):
    """Linear function followed by log softmax."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(SIDE * SIDE, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.log_softmax(self.out(x.flatten(1)), dim=1)


class NetFull(nn.Module):
    """One fully connected hidden layer of `hid` tanh units, then log softmax.

    Under the lab's settings 95 to 128 units are reported to recognise 83.9 to 84.3% of the test images;
    160 leave room above 84%.
    """

    def __init__(self, hid: int = 160):
        super().__init__()
        self.hid = nn.Linear(SIDE * SIDE, hid)
        self.out = nn.Linear(hid, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.log_softmax(self.out(torch.tanh(self.hid(x.flatten(1)))), dim=1)


class NetConv(nn.Module):
    """Two convolutional layers, each with 2 x 2 max pooling, one fully connected layer, all relu, then log softmax.

    channels: feature maps of the first and the second layer. kernel, pad: side of the (square) filters and width of the
    zero padding, one number for both layers or one each. fc: units of the fully connected layer; 0 joins the second
    feature map straight to the outputs. Raises ValueError where nothing is left of the image after the second layer.
    """

    def __init__(
        self,
        channels: tuple[int, int] = (16, 32),
        kernel: int | tuple[int, int] = 3,
        pad: int | tuple[int, int] = 1,
        fc: int = 128,
    ):
        super().__init__()
        kernels = (kernel, kernel) if isinstance(kernel, int) else kernel
        pads = (pad, pad) if isinstance(pad, int) else pad
        side = SIDE
        for size, margin in zip(kernels, pads, strict=True):
            side = (side + 2 * margin - size + 1) // 2
            if side < 1:
                raise ValueError(f'a {SIDE} x {SIDE} image is too small for kernels {kernels} with padding {pads}')
        self.conv1 = nn.Conv2d(1, channels[0], kernels[0], padding=pads[0])
        self.conv2 = nn.Conv2d(channels[0], channels[1], kernels[1], padding=pads[1])
        features = channels[1] * side * side
        self.fc = nn.Linear(features, fc) if fc else None
        self.out = nn.Linear(fc or features, CLASSES)
        self.to(memory_format=torch.channels_last)  # convolution and pooling are a third faster in this layout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # relu after pooling is the same function as before it, on a quarter of the numbers
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2)).flatten(1)
        if self.fc is not None:
            x = F.relu(self.fc(x))
        return F.log_softmax(self.out(x), dim=1)
