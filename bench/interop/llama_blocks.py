"""Blocks of llama.cpp's encoders, which EncodersTest of formats holds Ashlar's to.

llama_blocks.py LIBRARIES OUTPUT: LIBRARIES is a folder with libggml-base, OUTPUT the file to write,
formats/src/test/resources/dev/ashlar/formats/gguf/encoders.safetensors. Needs numpy and safetensors.
"""

import ctypes
import glob
import sys

import numpy as np
from safetensors.numpy import save_file

# ggml_type
TYPES = {
    "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10, "Q3_K": 11, "Q4_K": 12,
    "Q5_K": 13, "Q6_K": 14, "IQ4_NL": 20, "IQ4_XS": 23, "TQ1_0": 34, "TQ2_0": 35, "MXFP4": 39,
}
ROWS, IN = 2, 512


def sources():
    """Rows as weights are, and as they should not be; all of them numbers of half precision."""
    random = np.random.default_rng(17)
    gaussian = random.normal(size=(ROWS, IN)) * 0.04
    heavy = random.standard_t(3, size=(ROWS, IN)) * 0.02
    constant = random.normal(size=(ROWS, IN)) * 0.04
    constant[:, 32:96] = 0.03
    constant[0, 256:] = -0.02
    zeros = random.normal(size=(ROWS, IN)) * 0.04
    zeros[random.random(size=(ROWS, IN)) < 0.7] = 0
    zeros[:, 64:128] = 0
    zeros[1, 256:] = 0
    outlier = random.normal(size=(ROWS, IN)) * 0.02
    outlier[:, [100, 401]] = [1.5, -0.7]
    named = dict(gaussian=gaussian, heavy=heavy, constant=constant, zeros=zeros, outlier=outlier)
    return {name: rows.astype(np.float16) for name, rows in named.items()}


folder, target = sys.argv[1:]
library = ctypes.CDLL(sorted(glob.glob(f"{folder}/libggml-base.so*"))[0])
quantize = library.ggml_quantize_chunk
quantize.restype = ctypes.c_size_t
quantize.argtypes = [
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64,
    ctypes.c_void_p,
]
importance = np.exp(1.2 * np.random.default_rng(18).normal(size=IN)).astype(np.float16)
tensors = {"importance": importance}
for name, half in sources().items():
    tensors[f"{name}.source"] = half
    rows = half.astype(np.float32)
    counts = importance.astype(np.float32)
    for kind, number in TYPES.items():
        for suffix, given in (("", None), (".importance", counts.ctypes.data)):
            blocks = np.zeros(rows.size * 4, dtype=np.uint8)
            n = quantize(number, rows.ctypes.data, blocks.ctypes.data, 0, ROWS, IN, given)
            tensors[f"{name}.{kind}{suffix}"] = blocks[:n]
save_file(tensors, target)
