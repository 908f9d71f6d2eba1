"""What a peer makes of a model, as a folder; see bench/proof/peers.

Asymmetric groups, calibrated on the beginning of a text, in float32 throughout. Prints the seconds, the
processor's seconds (all threads, and programs that were started) and the peak of resident bytes, with
tabs between; loading and writing the model count, importing the libraries does not. A fourth figure is
the processor's seconds until then.
"""

import argparse
import os
import resource
import shutil
import sys
import time

import torch


def samples(args):
    """The text's first tokens [samples, length], as Ashlar cuts a plain text."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(os.path.join(args.model, "tokenizer.json"))
    with open(args.text, encoding="utf-8") as f:
        ids = tokenizer.encode(f.read(), add_special_tokens=False).ids
    n = args.samples * args.length
    if len(ids) < n:
        raise SystemExit(f"the text has {len(ids)} tokens of {n}")
    return torch.tensor(ids[:n]).view(args.samples, args.length)


def auto_round(args):
    from auto_round import AutoRound
    from transformers import AutoTokenizer

    settings = dict(iters=args.steps, batch_size=args.batch)
    if args.lr:
        settings["lr"] = args.lr
    if args.awq:
        settings["alg_configs"] = "awq"

    def quantize(ids):
        AutoRound(
            args.model, AutoTokenizer.from_pretrained(args.model), scheme="W4A16", bits=args.bits,
            group_size=args.group, sym=False, dataset=list(ids.split(args.batch)), nsamples=args.samples,
            seqlen=args.length, seed=args.seed, amp=False, device_map="cpu", **settings,
        ).quantize_and_save(output_dir=args.output, format="auto_round")

    return quantize


def gptq(args):
    # By itself it takes one on two processors, and then refuses that.
    if os.cpu_count() < 3:
        os.environ.setdefault("GPTQMODEL_CPU_WORKERS", "2")
    from gptqmodel import GPTQModel, QuantizeConfig, extension

    # Compiled once for all runs. Without a compiler its program packs codes by PyTorch.
    extension.is_available("pack_block_cpu")

    def quantize(ids):
        # Version 2 of the format, as version 1 cannot hold a zero point of 0.
        config = QuantizeConfig(
            bits=args.bits, group_size=args.group, sym=False, desc_act=False, format="gptq_v2"
        )
        model = GPTQModel.load(args.model, config, device="cpu", dtype=torch.float32)
        model.quantize([dict(input_ids=row.tolist(), attention_mask=[1] * len(row)) for row in ids])
        model.save(args.output)

    return quantize


# The linear maps of a Llama block by their inputs, in the order of the program's sets.
INPUTS = (
    ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    ("self_attn.o_proj",),
    ("mlp.gate_proj", "mlp.up_proj"),
    ("mlp.down_proj",),
)


class Caught(Exception):
    """The first block was reached."""


def first_inputs(model, ids):
    """What flows into the first block, [1, length, dim] a sample, and what else it is called with."""
    inputs, others = [], {}

    def catch(block, positional, named):
        inputs.append(positional[0])
        others.update(named)
        raise Caught

    handle = model.model.layers[0].register_forward_pre_hook(catch, with_kwargs=True)
    for row in ids:
        try:
            model(row[None], use_cache=False)
        except Caught:
            pass
    handle.remove()
    return inputs, others


def forward(block, x, others):
    y = block(x, **others)
    return y[0] if isinstance(y, tuple) else y


def solve(block, sets, inputs, others, args):
    """QuantEase for maps of a block, all seeing the block as it is."""
    from layer_solvers import Grid, moments, quantease

    sums, handles = {}, []
    for names in sets:

        def add(module, x, y, names=names):
            sums[names] = sums.get(names, 0) + moments(x[0].flatten(0, -2))

        handles.append(block.get_submodule(names[0]).register_forward_hook(add))
    for x in inputs:
        forward(block, x, others)
    for handle in handles:
        handle.remove()
    for names in sets:
        for name in names:
            weight = block.get_submodule(name).weight
            weight.copy_(quantease(weight, sums[names], Grid(weight, args.bits, args.group), args.steps))


def quantease_by_blocks(args):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    @torch.no_grad()
    def quantize(ids):
        model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
        inputs, others = first_inputs(model, ids)
        for block in model.model.layers:
            maps = {n for n, m in block.named_modules() if isinstance(m, torch.nn.Linear)}
            if maps != {n for names in INPUTS for n in names}:
                raise SystemExit(f"not a Llama block: {sorted(maps)}")
            for sets in [[s] for s in INPUTS] if args.true_sequential else [INPUTS]:
                solve(block, sets, inputs, others, args)
            inputs = [forward(block, x, others) for x in inputs]
        model.save_pretrained(args.output)
        AutoTokenizer.from_pretrained(args.model).save_pretrained(args.output)

    return quantize


PEERS = {"auto-round": auto_round, "gptqmodel": gptq, "quantease": quantease_by_blocks}


def processor():
    return sum(sum(resource.getrusage(w)[:2]) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def settle(folder):
    """Some programs write a folder below the one that they were given, or leave the tokenizer out."""
    found = sorted(d for d, _, files in os.walk(folder) if "config.json" in files)
    if not found:
        raise SystemExit("no model was written")
    if found[0] != folder:
        os.rename(found[0], folder + ".model")
        shutil.rmtree(folder)
        os.rename(folder + ".model", folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--bits", type=int, required=True)
    parser.add_argument("--group", type=int, required=True)
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--steps", type=int, default=0, help="iterations of auto-round, sweeps of QuantEase")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--awq", action="store_true", help="factors of inputs before rounding")
    parser.add_argument("--true-sequential", action="store_true")
    args = parser.parse_args()
    # The result's own stream: what the peers print goes to the log.
    result = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    quantize = PEERS[args.peer](args)
    ids = samples(args)
    start, before = time.perf_counter(), processor()
    quantize(ids)
    seconds, spent = time.perf_counter() - start, processor() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    settle(args.output)
    print(f"{seconds:.3f}\t{spent:.2f}\t{peak}\t{before:.2f}", file=result, flush=True)


if __name__ == "__main__":
    main()
    # Threads and pools that a library left behind do not hold the process up.
    sys.stdout.flush()
    os._exit(0)
