"""GPTQ's program and the blocked form of QuantEase in PyTorch.

Run as a program they are timed on one random layer, as LayerSolversBench times Ashlar's:
W [2048, 2048], X [4096, 2048], 3 bits, a grid for each row.
Usage: python layer_solvers.py [threads]
"""

import sys
import time

import torch

SIZE, TOKENS, BITS, SWEEPS, BLOCK = 2048, 4096, 3, 30, 128


class Grid:
    """Scales and zero points [out, groups] of weights [out, in], from the least and largest of a group."""

    def __init__(self, w, bits, group=None):
        self.group = group or w.shape[1]
        self.most = 2**bits - 1
        v = w.unflatten(1, (-1, self.group))
        lo, hi = v.amin(2).clamp_max(0), v.amax(2).clamp_min(0)
        nothing = lo == hi
        lo, hi = lo.masked_fill(nothing, -1), hi.masked_fill(nothing, 1)
        scale = (hi - lo) / self.most
        zero = torch.round(-lo / scale)
        # A column is contiguous, as solvers want them one by one.
        self.scale, self.zero = scale.t().contiguous(), zero.t().contiguous()

    def nearest(self, column, j):
        """What rounding makes of a column [out], the j-th."""
        scale, zero = self.scale[j // self.group], self.zero[j // self.group]
        return scale * (torch.clamp(torch.round(column / scale) + zero, 0, self.most) - zero)


def moments(x):
    return x.t() @ x


def gptq(w, sigma, grid):
    h = sigma * 2
    h.diagonal().add_(0.01 * h.diagonal().mean())
    u = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(h)), upper=True)
    w, q = w.clone(), torch.zeros_like(w)
    for first in range(0, w.shape[1], BLOCK):
        end = min(first + BLOCK, w.shape[1])
        v, errors, own = w[:, first:end].clone(), torch.zeros_like(w[:, first:end]), u[first:end, first:end]
        for j in range(end - first):
            column = v[:, j]
            rounded = grid.nearest(column, first + j)
            q[:, first + j] = rounded
            error = (column - rounded) / own[j, j]
            v[:, j:] -= error[:, None] @ own[j, j:][None]
            errors[:, j] = error
        w[:, end:] -= errors @ u[first:end, end:]
    return q


def quantease(w, sigma, grid, sweeps=SWEEPS):
    dead = sigma.diagonal() == 0
    n = sigma / sigma.diagonal().masked_fill(dead, 1)
    n.fill_diagonal_(0)
    target, value, residual = w.t().contiguous(), w.t().contiguous(), torch.zeros_like(w).t().contiguous()
    for t in range(sweeps):
        relaxed = t % 3 == 1 and t != sweeps - 1 and t <= 25
        for first in range(0, len(value), BLOCK):
            end = min(first + BLOCK, len(value))
            change, own = torch.empty_like(value[first:end]), n[first:end, first:end]
            for j in range(end - first):
                best = target[first + j] + residual[first + j]
                if j:
                    best = best + own[:j, j] @ change[:j]
                if not relaxed or dead[first + j]:
                    best = grid.nearest(best, first + j)
                change[j] = value[first + j] - best
                value[first + j] = best
            residual.addmm_(n[first:end].t(), change)
    return value.t()


def main():
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    torch.manual_seed(1)
    w = torch.randn(SIZE, SIZE)
    x = torch.randn(TOKENS, SIZE // 4) @ torch.randn(SIZE // 4, SIZE) + torch.randn(TOKENS, SIZE)
    cases = (
        ("moments", lambda: moments(x), 5),
        ("gptq", lambda: gptq(w, moments(x), Grid(w, BITS)), 5),
        ("quantease", lambda: quantease(w, moments(x), Grid(w, BITS)), 3),
    )
    for name, solve, rounds in cases:
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            result = solve()
            times.append(time.perf_counter() - start)
        error = 0.0
        if name != "moments":
            error = (((w - result) @ x.t()).square().sum() / (w @ x.t()).square().sum()).item()
        print(f"{name:10} median {sorted(times)[len(times) // 2]:.3f} s, best {min(times):.3f} s, error {error:.5f}")


if __name__ == "__main__":
    main()
