"""Tiny random models in shapes that llama.cpp has, where those beside the tests have others.

gguf_models.py FOLDER: writes a folder for each, with the logits of transformers, for `gguf --families FOLDER`.
Needs torch and transformers.
"""

import os
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from models import FEW, GPT, SMALL, without

ALL = dict(SMALL, num_key_value_heads=4)
LATENT = dict(kv_lora_rank=32, qk_nope_head_dim=16, qk_rope_head_dim=16, v_head_dim=16, head_dim=16,
              n_routed_experts=4, n_shared_experts=1, n_group=1, topk_group=1, first_k_dense_replace=1)

# name: (model_type, keys of the configuration)
MODELS = {
    "ernie_plain": ("ernie4_5", dict(SMALL, use_bias=False)),
    "ernie_moe_plain": ("ernie4_5_moe", dict(
        SMALL, use_bias=False, moe_num_experts=4, moe_k=2, moe_num_shared_experts=1, moe_intermediate_size=32,
        moe_layer_start_index=1, moe_layer_end_index=1, moe_layer_interval=1)),
    "dots1_all_heads": ("dots1", dict(ALL | FEW | without(LATENT, "kv_lora_rank"), routed_scaling_factor=1.5)),
    "olmoe_all_heads": ("olmoe", ALL | FEW),
    "deepseek_27_layers": ("deepseek_v2", dict(ALL | FEW | LATENT, q_lora_rank=None, num_hidden_layers=27)),
    "cohere_64_layers": ("cohere", dict(SMALL, tie_word_embeddings=True, use_qk_norm=True, num_hidden_layers=64)),
    "exaone4": ("exaone4", dict(SMALL, sliding_window=None, layer_types=["full_attention"] * 2)),
    "exaone4_sliding": ("exaone4", dict(
        SMALL, sliding_window=6, num_hidden_layers=64,
        layer_types=["full_attention" if i % 4 == 3 else "sliding_attention" for i in range(64)])),
    "phi3": ("phi3", dict(SMALL, sliding_window=None)),
    "mistral": ("mistral", dict(SMALL, sliding_window=None)),
    "starcoder2": ("starcoder2", dict(SMALL, sliding_window=None)),
    "bloom": ("bloom", dict(without(GPT, "n_embd", "n_inner"), hidden_size=64)),
}


def make(name, folder):
    kind, keys = MODELS[name]
    torch.manual_seed(17)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **keys), dtype=torch.float32).eval()
    few = keys.get("num_hidden_layers", 2) <= 4
    with torch.no_grad():
        for own, p in model.named_parameters():
            near = 1.0 if p.dim() == 1 and own.endswith("weight") else 0.0
            # What many layers add up stays small.
            p.copy_(near + torch.randn_like(p) * (0.1 if p.dim() == 1 else 0.15 if few else 0.08))
        ids = torch.tensor([[7, 31, 112, 5, 68, 200, 17, 93, 41, 150, 12, 77]])
        logits = model(input_ids=ids).logits.float()
    model.save_pretrained(folder)
    save_file({"p0.input_ids": ids, "p0.logits": logits.contiguous()}, f"{folder}/expected.safetensors")


if __name__ == "__main__":
    for name in MODELS:
        make(name, os.path.join(sys.argv[1], name))
