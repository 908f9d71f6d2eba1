"""A prompt and its continuation by llama.cpp. Arguments: threads, model file."""

import json
import sys

import xllamacpp
from peer import serve

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[2]
parameters.n_ctx = 2048
parameters.n_parallel = 1
parameters.n_gpu_layers = 0
parameters.verbosity = -1
parameters.cpuparams.n_threads = int(sys.argv[1])
parameters.cpuparams_batch.n_threads = int(sys.argv[1])
server = xllamacpp.Server(parameters)


def ask(words):
    """The number of tokens to continue by, then the prompt's ids: both speeds, then the text."""
    if not words:
        return xllamacpp.get_system_info().strip(" |")
    answer = server.handle_completions(
        {
            "prompt": [int(w) for w in words[1:]],
            "n_predict": int(words[0]),
            "ignore_eos": True,
            "temperature": 0,
            "cache_prompt": False,
        }
    )
    answer = answer if isinstance(answer, dict) else json.loads(answer)
    t = answer["timings"]
    text = json.dumps(answer["choices"][0]["text"])
    return f"{t['prompt_per_second']!r} {t['predicted_per_second']!r} {text}"


serve(None, ask)
