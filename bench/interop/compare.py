"""Every export in every loader, both ways; see the script beside this file."""

import argparse
import contextlib
import importlib
import json
import os
import pickle
import re
import subprocess
import sys
import traceback

import torch

import models

PROMPT = [7, 31, 112, 5, 68, 200, 17, 93, 41, 150, 12, 77]
NEW = 16
SOME = "{some}"  # stands for layers of the family
METHOD = ["--method", "rtn"]
W3, W4, W8 = (["--group-size", "32", "--bits", bits] for bits in "348")
PLAIN = ["--act-bits", "16"]  # inputs as they are
FP8 = {"data_type": "fp8", "bits": 8, "group_size": -1,
       "act_bits": 8, "act_data_type": "fp8", "act_group_size": -1}
FP4 = {"data_type": "nv_fp", "bits": 4, "group_size": 16}
BYTES = {"bits": 8, "group_size": -1, "act_bits": 8, "act_group_size": -1}


def rules(schemes):
    """Whole schemes of layers, as an option of `ashlar quantize`."""
    return ["--layer-config", json.dumps(schemes)]


def plain(schemes):
    """The same for inputs as they are."""
    return {k: {n: v for n, v in s.items() if "act_" not in n} for k, s in schemes.items()}


# Layers of four layouts: bytes and FP8 beside rounded inputs, NVFP4, and bit streams.
MIXED = {"(q|k|v)_proj": BYTES, "o_proj": FP8, "down_proj": FP4}

# name: (format, options of `ashlar quantize`)
CASES = {
    "auto_round-w4": ("auto_round", [*W4]),
    "auto_round-w4-asym": ("auto_round", [*W4, "--asym"]),
    "auto_round-w3-asym": ("auto_round", [*W3, "--asym"]),
    "auto_round-head": ("auto_round", [*W4, "--quant-lm-head"]),
    "auto_round-some": ("auto_round", [*W4, "--ignore-layers", SOME]),
    "auto_gptq-w4": ("auto_gptq", [*W4]),
    "auto_gptq-w8": ("auto_gptq", [*W8]),
    "auto_gptq-w4-asym": ("auto_gptq", [*W4, "--asym"]),
    "auto_gptq-head": ("auto_gptq", [*W4, "--quant-lm-head"]),
    "auto_gptq-some": ("auto_gptq", [*W4, "--ignore-layers", SOME]),
    "gptq_v2-w4": ("gptq_v2", [*W4]),
    "gptq_v2-w4-asym": ("gptq_v2", [*W4, "--asym"]),
    "auto_awq-w4": ("auto_awq", [*W4]),
    "auto_awq-w4-asym": ("auto_awq", [*W4, "--asym"]),
    "auto_awq-some": ("auto_awq", [*W4, "--asym", "--ignore-layers", SOME]),
    "ct-w4": ("llm_compressor", [*W4]),
    "ct-w4-asym": ("llm_compressor", [*W4, "--asym"]),
    "ct-w3-asym": ("llm_compressor", [*W3, "--asym"]),
    "ct-w8-row": ("llm_compressor", ["--bits", "8", "--group-size", "-1"]),
    "ct-some": ("llm_compressor", [*W4, "--ignore-layers", SOME]),
    "ct-head": ("llm_compressor", [*W4, "--quant-lm-head"]),
    "ct-int8": ("llm_compressor", ["--scheme", "INT8"]),
    "ct-mxfp4": ("llm_compressor", ["--scheme", "MXFP4"]),
    "ct-mxfp4-a16": ("llm_compressor", ["--scheme", "MXFP4", *PLAIN]),
    "ct-mxfp8": ("llm_compressor", ["--scheme", "MXFP8"]),
    "ct-nvfp4": ("llm_compressor", ["--scheme", "NVFP4"]),
    "ct-nvfp4-a16": ("llm_compressor", ["--scheme", "NVFP4", *PLAIN]),
    "ct-fp8-static": ("llm_compressor", ["--scheme", "FP8_STATIC"]),
    "ct-fp8-block": ("llm_compressor", ["--scheme", "FP8_BLOCK"]),
    "ct-fp8-a16": ("llm_compressor", ["--scheme", "FPW8A16"]),
    "ct-mixed": ("llm_compressor", [*W4, *rules(MIXED)]),
    "ct-mixed-a16": ("llm_compressor", [*W4, *rules(plain(MIXED))]),
    "ct-mixed-fp8": ("llm_compressor", [*W4, *rules({"(q|k|v)_proj": BYTES, "o_proj": FP8})]),
    "fp8": ("fp8", ["--scheme", "FP8_BLOCK"]),
    "fake": ("fake", [*W4]),
}
# Rounded inputs move logits: the reference, which rounds none, is that far away.
ROUNDED = {"ct-int8": 0.05, "ct-mxfp4": 0.5, "ct-mxfp8": 0.15, "ct-nvfp4": 0.5,
           "ct-mxfp4-a16": 5e-2, "ct-nvfp4-a16": 5e-2, "ct-fp8-static": 0.5, "ct-fp8-block": 0.1, "fp8": 2e-2,
           "ct-mixed": 0.1, "ct-mixed-a16": 5e-2, "ct-mixed-fp8": 0.1}
