"""Matrix-vector products by ggml, the kernels of llama.cpp, from the library that a wheel brings.

Argument: threads. The weights' copies exceed the caches and are used in turn.
"""

import ctypes
import sys

import numpy as np
import xllamacpp
from peer import numbers, serve

TYPES = {"q4_0": 2, "q4_1": 3, "q8_0": 8, "q4_k": 12, "f32": 0}
BEYOND_CACHES = 160 << 20
LIBRARY = ctypes.CDLL(xllamacpp.xllamacpp.__file__)


class InitParams(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


def function(name, result, *arguments):
    f = LIBRARY[name]
    f.restype = result
    f.argtypes = arguments
    return f


P, I64, SIZE, INT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_size_t, ctypes.c_int
init = function("ggml_init", P, InitParams)
tensor_2d = function("ggml_new_tensor_2d", P, P, INT, I64, I64)
mul_mat = function("ggml_mul_mat", P, P, P, P)
new_graph = function("ggml_new_graph_custom", P, P, SIZE, ctypes.c_bool)
expand = function("ggml_build_forward_expand", None, P, P)
row_size = function("ggml_row_size", SIZE, INT, I64)
quantize = function("ggml_quantize_chunk", SIZE, INT, P, P, I64, I64, I64, P)
backend_cpu = function("ggml_backend_cpu_init", P)
set_threads = function("ggml_backend_cpu_set_n_threads", None, P, INT)
compute = function("ggml_backend_graph_compute", INT, P, P)
allocate = function("ggml_backend_alloc_ctx_tensors_from_buft", P, P, P)
default_buffers = function("ggml_backend_get_default_buffer_type", P, P)
tensor_set = function("ggml_backend_tensor_set", None, P, P, SIZE, SIZE)
tensor_get = function("ggml_backend_tensor_get", None, P, P, SIZE, SIZE)
repacked_buffers = function("_Z35ggml_backend_cpu_repack_buffer_typev", P)
cpu = backend_cpu()
set_threads(cpu, int(sys.argv[1]))


def context(size):
    return init(InitParams(size, None, True))


def prepare(words):
    kind, how, out, inputs = words[1], words[2], int(words[3]), int(words[4])
    w = numbers(2, out * inputs)
    stored = row_size(TYPES[kind], inputs) * out
    raw = ctypes.create_string_buffer(stored)
    quantize(TYPES[kind], w.ctypes.data, raw, 0, out, inputs, None)
    buffers = repacked_buffers() if how == "repacked" else default_buffers(cpu)
    copies = BEYOND_CACHES // stored + 1
    weights_context = context(copies * 1024 + 4096)
    weights = [tensor_2d(weights_context, TYPES[kind], inputs, out) for _ in range(copies)]
    if not allocate(weights_context, buffers):
        raise RuntimeError("no memory for the weights")
    for t in weights:
        tensor_set(t, raw, 0, stored)
    x = numbers(1, inputs)
    graphs = []
    operands = context(copies * 16384 + (1 << 20))
    x_tensor = tensor_2d(operands, TYPES["f32"], inputs, 1)
    products = [mul_mat(operands, t, x_tensor) for t in weights]
    for y in products:
        graph = new_graph(operands, 16, False)
        expand(graph, y)
        graphs.append(graph)
    if not allocate(operands, default_buffers(cpu)):
        raise RuntimeError("no memory for the operands")
    tensor_set(x_tensor, x.ctypes.data, 0, x.nbytes)
    turn = [0]

    def work():
        compute(cpu, graphs[turn[0]])
        turn[0] = (turn[0] + 1) % copies

    def result():
        y = np.empty(out, np.float32)
        tensor_get(products[0], y.ctypes.data, 0, y.nbytes)
        return y

    return work, result


serve(prepare, lambda words: xllamacpp.get_system_info().strip(" |"))
