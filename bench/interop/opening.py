"""How soon models are at work, and how fast they are written; see the script beside this file."""

import argparse
import glob
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time

GIGA = 1e9
BLOCK = 512  # bytes of a block that getrusage counts

# Programs of the peers, each in a process of its own as Ashlar is; argv: MODEL [OUTPUT TYPE].
SAFETENSORS_HEADER = """
import glob, sys
from safetensors import safe_open
for path in glob.glob(sys.argv[1] + "/*.safetensors"):
    with safe_open(path, "np") as f:
        for name in f.keys():
            f.get_slice(name).get_shape()
"""
SAFETENSORS_ALL = """
import glob, sys
from safetensors import safe_open
for path in glob.glob(sys.argv[1] + "/*.safetensors"):
    with safe_open(path, "pt") as f:
        for name in f.keys():
            f.get_tensor(name).clone()
"""
GGUF_HEADER = """
import sys
from gguf import GGUFReader
for tensor in GGUFReader(sys.argv[1]).tensors:
    tensor.shape
"""
GGUF_ALL = """
import sys
from gguf import GGUFReader
for tensor in GGUFReader(sys.argv[1]).tensors:
    tensor.data.copy()
"""
SAFETENSORS_WRITE = """
import glob, os, sys
from safetensors import safe_open
from safetensors.torch import save_file
for path in glob.glob(sys.argv[1] + "/*.safetensors"):
    with safe_open(path, "pt") as f:
        tensors = {name: f.get_tensor(name) for name in f.keys()}
    target = os.path.join(sys.argv[2], os.path.basename(path))
    save_file(tensors, target)
    with open(target, "rb+") as f:
        os.fsync(f.fileno())
"""
# Names are the model's own: what counts is the work, not that llama.cpp could run the file.
GGUF_WRITE = """
import glob, os, sys
from safetensors import safe_open
from gguf import GGUFWriter, GGMLQuantizationType, quants
kind = GGMLQuantizationType[sys.argv[3].upper()]
target = os.path.join(sys.argv[2], "model.gguf")
writer = GGUFWriter(target, "llama", use_temp_file=False)
opened = [safe_open(path, "pt") for path in glob.glob(sys.argv[1] + "/*.safetensors")]
packed = []
for f in opened:
    for name in f.keys():
        floats = f.get_tensor(name).float().numpy()
        whole = floats.ndim == 1
        data = floats if whole else quants.quantize(floats, kind)
        packed.append(data)
        writer.add_tensor(name, data, raw_dtype=None if whole else kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
with open(target, "rb+") as f:
    os.fsync(f.fileno())
"""


def files(model):
    return sorted(glob.glob(model + "/*.safetensors")) if os.path.isdir(model) else [model]


def size(model):
    return sum(os.path.getsize(f) for f in files(model))


def drop(model):
    """Lets the kernel forget a model's pages."""
    for path in files(model):
        with open(path, "rb") as f:
            os.fsync(f.fileno())
            os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measured(command):
    """Wall and processor seconds, gigabytes read from the disk."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"opening: {command[:3]} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, (after.ru_inblock - before.ru_inblock) * BLOCK / GIGA


def medians(rounds):
    return tuple(statistics.median(figures) for figures in zip(*rounds))


def peer(source, *arguments):
    return [sys.executable, "-c", source, *arguments]


def opened(model, rounds):
    folder = os.path.isdir(model)
    programs = {
        "ashlar inspect": [ashlar, "inspect", "--model", model, "--json"],
        "ashlar, first token": [ashlar, "generate", "--model", model, "--prompt", "Once",
                                "--max-tokens", "1", "--temperature", "0"],
        "package, names and shapes": peer(SAFETENSORS_HEADER if folder else GGUF_HEADER, model),
        "package, every tensor": peer(SAFETENSORS_ALL if folder else GGUF_ALL, model),
    }
    cold = {name: [] for name in programs}
    warm = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            drop(model)
            cold[name].append(measured(command))
            warm[name].append(measured(command))
    print(f"\n{model}: {size(model) / GIGA:.2f} GB, medians of {rounds} rounds")
    print(f"{'':28} {'cold, s':>8} {'CPU, s':>8} {'read, GB':>9} {'warm, s':>8} {'CPU, s':>8}")
    for name in programs:
        c, w = medians(cold[name]), medians(warm[name])
        print(f"{name:28} {c[0]:8.2f} {c[1]:8.2f} {c[2]:9.2f} {w[0]:8.2f} {w[1]:8.2f}", flush=True)


def written(model, parent, types, rounds):
    """Floats of a folder, in its own type and packed; gigabytes a second are of what is read."""
    jobs = {}
    for kind in ("safetensors", *types):
        form = [kind] if kind == "safetensors" else [f"gguf:{kind}"]
        jobs[kind, "ashlar"] = lambda out, form=form: [
            ashlar, "convert", "--model", model, "--format", *form, "--output-dir", out]
        source = SAFETENSORS_WRITE if kind == "safetensors" else GGUF_WRITE
        jobs[kind, "package"] = lambda out, source=source, kind=kind: peer(source, model, out, kind)
    took = {job: [] for job in jobs}
    sizes = {}
    for _ in range(rounds):
        for job, command in jobs.items():
            out = os.path.join(parent, "opening-out")
            shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out)
            took[job].append(measured(command(out)))
            sizes[job] = sum(os.path.getsize(f) for f in glob.glob(out + "/*.safetensors") + glob.glob(out + "/*.gguf"))
            shutil.rmtree(out)
    print(f"\n{model}, written to {parent}, medians of {rounds} rounds")
    print(f"{'':24} {'seconds':>8} {'CPU, s':>8} {'GB/s':>6} {'written, GB':>12}")
    for job in jobs:
        wall, cpu, _ = medians(took[job])
        print(f"{job[0] + ', ' + job[1]:24} {wall:8.1f} {cpu:8.1f} {size(model) / GIGA / wall:6.2f} "
              f"{sizes[job] / GIGA:12.2f}", flush=True)


parser = argparse.ArgumentParser(prog="opening")
parser.add_argument("ashlar")
parser.add_argument("models", nargs="+", metavar="MODEL")
parser.add_argument("--write", metavar="FOLDER")
given = parser.parse_args()
ashlar = given.ashlar
rounds = int(os.environ.get("ROUNDS", "3"))
subprocess.run([ashlar, "--version"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for model in given.models:
    opened(model, rounds)
    if given.write and os.path.isdir(model):
        written(model, given.write, os.environ.get("TYPES", "q8_0 q4_0").split(), rounds)
