"""Products by numpy and the OpenBLAS it brings; threads come from the environment."""

import numpy as np
from peer import numbers, serve


def prepare(words):
    layout, m, n, k = words[1], *map(int, words[2:5])
    a = numbers(1, m * k).reshape((k, m) if layout == "xtw" else (m, k))
    b = numbers(2, n * k).reshape((n, k) if layout == "xwt" else (k, n))
    out = np.empty((m, n), np.float32)
    left = a.T if layout == "xtw" else a
    right = b.T if layout == "xwt" else b
    return (lambda: np.matmul(left, right, out=out)), (lambda: out)


serve(prepare)