LOADERS = {
    "auto_round": ["auto-round"],
    "auto_gptq": ["auto-round", "gptqmodel", "optimum"],
    "gptq_v2": ["gptqmodel"],
    "auto_awq": ["gptqmodel", "transformers-awq"],
    "llm_compressor": ["compressed-tensors"],
    "fp8": ["transformers-fp8"],
    "fake": ["transformers"],
}

# What is the loaders' own and known: (loader, family or *, case or *) and why.
EXPERTS = "mixtral|phimoe|minimax_m2|gpt_oss|granitemoe|.*_moe|olmoe|deepseek.*"
THEIRS = [
    ("*", "falcon", "*", "replaces plain nn.Linear only"),
    ("auto-round", ".*", "auto_gptq-w4-asym", "has no such kernel for processors"),
    ("optimum", EXPERTS, "*", "knows no experts"),
    ("transformers-awq", EXPERTS, "*", "knows no packed experts"),
    ("compressed-tensors", EXPERTS, "*", "converts experts of some of its formats only"),
    ("transformers-awq", "gpt2", "*", "replaces plain nn.Linear only"),
    ("compressed-tensors", "gpt2", "*", "replaces plain nn.Linear only"),
    ("transformers-fp8", "gpt_neox", "*", "takes the 192 rows of two blocks for blocks of 96"),
    ("transformers-fp8", "gpt_oss|granitemoe", "*", "finds its stacked experts under no name of a single one"),
    ("compressed-tensors", ".*", "ct-fp8-block", "cuts inputs into whole groups of 128 only"),
    ("optimum", "gpt2", "*", "its layer has not what Conv1D has"),
    ("optimum", ".*", "auto_gptq-head", "knows no packed head"),
    ("optimum", ".*", "auto_gptq-some", "takes the same maps of every block for packed"),
    ("gptqmodel", "minimax_m2", "*", "looks for experts under names that transformers 5 has not"),
    ("gptqmodel", "phi3|granitemoe", "*", "does not know the family as transformers has it"),
]


def load(loader, folder):
    """The model as that program loads it, in float32 wherever it lets one choose."""
    from transformers import AutoModelForCausalLM

    if loader == "transformers":
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if loader == "optimum":
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, device_map="cpu")
    if loader == "auto-round":
        from transformers import AutoRoundConfig

        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, device_map="cpu", quantization_config=AutoRoundConfig()
        )
    if loader == "transformers-awq":
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16, device_map="cpu")
    if loader == "compressed-tensors":
        # It widens blocks to bfloat16 and multiplies nothing else by them.
        blocks = any(f.startswith(("mx", "nv")) for f in formats(folder))
        dtype = torch.bfloat16 if blocks else torch.float32
        more = {}
        if '"symmetric": false' in json.dumps(quantization(folder)):
            from transformers import CompressedTensorsConfig

            # It has no place for packed zero points but where it widens at once.
            more["quantization_config"] = CompressedTensorsConfig(dequantize=True)
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, device_map="cpu", **more)
    if loader == "transformers-fp8":
        from transformers import FineGrainedFP8Config

        # Its kernels are for accelerators; here it widens, and takes inputs as they are.
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, device_map="cpu",
            quantization_config=FineGrainedFP8Config(dequantize=True),
        )
    from gptqmodel import BACKEND, GPTQModel

    # Its kernel for processors takes 16-bit floats only.
    awq = quantization(folder)["quant_method"] == "awq"
    return GPTQModel.load(
        folder, device="cpu", dtype=torch.float16,
        backend=BACKEND.AWQ_TORCH if awq else BACKEND.GPTQ_TORCH,
    ).model


