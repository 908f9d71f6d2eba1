"""One GGUF file in the eyes of gguf-py; see the script gguf beside this file."""

import glob
import os
import sys

import numpy as np
from gguf import GGUFReader, dequantize

from stored import tensors


def floats(folder):
    """What Ashlar reads in the file: its copy in safetensors of float32."""
    found = {}
    for path in glob.glob(os.path.join(folder, "*.safetensors")):
        found |= tensors(path)
    return found


def pairs(w, heads):
    """Rows of (head, i, half) as (head, half, i)."""
    out = w.shape[0]
    return w.reshape(heads, out // heads // 2, 2, -1).swapaxes(1, 2).reshape(w.shape)


STEMS = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def compare(reader, ours):
    arch = reader.fields["general.architecture"].contents()
    if arch != "llama":
        return f"names of {arch} are not compared"
    heads = reader.fields["llama.attention.head_count"].contents()
    shared = reader.fields["llama.attention.head_count_kv"].contents()
    worst = 0.0
    for t in reader.tensors:
        parts = t.name.split(".")
        if parts[0] == "blk":
            name = f"model.layers.{parts[1]}.{STEMS[parts[2]]}.{parts[3]}"
        elif parts[0] in OUTSIDE:
            name = f"{OUTSIDE[parts[0]]}.{parts[1]}"
        else:
            continue
        w = dequantize(t.data, t.tensor_type).astype(np.float32)
        if parts[0] == "blk" and parts[2] in ("attn_q", "attn_k"):
            w = pairs(w, heads if parts[2] == "attn_q" else shared)
        v = ours[name].reshape(w.shape)
        worst = max(worst, float(np.abs(w - v).max() / max(1e-30, np.abs(v).max())))
    if worst > 1e-6:
        sys.exit(f"FAILED: {reader} differs by {worst}")
    return f"{len(reader.tensors)} tensors as gguf-py reads them (largest difference {worst:.1e})"


def main():
    path = glob.glob(os.path.join(sys.argv[1], "*.gguf"))[0]
    print(os.path.basename(path), os.path.getsize(path), "bytes")
    print("  " + compare(GGUFReader(path), floats(sys.argv[2])))


main()
