"""Tiny random models of many families, as transformers itself saves them, with a word tokenizer."""

import json

import torch
from transformers import AutoConfig, AutoModelForCausalLM

VOCAB = 256
SMALL = dict(
    vocab_size=VOCAB,
    hidden_size=64,
    intermediate_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
    head_dim=16,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
    tie_word_embeddings=False,
)
GPT = dict(vocab_size=VOCAB, n_embd=64, n_layer=2, n_head=4, n_positions=128, n_inner=128)
GPT |= dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
EXPERTS = dict(num_local_experts=4, num_experts_per_tok=2)
FEW = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32)


def without(keys, *names):
    return {k: v for k, v in keys.items() if k not in names}


# model_type: (stored type, keys of the configuration)
FAMILIES = {
    "llama": (torch.float16, SMALL),
    "qwen2": (torch.bfloat16, SMALL),
    "qwen3": (torch.bfloat16, SMALL),
    "mistral": (torch.float32, SMALL),
    "phi3": (torch.bfloat16, SMALL),
    "opt": (
        torch.float16,
        dict(SMALL, ffn_dim=128, word_embed_proj_dim=64, tie_word_embeddings=True),
    ),
    "gpt2": (torch.float32, GPT),
    "gpt_neox": (torch.float16, dict(SMALL, rotary_pct=0.5)),
    "falcon": (
        torch.bfloat16,
        dict(without(SMALL, "head_dim"), new_decoder_architecture=True, num_kv_heads=2),
    ),
    "mixtral": (torch.bfloat16, SMALL | EXPERTS),
    "phimoe": (torch.bfloat16, SMALL | EXPERTS),
    "minimax_m2": (torch.bfloat16, dict(SMALL | EXPERTS, rotary_dim=16)),
    "gpt_oss": (torch.bfloat16, SMALL | EXPERTS),
    "granitemoe": (torch.bfloat16, SMALL | EXPERTS),
    "qwen2_moe": (torch.float16, dict(SMALL | FEW, shared_expert_intermediate_size=64)),
    "qwen3_moe": (torch.bfloat16, SMALL | FEW),
    "olmoe": (torch.bfloat16, SMALL | FEW),
    "deepseek_v3": (
        torch.bfloat16,
        dict(
            SMALL | FEW,
            num_key_value_heads=4,
            n_routed_experts=4,
            n_shared_experts=1,
            n_group=1,
            topk_group=1,
            first_k_dense_replace=1,
            q_lora_rank=32,
            kv_lora_rank=32,
            qk_nope_head_dim=16,
            qk_rope_head_dim=16,
            v_head_dim=16,
            head_dim=16,
        ),
    ),
}


def some(family):
    """Names of layers to be left float: those of one block, and single experts where there are any."""
    block = "h.1." if family in ("gpt2", "falcon") else "layers.1."
    keys = FAMILIES[family][1]
    mixture = any("experts_per_tok" in key for key in keys)
    return block + (",experts.1.,experts.3." if mixture else "")


def make(family, folder):
    """A model whose parameters are all drawn anew; saved as its family publishes it."""
    dtype, keys = FAMILIES[family]
    torch.manual_seed(1234)
    config = AutoConfig.for_model(family, **keys)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, p in model.named_parameters():
            near = 1.0 if p.dim() == 1 and name.endswith("weight") else 0.0
            p.copy_(near + torch.randn_like(p) * (0.1 if p.dim() == 1 else 0.15))
    model.to(dtype).save_pretrained(folder)
    tokenizer(folder)


def tokenizer(folder):
    """Words w0 to w255."""
    whole = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {f"w{i}": i for i in range(VOCAB)},
            "unk_token": "w0",
        },
    }
    with open(f"{folder}/tokenizer.json", "w", encoding="utf-8") as f:
        json.dump(whole, f)
    with open(f"{folder}/tokenizer_config.json", "w", encoding="utf-8") as f:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "w0"}, f)
