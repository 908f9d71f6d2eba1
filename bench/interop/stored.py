"""Files of safetensors without the package for them."""

import json
import struct

import numpy as np

KINDS = {"F32": np.float32, "I64": np.int64}


def tensors(path):
    """The float32 and int64 tensors of a file, by name."""
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        data = f.read()
    found = {}
    for name, info in header.items():
        if name != "__metadata__" and info["dtype"] in KINDS:
            a, b = info["data_offsets"]
            found[name] = np.frombuffer(data[a:b], KINDS[info["dtype"]]).reshape(info["shape"])
    return found
