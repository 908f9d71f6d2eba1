package dev.ashlar.formats.gguf.family;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A family's table about tensors, made line by line. Of two lines about the same tensor the first
 * counts whose other side is there, so alternatives stand in the order of preference.
 */
public final class TensorTable {
  private final String prefix;
  private final String blocks;
  private final List<TensorRule> rules;

  private TensorTable(String prefix, String blocks, List<TensorRule> rules) {
    this.prefix = prefix;
    this.blocks = blocks;
    this.rules = rules;
  }

  /**
   * An empty table.
   *
   * @param prefix what names of Hugging Face begin with outside of blocks, with its dot
   * @param blocks the list of blocks there, below {@code prefix}
   */
  static TensorTable of(String prefix, String blocks) {
    return new TensorTable(prefix, blocks, List.of());
  }

  private TensorTable with(TensorRule rule) {
    List<TensorRule> all = new ArrayList<>(rules);
    all.add(rule);
    return new TensorTable(prefix, blocks, List.copyOf(all));
  }

  /** A module outside of blocks that is the same in both, below the prefix. */
  TensorTable outside(String gguf, String huggingFace) {
    return outside(gguf, huggingFace, s -> Transforms.SAME);
  }

  /** A module outside of blocks, below the prefix. */
  TensorTable outside(String gguf, String huggingFace, Function<Sizes, Transform> transform) {
    return with(new TensorRule(List.of(gguf), List.of(prefix + huggingFace), false, transform));
  }

  /** The output head, which has no prefix. */
  TensorTable head(String huggingFace) {
    return with(
        new TensorRule(List.of("output"), List.of(huggingFace), false, s -> Transforms.SAME));
  }

  /** A module of every block that is the same in both. */
  TensorTable block(String gguf, String huggingFace) {
    return block(gguf, huggingFace, s -> Transforms.SAME);
  }

  /** A module of every block. */
  TensorTable block(String gguf, String huggingFace, Function<Sizes, Transform> transform) {
    return block(List.of(gguf), List.of(huggingFace), transform);
  }

  /** Modules of every block that belong together. */
  TensorTable block(
      List<String> gguf, List<String> huggingFace, Function<Sizes, Transform> transform) {
    return with(new TensorRule(inBlock(gguf), below(huggingFace), false, transform));
  }

  /** Tensors of every block, by their complete names. */
  TensorTable exact(
      List<String> gguf, List<String> huggingFace, Function<Sizes, Transform> transform) {
    return with(new TensorRule(inBlock(gguf), below(huggingFace), true, transform));
  }

  /** A tensor of every block, by complete names, that is the same in both. */
  TensorTable exact(String gguf, String huggingFace) {
    return exact(List.of(gguf), List.of(huggingFace), s -> Transforms.SAME);
  }

  /**
   * Experts, each with a gate, an up and a down map, which GGUF stacks.
   *
   * @param list the list of experts within a block
   */
  TensorTable experts(String list, String gate, String up, String down) {
    return stacked("ffn_gate_exps", list + ".{e}." + gate)
        .stacked("ffn_up_exps", list + ".{e}." + up)
        .stacked("ffn_down_exps", list + ".{e}." + down);
  }

  private TensorTable stacked(String gguf, String huggingFace) {
    return block(List.of(gguf), List.of(huggingFace), s -> Transforms.STACKED);
  }

  /** One expert for all tokens. */
  TensorTable shared(String parent) {
    return block("ffn_gate_shexp", parent + ".gate_proj")
        .block("ffn_up_shexp", parent + ".up_proj")
        .block("ffn_down_shexp", parent + ".down_proj");
  }

  private static List<String> inBlock(List<String> names) {
    return names.stream().map(n -> "blk.{i}." + n).toList();
  }

  private List<String> below(List<String> names) {
    return names.stream().map(n -> prefix + blocks + ".{i}." + n).toList();
  }

  /** The mappings of all tensors that a model of these sizes can have. */
  List<TensorMapping> mappings(Sizes sizes) {
    List<TensorMapping> all = new ArrayList<>();
    rules.forEach(rule -> rule.expand(sizes, all));
    return all;
  }
}
