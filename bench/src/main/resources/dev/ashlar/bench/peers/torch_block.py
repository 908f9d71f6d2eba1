"""One iteration of SignRound on a Llama block in PyTorch, float32.

The quantizer is the asymmetric one of AutoRound as published (arXiv 2309.05516): float16 scales,
rounding passed straight through, sign steps on rounding offsets and on the ranges' multipliers.
"""

import numpy as np
import torch
import torch.nn.functional as F

DIM, FEED_FORWARD, HEADS, KV_HEADS, HEAD_DIM = 576, 1536, 9, 3, 64
BATCH, LENGTH, BITS, GROUP = 4, 256, 4, 64
EPS, THETA, LR = 1e-5, 100000.0, 1 / 200

SHAPES = {
    "q": (DIM, DIM),
    "k": (KV_HEADS * HEAD_DIM, DIM),
    "v": (KV_HEADS * HEAD_DIM, DIM),
    "o": (DIM, DIM),
    "gate": (FEED_FORWARD, DIM),
    "up": (FEED_FORWARD, DIM),
    "down": (DIM, FEED_FORWARD),
}


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


class Half(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.half().float()

    @staticmethod
    def backward(ctx, g):
        return g


class Quantizer:
    def __init__(self, w):
        self.w = w.reshape(-1, GROUP)
        self.shape = w.shape
        self.low = self.w.amin(1).clamp(max=0)
        self.high = self.w.amax(1).clamp(min=0)
        self.value = torch.zeros_like(self.w).requires_grad_()
        self.min_scale = torch.ones_like(self.low).requires_grad_()
        self.max_scale = torch.ones_like(self.high).requires_grad_()

    def parameters(self):
        return [self.value, self.min_scale, self.max_scale]

    def weight(self):
        with torch.no_grad():
            self.min_scale.clamp_(0, 1)
            self.max_scale.clamp_(0, 1)
        top = 2**BITS - 1
        low, high = self.low * self.min_scale, self.high * self.max_scale
        scale = Half.apply((high - low) / top).clamp(min=1e-5).unsqueeze(1)
        zero = Straight.apply(-low.unsqueeze(1) / scale)
        code = (Straight.apply(self.w / scale + self.value) + zero).clamp(0, top)
        return (scale * (code - zero)).reshape(self.shape)


def rotation():
    inverse = THETA ** (-torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)
    angle = torch.outer(torch.arange(LENGTH).float(), inverse)
    angle = torch.cat((angle, angle), -1)
    return angle.cos()[None, None], angle.sin()[None, None]


def rotate(x, cos, sin):
    half = HEAD_DIM // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), -1)
    return x * cos + turned * sin


def block(x, w, norms, cos, sin):
    h = F.rms_norm(x, (DIM,), norms[0], EPS)

    def heads(name, count):
        y = F.linear(h, w[name]).reshape(BATCH, LENGTH, count, HEAD_DIM).transpose(1, 2)
        return y

    q = rotate(heads("q", HEADS), cos, sin)
    k = rotate(heads("k", KV_HEADS), cos, sin)
    a = F.scaled_dot_product_attention(q, k, heads("v", KV_HEADS), is_causal=True, enable_gqa=True)
    x = x + F.linear(a.transpose(1, 2).reshape(BATCH, LENGTH, DIM), w["o"])
    h = F.rms_norm(x, (DIM,), norms[1], EPS)
    return x + F.linear(F.silu(F.linear(h, w["gate"])) * F.linear(h, w["up"]), w["down"])


def tuning(path):
    """path holds, as float32: the weights in the order of SHAPES, inputs, targets."""
    data = torch.from_numpy(np.fromfile(path, np.float32))
    at = 0

    def take(*shape):
        nonlocal at
        size = int(np.prod(shape))
        at += size
        return data[at - size : at].reshape(shape).clone()

    quantizers = {name: Quantizer(take(*shape)) for name, shape in SHAPES.items()}
    inputs, targets = take(BATCH, LENGTH, DIM), take(BATCH, LENGTH, DIM)
    norms = torch.ones(2, DIM)
    cos, sin = rotation()
    parameters = [p for q in quantizers.values() for p in q.parameters()]
    losses = []

    def work():
        weights = {name: q.weight() for name, q in quantizers.items()}
        loss = F.mse_loss(block(inputs, weights, norms, cos, sin), targets)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= LR * p.grad.sign()
                p.grad = None
        losses.append(float(loss))

    # The loss of the first iteration, before any step, is what can be compared.
    return work, lambda: [losses[0]] * 16
