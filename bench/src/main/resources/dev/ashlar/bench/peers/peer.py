"""What every peer shares: the numbers to compute with, and the conversation with the runner.

The runner writes one line, the peer answers one:
  prepare WORDS   sets up a piece of work, does it once;   "ready" and sixteen values of its result
  run SECONDS     repeats it for at least that long;       "time" and the seconds of one call
  ask WORDS       something else a peer may know;          "answer" and text
"""

import os
import sys
import time

import numpy as np

SAMPLES = 16


def numbers(salt, n):
    """n floats in [-1, 1), the same in every language: a hash of salt and index."""
    h = np.arange(n, dtype=np.uint64) * 2654435761 + salt * 40503 + 12345
    h &= 0xFFFFFFFF
    h ^= h >> 16
    h = h * 2246822519 & 0xFFFFFFFF
    h ^= h >> 13
    return ((h >> 8).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)).astype(np.float32)


def samples(result):
    """Sixteen values spread over a result."""
    flat = np.asarray(result, dtype=np.float32).reshape(-1)
    return [float(flat[i * (flat.size - 1) // (SAMPLES - 1)]) for i in range(SAMPLES)]


def serve(prepare, ask=None):
    """Answers the runner until it closes the pipe. prepare(words) returns (work, result)."""
    answers = os.fdopen(os.dup(1), "w")
    # Whatever libraries print must not mix with answers.
    os.dup2(2, 1)

    def say(line):
        answers.write(line + "\n")
        answers.flush()

    work = None
    for line in sys.stdin:
        command, _, rest = line.strip().partition(" ")
        try:
            if command == "prepare":
                work, result = prepare(rest.split())
                work()
                say("ready " + " ".join(repr(v) for v in samples(result())))
            elif command == "run":
                least = float(rest)
                calls = 0
                start = time.perf_counter()
                while True:
                    work()
                    calls += 1
                    elapsed = time.perf_counter() - start
                    if elapsed >= least:
                        break
                say("time " + repr(elapsed / calls))
            elif command == "ask":
                say("answer " + ask(rest.split()))
            else:
                say("fault unknown command " + command)
        except Exception as e:
            say("fault " + repr(e).replace("\n", " "))
