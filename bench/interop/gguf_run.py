"""What llama.cpp makes of GGUF files that Ashlar writes; see the script gguf beside this file.

gguf_run.py LIBRARIES SCRATCH model TYPE...: the files are those of SCRATCH/TYPE
gguf_run.py LIBRARIES SCRATCH families FOLDER: written from the models of FOLDER
"""

import glob
import gzip
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np

import llama_cpp
from stored import tensors

HERE = os.path.dirname(os.path.abspath(__file__))
ASHLAR = os.path.join(HERE, "../../ashlar")
PROMPT = "The capital of France is"
NEW = 16
# llama.cpp keeps keys and values in half precision, and rounds activations where weights are packed, which may
# also send a token to another expert.
FLOATS, PACKED = 2e-3, 0.2
FAMILY_TYPES = ("f32", "q8_0")

# What llama.cpp does not run, or otherwise, and no warning of Ashlar's says: sizes that only tiny models have, and
# biases that no published model has.
THEIRS = [
    ("deepseek_v2_lite", "takes models of 26 or 27 layers for those without a rank of queries"),
    ("cohere_qknorm", "knows norms of heads from 64 layers on"),
    ("olmoe|dots1", "knows as many heads of keys as of queries only"),
    ("ernie4_5.*", "knows no biases there"),
    ("phi3_longrope", "takes the factors of long texts where it has room for one"),
]


def ashlar(*arguments):
    """Runs the program: its warnings, or what it refuses."""
    run = subprocess.run([ASHLAR, *arguments], capture_output=True, text=True, check=False)
    said = [line[len("ashlar: "):] for line in run.stderr.splitlines() if line.startswith("ashlar: ")]
    if run.returncode != 0:
        raise RuntimeError(next((s for s in said if not s.startswith("warning")), f"exit {run.returncode}"))
    return said


def only(folder):
    return glob.glob(f"{folder}/*.gguf")[0]


def ours(jobs):
    """Logits and likeliest tokens of (file, ids), as Ashlar computes them, in one process."""
    arguments = []
    for path, ids in jobs:
        arguments += [path, path + ".logits", ",".join(map(str, ids))]
    run = subprocess.run([f"{HERE}/logits", str(NEW), *arguments], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"FAILED: {run.stderr.strip().splitlines()[-1]}")
    found = []
    for (path, ids), line in zip(jobs, run.stdout.splitlines(), strict=True):
        found.append((np.fromfile(path + ".logits", np.float32).reshape(len(ids), -1), [int(t) for t in line.split()]))
    return found


def theirs(libraries, path, ids):
    """The same of llama.cpp, in a process of its own, which an assertion in it may end."""
    read, write = os.pipe()
    if os.fork() == 0:
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        try:
            model = llama_cpp.Model(libraries, path)
            ids = ids or model.tokens(PROMPT)
            logits, after = model.run(ids, NEW)
            answer = dict(ids=ids, after=after)
            np.save(path + ".npy", logits)
        except Exception as e:  # noqa: BLE001  # whatever it does is its result
            answer = dict(fault=str(e))
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as f:
        answer = json.loads(f.read() or '{"fault": "the process died"}')
    os.wait()
    if "fault" in answer:
        raise RuntimeError(answer["fault"])
    return answer["ids"], np.load(path + ".npy"), answer["after"]


def error(a, b):
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def same(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


class Table:
    def __init__(self):
        self.faults = self.lines = 0

    def add(self, verdict, name, kind, text):
        self.faults += verdict == "FAULT"
        self.lines += 1
        print(f"{verdict:7} {name:22} {kind:10} {text}", flush=True)

    def end(self):
        print(f"{self.lines} comparisons, {self.faults} faults")
        sys.exit(1 if self.faults else 0)


def model(libraries, scratch, types):
    table = Table()
    files = {t: only(f"{scratch}/{t}") for t in types}
    for kind in types:
        ashlar("convert", "--model", files[kind], "--format", "gguf:f32", "--output-dir", f"{scratch}/{kind}-floats")
    found = {}
    for kind, path in files.items():
        found[kind] = theirs(libraries, path, None)
    for kind, (logits, after) in zip(types, ours([(files[t], found[t][0]) for t in types]), strict=True):
        ids, packed, greedy = found[kind]
        e = error(packed, logits)
        table.add("ok" if e <= PACKED else "FAULT", kind, "", f"logits {e:.1e}, greedy {same(after, greedy)}/{NEW}")
        _, floats, greedy = theirs(libraries, only(f"{scratch}/{kind}-floats"), ids)
        e, n = error(floats, logits), same(after, greedy)
        table.add("ok" if e <= FLOATS and n == NEW else "FAULT", kind, "as floats", f"logits {e:.1e}, greedy {n}/{NEW}")
    table.end()


def sources(folder, scratch):
    """(name, model, ids, logits of transformers) of each model of a folder."""
    for packed in sorted(glob.glob(f"{folder}/*.gguf.gz")):
        name = os.path.basename(packed)[: -len(".gguf.gz")]
        os.makedirs(f"{scratch}/{name}")
        path = f"{scratch}/{name}/{name}.gguf"
        with gzip.open(packed) as a, open(path, "wb") as b:
            shutil.copyfileobj(a, b)
        expected = tensors(f"{folder}/{name}.safetensors")
        yield name, path, expected["input_ids"], expected["logits"]
    for path in sorted(glob.glob(f"{folder}/*/expected.safetensors")):
        own = os.path.dirname(path)
        expected = tensors(path)
        if os.path.exists(f"{own}/model.safetensors") and "p0.logits" in expected:
            yield os.path.basename(own), own, expected["p0.input_ids"][0], expected["p0.logits"][0]


def families(libraries, scratch, folder):
    table = Table()
    jobs, told = [], []
    for name, source, ids, expected in sources(folder, scratch):
        for kind in FAMILY_TYPES:
            out = f"{scratch}/{name}/{kind}"
            try:
                said = ashlar("convert", "--model", source, "--format", f"gguf:{kind}", "--output-dir", out)
            except RuntimeError as e:
                table.add("refused", name, kind, str(e)[:150])
                break
            known = next((s for s in said if "llama.cpp and its kin" in s), "")
            jobs.append((only(out), ids.tolist()))
            told.append((name, kind, expected, known))
    for (path, ids), (name, kind, expected, known), (logits, after) in zip(jobs, told, ours(jobs), strict=True):
        why = next((w for n, w in THEIRS if re.fullmatch(n, name)), "")
        excuse = "warned" if known else "theirs" if why else "FAULT"
        exact = error(logits, expected)
        try:
            _, found, greedy = theirs(libraries, path, ids)
        except RuntimeError as e:
            table.add(excuse, name, kind, f"{why}: {e}"[:150] if why else str(e)[:150])
            continue
        e, n = error(found, logits), same(after, greedy)
        float_ = kind == "f32"
        fine = e <= FLOATS and n == NEW and exact <= FLOATS if float_ else e <= PACKED
        text = f"logits {e:.1e}, greedy {n}/{NEW}" + (f"; Ashlar of transformers {exact:.1e}" if float_ else "")
        table.add("ok" if fine else excuse, name, kind, text + ("" if fine else f" ({why})" if why else ""))
    table.end()


if __name__ == "__main__":
    libraries_, scratch_, what, *rest = sys.argv[1:]
    if what == "model":
        model(libraries_, scratch_, rest)
    else:
        families(libraries_, scratch_, rest[0])
