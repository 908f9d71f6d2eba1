package dev.ashlar.formats.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes small GGUF files for tests: a model of one block unless told otherwise. */
final class GgufBytes {
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, float[]> values = new LinkedHashMap<>();

  private GgufBytes() {}

  /** A Llama of one block: 8 dimensions, 2 heads of 4, 1 key-value head, 6 tokens. */
  static GgufBytes tinyLlama() {
    GgufBytes g = new GgufBytes();
    g.put("general.architecture", "llama");
    g.put("llama.block_count", 1).put("llama.context_length", 64);
    g.put("llama.embedding_length", 8).put("llama.feed_forward_length", 12);
    g.put("llama.attention.head_count", 2).put("llama.attention.head_count_kv", 1);
    g.put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    g.tensor("token_embd.weight", 6, 8).tensor("output_norm.weight", 8);
    for (String q : List.of("attn_norm", "ffn_norm")) {
      g.tensor("blk.0." + q + ".weight", 8);
    }
    g.tensor("blk.0.attn_q.weight", 8, 8).tensor("blk.0.attn_k.weight", 4, 8);
    g.tensor("blk.0.attn_v.weight", 4, 8).tensor("blk.0.attn_output.weight", 8, 8);
    g.tensor("blk.0.ffn_gate.weight", 12, 8).tensor("blk.0.ffn_up.weight", 12, 8);
    return g.tensor("blk.0.ffn_down.weight", 8, 12);
  }

  /** An empty file. */
  static GgufBytes empty() {
    return new GgufBytes();
  }

  /** Integer (u32), Float, Boolean, String, or a list of strings, integers or floats. */
  GgufBytes put(String key, Object value) {
    metadata.put(key, value);
    return this;
  }

  GgufBytes remove(String key) {
    metadata.remove(key);
    return this;
  }

  /** An F32 tensor, extents outermost first, whose element i is i. */
  GgufBytes tensor(String name, long... shape) {
    int n = 1;
    for (long d : shape) {
      n *= (int) d;
    }
    float[] v = new float[n];
    for (int i = 0; i < n; i++) {
      v[i] = i;
    }
    return tensor(name, v, shape);
  }

  GgufBytes tensor(String name, float[] v, long... shape) {
    shapes.put(name, shape);
    values.put(name, v);
    return this;
  }

  Path write(Path file) {
    try {
      return Files.write(file, bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes() {
    Out out = new Out();
    out.raw("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.i32(3);
    out.i64(shapes.size());
    out.i64(metadata.size());
    metadata.forEach(
        (key, value) -> {
          out.text(key);
          out.i32(type(value));
          out.value(value);
        });
    long offset = 0;
    for (Map.Entry<String, long[]> e : shapes.entrySet()) {
      out.text(e.getKey());
      out.i32(e.getValue().length);
      for (int d = e.getValue().length - 1; d >= 0; d--) {
        out.i64(e.getValue()[d]);
      }
      out.i32(0);
      out.i64(offset);
      offset += Math.ceilDiv(4L * values.get(e.getKey()).length, 32) * 32;
    }
    for (float[] v : values.values()) {
      out.align();
      ByteBuffer b = ByteBuffer.allocate(4 * v.length).order(ByteOrder.LITTLE_ENDIAN);
      b.asFloatBuffer().put(v);
      out.raw(b.array());
    }
    out.align();
    return out.bytes.toByteArray();
  }

  private static int type(Object value) {
    return switch (value) {
      case Integer i -> 4;
      case Float f -> 6;
      case Boolean b -> 7;
      case String s -> 8;
      default -> 9;
    };
  }

  private static final class Out {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    void raw(byte[] b) {
      bytes.writeBytes(b);
    }

    void i32(int v) {
      raw(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(v).array());
    }

    void i64(long v) {
      raw(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(v).array());
    }

    void text(String s) {
      byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
      i64(utf8.length);
      raw(utf8);
    }

    void value(Object value) {
      switch (value) {
        case Integer i -> i32(i);
        case Float f -> i32(Float.floatToIntBits(f));
        case Boolean b -> raw(new byte[] {(byte) (b ? 1 : 0)});
        case String s -> text(s);
        default -> {
          List<?> list = (List<?>) value;
          i32(type(list.getFirst()));
          i64(list.size());
          list.forEach(this::value);
        }
      }
    }

    void align() {
      while (bytes.size() % 32 != 0) {
        bytes.write(0);
      }
    }
  }
}
