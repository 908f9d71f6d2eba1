"""GPTQ's program and the blocked form of QuantEase in PyTorch, timed on one random layer.

The counterpart of LayerSolversBench: W [2048, 2048], X [4096, 2048], 3 bits, a grid for each row.
Usage: python layer_solvers.py [threads]
"""

import sys
import time

import torch

SIZE, TOKENS, BITS, SWEEPS, BLOCK = 2048, 4096, 3, 30, 128
MOST = 2**BITS - 1


def grid(w):
    lo, hi = w.amin(1).clamp_max(0), w.amax(1).clamp_min(0)
    scale = (hi - lo) / MOST
    return scale[:, None], torch.round(-lo / scale)[:, None]


def quantize(x, scale, zero):
    return scale * (torch.clamp(torch.round(x / scale) + zero, 0, MOST) - zero)


def moments(x):
    return x.t() @ x


def gptq(w, x):
    scale, zero = grid(w)
    h = moments(x) * 2
    h.diagonal().add_(0.01 * h.diagonal().mean())
    u = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(h)), upper=True)
    w, q = w.clone(), torch.zeros_like(w)
    for first in range(0, SIZE, BLOCK):
        end = first + BLOCK
        v, errors, own = w[:, first:end].clone(), torch.zeros_like(w[:, first:end]), u[first:end, first:end]
        for j in range(BLOCK):
            column = v[:, j]
            rounded = quantize(column[:, None], scale, zero).flatten()
            q[:, first + j] = rounded
            error = (column - rounded) / own[j, j]
            v[:, j:] -= error[:, None] @ own[j, j:][None]
            errors[:, j] = error
        w[:, end:] -= errors @ u[first:end, end:]
    return q


def quantease(w, x):
    scale, zero = grid(w)
    sigma = moments(x)
    n = sigma / sigma.diagonal()
    n.fill_diagonal_(0)
    target, value, residual = w.t().contiguous(), w.t().contiguous(), torch.zeros_like(w).t().contiguous()
    scale, zero = scale.flatten(), zero.flatten()
    for t in range(SWEEPS):
        relaxed = t % 3 == 1 and t != SWEEPS - 1 and t <= 25
        for first in range(0, SIZE, BLOCK):
            end = first + BLOCK
            change, own = torch.empty(BLOCK, SIZE), n[first:end, first:end]
            for j in range(BLOCK):
                best = target[first + j] + residual[first + j]
                if j:
                    best = best + own[:j, j] @ change[:j]
                if not relaxed:
                    best = quantize(best, scale, zero)
                change[j] = value[first + j] - best
                value[first + j] = best
            residual.addmm_(n[first:end].t(), change)
    return value.t()


def main():
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    torch.manual_seed(1)
    w = torch.randn(SIZE, SIZE)
    x = torch.randn(TOKENS, SIZE // 4) @ torch.randn(SIZE // 4, SIZE) + torch.randn(TOKENS, SIZE)
    for name, solve, rounds in (("moments", lambda w, x: moments(x), 5), ("gptq", gptq, 5), ("quantease", quantease, 3)):
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            result = solve(w, x)
            times.append(time.perf_counter() - start)
        error = 0.0
        if name != "moments":
            error = (((w - result) @ x.t()).square().sum() / (w @ x.t()).square().sum()).item()
        print(f"{name:10} median {sorted(times)[len(times) // 2]:.3f} s, best {min(times):.3f} s, error {error:.5f}")


main()
