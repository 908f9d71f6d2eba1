package dev.ashlar.bench.peers;

import java.util.List;

/** Whom Ashlar is measured against. */
enum Peer {
  TORCH("PyTorch", "torch_peer.py", List.of("torch", "numpy")),
  NUMPY("numpy (OpenBLAS)", "numpy_peer.py", List.of("numpy")),
  GGML("llama.cpp", "ggml_peer.py", List.of("xllamacpp", "numpy")),
  LLAMA("llama.cpp", "llama_peer.py", List.of("xllamacpp", "numpy")),
  LLAMA_BENCH("llama.cpp, native", "llama_bench_peer.py", List.of("numpy")),
  TOKENIZERS("tokenizers (Rust)", "tokenizers_peer.py", List.of("tokenizers", "numpy")),
  LLAMA3_JAVA("llama3.java", "Llama3Peer.java", List.of()),
  JLAMA("Jlama", "JlamaPeer.java", List.of());

  private final String title;
  private final String script;
  private final List<String> packages;

  Peer(String title, String script, List<String> packages) {
    this.title = title;
    this.script = script;
    this.packages = packages;
  }

  String title() {
    return title;
  }

  /** Resource of this package that drives it. */
  String script() {
    return script;
  }

  /** What pip has to install. */
  List<String> packages() {
    return packages;
  }
}
