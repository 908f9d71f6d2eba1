"""Encoding by the Rust library tokenizers, on one thread and without offsets."""

import gzip
import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from peer import serve
from tokenizers import Tokenizer

PARTS = 16
MODULUS = 1048573


def prepare(words):
    file, texts = words[1], words[2:]
    opened = gzip.open if file.endswith(".gz") else open
    with opened(file, "rt", encoding="utf-8") as f:
        tokenizer = Tokenizer.from_str(f.read())
    contents = [open(t, encoding="utf-8", newline="").read() for t in texts]
    last = []

    def work():
        last[:] = [
            tokenizer.encode_batch_fast([c], add_special_tokens=False)[0] for c in contents
        ]

    def result():
        ids = [i for encoding in last for i in encoding.ids]
        sums = [0.0] * PARTS
        for p in range(PARTS):
            h = 0
            for i in ids[p * len(ids) // PARTS : (p + 1) * len(ids) // PARTS]:
                h = (h * 31 + i) % MODULUS
            sums[p] = float(h)
        return sums

    return work, result


serve(prepare)
