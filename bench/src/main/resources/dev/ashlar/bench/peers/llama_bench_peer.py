"""A prompt and its continuation by llama.cpp's own benchmark, built for this machine.

Arguments: threads, model file, program. Each question starts it once without and once with flash attention, the
cache in 16 bits, and is answered by the better speeds; the program chooses the tokens, of which no speed depends.
"""

import json
import subprocess
import sys

from peer import serve


def measured(*arguments):
    command = [sys.argv[3], "-m", sys.argv[2], "-t", sys.argv[1], "-r", "1", "-o", "json", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-300:])
    return json.loads(done.stdout)


def ask(words):
    """The number of tokens to continue by, then the prompt's ids: both speeds, then no text."""
    if not words:
        row = measured("-p", "1", "-n", "0")[0]
        return f"build {row['build_number']} ({row['build_commit']}), {row['cpu_info']}, {row['model_type']}"
    prompt = str(len(words) - 1)
    rows = [
        row
        for flash in ("0", "1")
        for work in (("-p", prompt, "-n", "0"), ("-p", "0", "-n", words[0], "-d", prompt))
        for row in measured("-fa", flash, *work)
    ]
    prefill = max(row["avg_ts"] for row in rows if row["n_prompt"])
    decode = max(row["avg_ts"] for row in rows if row["n_gen"])
    return f'{prefill!r} {decode!r} ""'


serve(None, ask)