def quantization(folder):
    with open(f"{folder}/config.json", encoding="utf-8") as f:
        return json.load(f)["quantization_config"]


def formats(folder):
    """compressed-tensors' names of the layouts in a folder."""
    config = quantization(folder)
    groups = config["config_groups"].values()
    return {g["format"] or config["format"] for g in groups}


def dense(loader, folder, model):
    """Matrices of packed modules of loaders that widen them, by module."""
    from safetensors import safe_open

    if loader == "compressed-tensors" and len(formats(folder)) > 1:
        from compressed_tensors.compressors.base import decompress_module

        # What widens at once takes the first group for all layers.
        model = load(loader, folder)
        for module in model.modules():
            decompress_module(module)
    elif loader == "compressed-tensors":
        from transformers import AutoModelForCausalLM, CompressedTensorsConfig

        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, device_map="cpu",
            quantization_config=CompressedTensorsConfig(dequantize=True),
        )
    names = set()
    for file in os.listdir(folder):
        if file.endswith(".safetensors"):
            with safe_open(f"{folder}/{file}", "pt") as f:
                names |= {n.rsplit(".", 1)[0] for n in f.keys() if ".weight_scale" in n}
    modules = dict(model.named_modules())
    found = {n: modules[n].weight for n in names if hasattr(modules.get(n), "weight")}
    if len(found) < len(names) and not any("experts" in n for n in names - found.keys()):
        raise RuntimeError(f"no module for {sorted(names - found.keys())[:3]}")
    return {n: w.detach().float().clone() for n, w in found.items()}


def weight(module, dtype):
    """The matrix [out, in] of a packed module, computed by the module itself; None if not packed."""
    if not hasattr(module, "qweight"):
        return None
    n = getattr(module, "in_features", None) or module.infeatures
    x = torch.eye(n, dtype=dtype)
    y = module(x)
    bias = getattr(module, "bias", None)
    if isinstance(bias, torch.Tensor):
        y = y - bias
    return y.float().T


def facts(loader, folder):
    """Packed weights, logits and greedy tokens of a folder."""
    torch.manual_seed(0)
    model = load(loader, folder).eval()
    dtype = next(model.parameters()).dtype
    with torch.no_grad():
        if loader in ("compressed-tensors", "transformers-fp8"):
            weights = dense(loader, folder, model)
        else:
            weights = {
                n: w for n, m in model.named_modules() if (w := weight(m, dtype)) is not None
            }
        ids = torch.tensor([PROMPT])
        logits = model(input_ids=ids).logits[0].float()
        greedy = list(PROMPT)
        for _ in range(NEW):
            greedy.append(int(model(input_ids=torch.tensor([greedy])).logits[0, -1].argmax()))
    floats = {n: p.detach().float().clone() for n, p in model.named_parameters()}
    return dict(weights=weights, floats=floats, logits=logits, greedy=greedy[len(PROMPT):])


def preload(family):
    """What every process needs anyway, imported once: forks have it at no cost."""
    import transformers.generation.utils  # noqa: F401

    with contextlib.suppress(ImportError):
        importlib.import_module(f"transformers.models.{family}.modeling_{family}")


def apart(function, *arguments):
    """What the function gives in a process of its own: loaders change the libraries they use."""
    good, result = forked(function, *arguments)
    if not good and "INTERNAL ASSERT" in result:
        # PyTorch's pool of threads does not always survive the fork.
        good, result = forked(function, *arguments)
    return good, result


def forked(function, *arguments):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
            try:
                result = (True, function(*arguments))
            except BaseException as e:  # noqa: BLE001  # whatever a loader does is its result
                last = traceback.extract_tb(e.__traceback__)[-1]
                result = (False, f"{type(e).__name__}: {e} ({last.name})".replace("\n", " "))
        with os.fdopen(write, "wb") as f:
            pickle.dump(result, f)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as f:
        data = f.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else (False, "the process died")


