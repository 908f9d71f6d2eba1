"""llama.cpp's libraries through ctypes: no package for Python, whatever the version is.

Structures that change between versions are passed as the library's own defaults, in room that is larger than any.
"""

import ctypes
import glob
import os

INT, POINTER, TEXT = ctypes.c_int32, ctypes.c_void_p, ctypes.c_char_p


class Defaults(ctypes.Structure):
    """llama_model_params or llama_context_params, as their defaults are."""

    _fields_ = [("rest", ctypes.c_char * 512)]


class Batch(ctypes.Structure):
    """llama_batch."""

    _fields_ = [("n_tokens", INT), ("token", POINTER), ("embd", POINTER), ("pos", POINTER),
                ("n_seq_id", POINTER), ("seq_id", POINTER), ("logits", POINTER)]


def library(folder, name):
    found = sorted(glob.glob(f"{folder}/{name}.so*") + glob.glob(f"{folder}/{name}.v*.so"))
    return ctypes.CDLL(found[0], mode=ctypes.RTLD_GLOBAL)


def libraries(folder, processor="haswell"):
    """libllama of a folder. Where that has kernels for several processors, those of the one named are
    taken: what a machine is said to have (AMX) is not always there."""
    library(folder, "libggml-base")
    ggml = library(folder, "libggml")
    llama = library(folder, "libllama")
    ggml.ggml_backend_load.restype = POINTER
    kernels = f"{folder}/libggml-cpu-{processor}.so"
    if os.path.exists(kernels):
        ggml.ggml_backend_load(kernels.encode())
    llama.llama_backend_init()
    return llama


class Model:
    """A GGUF file as llama.cpp runs it, with keys and values in half precision."""

    def __init__(self, folder, path, threads=2):
        self.llama = c = libraries(folder)
        silent = ctypes.CFUNCTYPE(None, INT, TEXT, POINTER)(self._log)
        self.said, self.silent = [], silent
        c.llama_log_set(silent, None)
        for name, result, arguments in (
            ("llama_model_default_params", Defaults, []),
            ("llama_context_default_params", Defaults, []),
            ("llama_model_load_from_file", POINTER, [TEXT, Defaults]),
            ("llama_init_from_model", POINTER, [POINTER, Defaults]),
            ("llama_free", None, [POINTER]),
            ("llama_set_n_threads", None, [POINTER, INT, INT]),
            ("llama_model_get_vocab", POINTER, [POINTER]),
            ("llama_vocab_n_tokens", INT, [POINTER]),
            ("llama_vocab_is_eog", ctypes.c_bool, [POINTER, INT]),
            ("llama_tokenize", INT, [POINTER, TEXT, INT, POINTER, INT, ctypes.c_bool, ctypes.c_bool]),
            ("llama_detokenize", INT, [POINTER, POINTER, INT, TEXT, INT, ctypes.c_bool, ctypes.c_bool]),
            ("llama_batch_get_one", Batch, [POINTER, INT]),
            ("llama_decode", INT, [POINTER, Batch]),
            ("llama_get_logits_ith", ctypes.POINTER(ctypes.c_float), [POINTER, INT]),
        ):
            function = getattr(c, name)
            function.restype, function.argtypes = result, arguments
        self.model = c.llama_model_load_from_file(path.encode(), c.llama_model_default_params())
        if not self.model:
            raise RuntimeError(self._why())
        self.vocabulary = c.llama_model_get_vocab(self.model)
        self.size = c.llama_vocab_n_tokens(self.vocabulary)
        self.threads = threads

    def _log(self, level, text, _):
        if level == 4:  # an error
            self.said.append(text.decode(errors="replace").strip())

    def _why(self):
        return next((line for line in self.said if line), "no reason given")

    def tokens(self, text):
        """As it cuts a text, special tokens in front included."""
        data = text.encode()
        ids = (INT * (len(data) + 8))()
        n = self.llama.llama_tokenize(self.vocabulary, data, len(data), ids, len(ids), True, False)
        return list(ids[:n])

    def text(self, ids):
        room = ctypes.create_string_buffer(64 * len(ids) + 64)
        given = (INT * len(ids))(*ids)
        n = self.llama.llama_detokenize(self.vocabulary, given, len(ids), room, len(room), False, False)
        return room.raw[:n].decode(errors="replace")

    def run(self, ids, new=0):
        """Logits [len(ids), vocabulary], one token at a time, and up to `new` likeliest tokens after them."""
        import numpy as np

        c = self.llama
        context = c.llama_init_from_model(self.model, c.llama_context_default_params())
        if not context:
            raise RuntimeError(self._why())
        c.llama_set_n_threads(context, self.threads, self.threads)
        rows, after, waiting = [], [], list(ids)
        while waiting:
            one = (INT * 1)(waiting.pop(0))
            if c.llama_decode(context, c.llama_batch_get_one(one, 1)) != 0:
                raise RuntimeError(self._why())
            row = np.array(c.llama_get_logits_ith(context, -1)[: self.size], np.float32)
            if len(rows) < len(ids):
                rows.append(row)
            if not waiting and len(after) < new:
                after.append(int(row.argmax()))
                if len(after) < new:
                    waiting.append(after[-1])
        c.llama_free(context)
        return np.stack(rows), after
