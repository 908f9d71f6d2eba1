"""Products, elementwise work and a tuning iteration by PyTorch. Argument: threads."""

import sys

import torch
import torch.nn.functional as F
from peer import numbers, serve
from torch_block import tuning

torch.set_num_threads(int(sys.argv[1]))


def matmul(layout, m, n, k):
    a = torch.from_numpy(numbers(1, m * k)).reshape((k, m) if layout == "xtw" else (m, k))
    b = torch.from_numpy(numbers(2, n * k)).reshape((n, k) if layout == "xwt" else (k, n))
    out = torch.empty(m, n)
    left = a.t() if layout == "xtw" else a
    right = b.t() if layout == "xwt" else b
    return (lambda: torch.mm(left, right, out=out)), (lambda: out)


def pointwise(name, rows, dim):
    x = torch.from_numpy(numbers(1, rows * dim) * 4).reshape(rows, dim)
    w = torch.from_numpy(numbers(2, dim))
    y = torch.empty_like(x)
    bf16 = x.to(torch.bfloat16)
    f16 = x.to(torch.float16)
    out = {"y": y}

    def keep(function):
        def work():
            out["y"] = function()

        return work

    work = {
        "exp": lambda: torch.exp(x, out=y),
        "softmax": keep(lambda: F.softmax(x, dim=-1)),
        "silu": keep(lambda: F.silu(x)),
        "gelu": keep(lambda: F.gelu(x)),
        "gelu_tanh": keep(lambda: F.gelu(x, approximate="tanh")),
        "rms_norm": keep(lambda: F.rms_norm(x, (dim,), w, 1e-5)),
        "layer_norm": keep(lambda: F.layer_norm(x, (dim,), w, w, 1e-5)),
        "bf16_to_f32": lambda: y.copy_(bf16),
        "f16_to_f32": lambda: y.copy_(f16),
        "f32_to_bf16": lambda: bf16.copy_(x),
        "f32_to_f16": lambda: f16.copy_(x),
    }[name]
    narrow = {"f32_to_bf16": bf16, "f32_to_f16": f16}
    return work, lambda: narrow.get(name, out["y"]).float()


def attention(batch, length, heads, kv_heads, dim):
    def operand(salt, h):
        x = torch.from_numpy(numbers(salt, batch * length * h * dim))
        return x.reshape(batch, length, h, dim).transpose(1, 2)

    q, k, v = operand(1, heads), operand(2, kv_heads), operand(3, kv_heads)
    out = {}

    def work():
        out["y"] = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    return work, lambda: out["y"].transpose(1, 2)


def prepare(words):
    with torch.no_grad():
        if words[0] == "matmul":
            return matmul(words[1], *map(int, words[2:5]))
        if words[0] == "pointwise":
            return pointwise(words[1], *map(int, words[2:4]))
        if words[0] == "attention":
            return attention(*map(int, words[1:6]))
    return tuning(words[1])


def ask(words):
    return torch.__version__ + ", " + torch.backends.cpu.get_cpu_capability()



serve(prepare, ask)