def ashlar(program, *arguments):
    run = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        lines = (run.stderr or run.stdout).strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"exit {run.returncode}")
    return run.stdout


def matrices(found):
    """Matrices by module, experts that a loader stacks taken apart as the packed ones are."""
    all_ = {}
    for name, p in found["floats"].items():
        if p.dim() == 2 and name.endswith(".weight"):
            all_[name[: -len(".weight")]] = p
        elif p.dim() == 3 and name.endswith(("gate_up_proj", "down_proj")):
            parent, own = name.rsplit(".", 1)
            turned = ".mlp.experts" in name and found.get("turned")
            for e in range(p.shape[0]):
                m = p[e].T if turned else p[e]
                if own == "down_proj":
                    all_[f"{parent}.{e}.down_proj"] = m
                else:
                    half = m.shape[0] // 2
                    all_[f"{parent}.{e}.gate_proj"] = m[:half]
                    all_[f"{parent}.{e}.up_proj"] = m[half:]
    return all_


def difference(expected, found):
    """Largest difference of a packed weight, and how many there are."""
    dense = matrices(expected)
    worst = 0.0
    for name, w in found["weights"].items():
        e = dense.get(name)
        if e is not None and expected["conv"] and not name.endswith("lm_head"):
            e = e.T
        if e is None or e.shape != w.shape:
            return float("nan"), name
        d = (e - w).abs().max().item()
        worst = d if not d <= worst else worst
    return worst, len(found["weights"])


def theirs(loader, family, case):
    for who, which, what, why in THEIRS:
        if who in ("*", loader) and re.fullmatch(which, family) and what in ("*", case):
            if who != "*" or loader != "transformers":
                return why
    return ""


class Table:
    def __init__(self, report):
        self.lines = []
        self.report = report
        self.faults = 0

    def add(self, way, family, case, loader, verdict, text):
        self.faults += verdict == "FAULT"
        line = f"{verdict:7} {way:5} {family:12} {case:19} {loader:12} {text}"
        self.lines.append(line)
        print(line, flush=True)
        if self.report:
            with open(self.report, "w", encoding="utf-8") as f:
                f.write("\n".join(self.lines) + "\n")


def judge(table, way, family, case, loader, expected, got):
    good, found = got
    why = theirs(loader, family, case)
    if not good:
        table.add(way, family, case, loader, "theirs" if why else "FAULT", why or found[:160])
        return
    worst, packed = difference(expected, found)
    d = found["logits"] - expected["logits"]
    error = (d.norm() / expected["logits"].norm()).item()
    same = 0
    for a, b in zip(expected["greedy"], found["greedy"]):
        if a != b:
            break
        same += 1
    text = f"|dW| {worst:.1e} of {packed}, logits {error:.1e}, greedy {same}/{NEW}"
    # Blocks are widened to bfloat16 there.
    most = 4e-3 if case.startswith(("ct-nv", "ct-mixed")) else 2e-3
    fine = worst <= most and error <= ROUNDED.get(case, 2e-2)
    table.add(way, family, case, loader, "ok" if fine else "theirs" if why else "FAULT",
              text + (f" ({why})" if why and not fine else ""))


def unrounded(options):
    """The same options for inputs as they are, which is what `fake` holds."""
    if "--scheme" in options and PLAIN[0] not in options:
        return [*options, *PLAIN]
    if "--layer-config" in options:
        at = options.index("--layer-config") + 1
        return [*options[:at], json.dumps(plain(json.loads(options[at]))), *options[at + 1 :]]
    return options


def ours_to_peers(args, table, family, model):
    turned = family == "gpt_oss"
    references = {}
    for case in args.cases:
        form, options = CASES[case]
        options = [o.replace(SOME, models.some(family)) for o in options]
        out = f"{args.scratch}/{family}/{case}"
        exact = unrounded(options)
        key = " ".join(exact)
        try:
            if key not in references:
                fake = f"{args.scratch}/{family}/fake-{len(references)}"
                ashlar(args.ashlar, "quantize", "--model", model, *METHOD, *exact,
                       "--format", "fake", "--output-dir", fake)
                good, found = apart(facts, "transformers", fake)
                if not good:
                    raise RuntimeError(f"fake: {found}")
                references[key] = dict(found, turned=turned, conv=family == "gpt2")
            ashlar(args.ashlar, "quantize", "--model", model, *METHOD, *options,
                   "--format", form, "--output-dir", out)
        except RuntimeError as e:
            table.add("out", family, case, "-", "refused", str(e)[:160])
            continue
        for loader in LOADERS[form]:
            got = apart(facts, loader, out)
            judge(table, "out", family, case, loader, references[key], got)


