"""Quantizes a GGUF file of floats with llama.cpp's own quantizer.

llama_quantize.py LIBRARIES INPUT OUTPUT TYPE THREADS: LIBRARIES is a folder with libllama and libggml.
"""

import ctypes
import sys

from llama_cpp import libraries

# llama_ftype
TYPES = {
    "q4_0": 2, "q4_1": 3, "q8_0": 7, "q5_0": 8, "q5_1": 9, "q2_k": 10, "q3_k_s": 11, "q3_k_m": 12,
    "q3_k_l": 13, "q4_k_s": 14, "q4_k_m": 15, "q5_k_s": 16, "q5_k_m": 17, "q6_k": 18, "iq4_nl": 25,
    "iq4_xs": 30,
}


class Parameters(ctypes.Structure):
    """llama_model_quantize_params: what is set here, and room for whatever follows in a version."""

    _fields_ = [("threads", ctypes.c_int32), ("type", ctypes.c_int32), ("rest", ctypes.c_char * 248)]


folder, source, target, kind, threads = sys.argv[1:]
llama = libraries(folder)
llama.llama_model_quantize_default_params.restype = Parameters
llama.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Parameters)]
parameters = llama.llama_model_quantize_default_params()
parameters.threads = int(threads)
parameters.type = TYPES[kind]
sys.exit(llama.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters)))
