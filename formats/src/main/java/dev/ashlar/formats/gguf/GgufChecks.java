package dev.ashlar.formats.gguf;

import dev.ashlar.formats.gguf.family.GgufFields;
import dev.ashlar.formats.gguf.family.GgufModel;
import dev.ashlar.tensor.weights.StoredTensor;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a GGUF file can contradict itself in: counts against tensors, token lists against the
 * embedding.
 *
 * @param fields its metadata
 * @param tensors its tensors under their own names
 */
record GgufChecks(GgufModel model, GgufFields fields, Map<String, StoredTensor> tensors) {
  private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,9})\\..*");

  /** More blocks than this that predict further tokens no model has. */
  private static final long FURTHER = 16;

  private static final String TOKENIZER = "tokenizer.ggml.";
  private static final String TOKENS = TOKENIZER + "tokens";

  /** Throws the first contradiction found. */
  void check() {
    blocks();
    StoredTensor embedding = tensors.get("token_embd.weight");
    if (embedding == null) {
      throw fields.fault("token_embd.weight", "the token embedding", "no such tensor");
    }
    long hidden = model.required("embedding_length");
    if (embedding.shape().rank() != 2 || embedding.shape().dim(1) != hidden) {
      throw fields.fault(
          embedding.name(), "rows of embedding_length " + hidden, "shape " + embedding.shape());
    }
    tokens(embedding.shape().dim(0));
    types();
    for (StoredTensor t : tensors.values()) {
      if (!t.dtype().isFloat()) {
        throw fields.fault(t.name(), "a weight of a float or block type", t.storage());
      }
    }
  }

  /** What tokenizers read, so that none of it is found out later. */
  private void types() {
    for (String key : List.of("model", "pre")) {
      fields.text(TOKENIZER + key, "");
    }
    for (String key : List.of("add_bos_token", "add_eos_token", "add_space_prefix")) {
      fields.flag(TOKENIZER + key, false);
    }
    require(TOKENIZER + "merges", String.class, "texts");
    require(TOKENIZER + "scores", Number.class, "numbers");
    require(TOKENIZER + "token_type", Long.class, "whole numbers");
  }

  private void require(String key, Class<?> type, String what) {
    for (Object value : fields.list(key)) {
      if (!type.isInstance(value)) {
        throw fields.fault(key, "a list of " + what, "one that holds " + value);
      }
    }
  }

  private void blocks() {
    Set<Integer> present = new HashSet<>();
    for (String name : tensors.keySet()) {
      Matcher m = BLOCK.matcher(name);
      if (m.matches()) {
        present.add(Integer.parseInt(m.group(1)));
      }
    }
    long count = model.required("block_count");
    // Blocks that predict further tokens are counted too, but files may lack them.
    long needed = count - Math.min(FURTHER, model.whole("nextn_predict_layers", 0).orElse(0));
    for (int i = 0; i < needed; i++) {
      if (!present.contains(i)) {
        throw fields.fault(
            "blk." + i + ".attn_norm.weight",
            "tensors of " + count + " blocks",
            "none of this one");
      }
    }
    for (int i : present) {
      if (i >= count) {
        throw fields.fault("blk." + i, "blocks up to " + (count - 1), "tensors of a further one");
      }
    }
  }

  private void tokens(long rows) {
    List<?> tokens = fields.list(TOKENS);
    if (!tokens.isEmpty() && tokens.size() != rows) {
      throw fields.fault(TOKENS, rows + " tokens, as the embedding has rows", tokens.size() + "");
    }
    for (Object token : tokens) {
      if (!(token instanceof String)) {
        throw fields.fault(TOKENS, "texts", String.valueOf(token));
      }
    }
    boolean scored = !"gpt2".equals(fields.values().get("tokenizer.ggml.model"));
    String types = "tokenizer.ggml.token_type";
    for (String key : scored ? List.of("tokenizer.ggml.scores", types) : List.of(types)) {
      int n = fields.list(key).size();
      if (n != 0 && n != tokens.size()) {
        throw fields.fault(key, "an entry for each of " + tokens.size() + " tokens", n + "");
      }
    }
    // The tokens that texts are made with; no other is needed to run a model.
    for (String kind : List.of("bos", "eos", "unknown")) {
      fields
          .token(kind)
          .ifPresent(
              id -> {
                if (id >= rows) {
                  String key = "tokenizer.ggml." + kind + "_token_id";
                  throw fields.fault(key, "a token below " + rows, Long.toString(id));
                }
              });
    }
  }
}