def quantize_there(model, out, form, sym):
    from auto_round import AutoRound
    from transformers import AutoModelForCausalLM, AutoTokenizer

    AutoRound(
        model, AutoTokenizer.from_pretrained(model), scheme="W4A16", group_size=32, sym=sym,
        iters=0, disable_opt_rtn=True, nsamples=2, seqlen=16, amp=False, device_map="cpu",
        enable_torch_compile=False,
    ).quantize_and_save(output_dir=out, format=form)
    return sorted(os.path.join(d, "config.json") for d, _, f in os.walk(out) if "config.json" in f)


def peers_to_ours(args, table, family, model):
    for case, form, sym in (
        ("auto_round-w4", "auto_round", True),
        ("auto_round-w4-asym", "auto_round", False),
        ("auto_gptq-w4", "auto_gptq", True),
        ("auto_gptq-w4-asym", "auto_gptq", False),
    ):
        if case not in args.cases:
            continue
        out = f"{args.scratch}/{family}/peer-{case}"
        good, found = apart(quantize_there, model, out, form, sym)
        if not good or not found:
            table.add("in", family, case, "-", "theirs", f"cannot be made there: {found}"[:160])
            continue
        folder = os.path.dirname(found[0])
        expected = apart(facts, "auto-round", folder)
        if not expected[0]:
            table.add("in", family, case, "auto-round", "theirs", expected[1][:160])
            continue
        if not torch.isfinite(expected[1]["logits"]).all():
            table.add("in", family, case, "auto-round", "theirs", "reads its own export as NaN")
            continue
        models.tokenizer(folder)
        try:
            floats = f"{args.scratch}/{family}/ours-{case}"
            ashlar(args.ashlar, "convert", "--model", folder, "--output-dir", floats)
            prompt = " ".join(f"w{i}" for i in PROMPT)
            text = json.loads(ashlar(args.ashlar, "generate", "--model", folder, "--prompt", prompt,
                                     "--max-tokens", str(NEW), "--temperature", "0", "--json"))["text"]
        except RuntimeError as e:
            table.add("in", family, case, "ashlar", "FAULT", str(e)[:160])
            continue
        good, found = apart(facts, "transformers", floats)
        if not good:
            table.add("in", family, case, "ashlar", "FAULT", found[:160])
            continue
        found["turned"] = family == "gpt_oss"
        greedy = [int(w[1:]) for w in re.findall(r"w\d+", text)]
        there = dict(expected[1])
        ours = dict(weights=there["weights"], logits=found["logits"], greedy=greedy)
        there.update(floats=found["floats"], turned=found["turned"], conv=family == "gpt2")
        judge(table, "in", family, case, "ashlar", there, (True, ours))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ashlar", required=True)
    parser.add_argument("--scratch", required=True)
    parser.add_argument("--report")
    parser.add_argument("--families", default=",".join(models.FAMILIES))
    parser.add_argument("--model")
    parser.add_argument("--cases", default=",".join(CASES))
    args = parser.parse_args()
    args.cases = args.cases.split(",")
    torch.set_num_threads(1)
    table = Table(args.report)
    if args.model:
        with open(f"{args.model}/config.json", encoding="utf-8") as f:
            family = json.load(f)["model_type"]
        preload(family)
        ours_to_peers(args, table, family, args.model)
        args.families = ""
    for family in filter(None, args.families.split(",")):
        folder = f"{args.scratch}/{family}/float"
        os.makedirs(folder)
        preload(family)
        good, found = apart(models.make, family, folder)
        if not good:
            table.add("-", family, "-", "-", "theirs", f"no such model there: {found}"[:160])
            continue
        ours_to_peers(args, table, family, folder)
        peers_to_ours(args, table, family, folder)
    print(f"{len(table.lines)} comparisons, {table.faults} faults")
    sys.exit(1 if table.faults else 0)


if __name__ == "__main__":
    main()
