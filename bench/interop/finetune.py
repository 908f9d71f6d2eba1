"""Fine-tuning by Ashlar and by PEFT; see the script beside this file."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

STEPS, BATCH, LENGTH, ROUNDS = (
    int(os.environ.get(name, usual)) for name, usual in (("STEPS", 12), ("BATCH", 2), ("LENGTH", 256), ("ROUNDS", 3))
)
THREADS = int(os.environ.get("THREADS", os.cpu_count()))
RATE, RANK, ALPHA, CLIP = 1e-3, 8, 16, 1.0
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, **options)
    if done.returncode:
        sys.exit(f"finetune: {command[:3]} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout


def timed(command):
    """Answer, wall seconds and processor seconds of a program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    said = run(command)
    wall = time.monotonic() - start
    # Packages that are installed may say something first.
    answer = json.loads(said[said.index("\n{" if not said.startswith("{") else "{"):])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return answer, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def samples(model, path):
    """A text in samples of tokens [samples, length], what is left over left out."""
    import torch
    from tokenizers import Tokenizer

    with open(path, encoding="utf-8") as f:
        ids = Tokenizer.from_file(os.path.join(model, "tokenizer.json")).encode(f.read(), add_special_tokens=False).ids
    return torch.tensor(ids[: len(ids) // LENGTH * LENGTH]).view(-1, LENGTH)


def loss_of(model, ids):
    import torch

    with torch.no_grad():
        return statistics.fmean(model(input_ids=row[None], labels=row[None]).loss.item() for row in ids)


def peft(floats, text, held_out, adapter):
    """Trains, or measures an adapter that is there; prints JSON."""
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(THREADS)
    torch.manual_seed(42)
    base = AutoModelForCausalLM.from_pretrained(floats, dtype=torch.float32)
    held = samples(floats, held_out)
    if adapter:
        print(json.dumps({"after": loss_of(PeftModel.from_pretrained(base, adapter), held)}))
        return
    model = get_peft_model(base, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=TARGETS, task_type="CAUSAL_LM"))
    before = loss_of(model, held)
    ids = samples(floats, text)
    order = torch.randperm(len(ids))
    trained = [p for p in model.parameters() if p.requires_grad]
    adam = torch.optim.AdamW(trained, lr=RATE, betas=(0.9, 0.95), weight_decay=0)
    start = time.monotonic()
    for step in range(STEPS):
        for group in adam.param_groups:
            group["lr"] = RATE * (STEPS - step) / STEPS
        batch = ids[order[torch.arange(step * BATCH, (step + 1) * BATCH) % len(ids)]]
        model(input_ids=batch, labels=batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, CLIP)
        adam.step()
        adam.zero_grad()
    print(json.dumps({"before": before, "steps": time.monotonic() - start, "after": loss_of(model, held)}))


def main(ashlar, model, text, held_out):
    with tempfile.TemporaryDirectory() as scratch:
        packed, floats = f"{scratch}/packed", f"{scratch}/floats"
        run([ashlar, "quantize", "--model", model, "--method", "rtn", "--bits", "4", "--asym", "--group-size", "64",
             "--format", "auto_round", "--no-eval", "--output-dir", packed])
        run([ashlar, "convert", "--model", packed, "--dtype", "f32", "--output-dir", floats])
        own, theirs = [], []
        for round in range(ROUNDS):
            adapter = f"{scratch}/adapter{round}"
            own.append(timed([
                ashlar, "finetune", "--model", packed, "--dataset", text, "--eval-dataset", held_out, "--output-dir",
                adapter, "--steps", str(STEPS), "--batch-size", str(BATCH), "--seqlen", str(LENGTH), "--lr", str(RATE),
                "--rank", str(RANK), "--alpha", str(ALPHA), "--threads", str(THREADS), "--json"]))
            theirs.append(timed([sys.executable, __file__, "--peft", floats, text, held_out, ""]))
        read, _, _ = timed([sys.executable, __file__, "--peft", floats, text, held_out, adapter])
        print(json.dumps({"ashlar": own, "peft": theirs, "peft reads ashlar's": read}, indent=1))
        for name, rounds in (("Ashlar", own), ("PEFT", theirs)):
            wall, cpu = (statistics.median(r[i] for r in rounds) for i in (1, 2))
            print(f"{name:8} wall {wall:7.1f} s, processor {cpu:7.1f} s")


if sys.argv[1] == "--peft":
    peft(*sys.argv[2:])
else:
    main(*sys.argv[1:])
