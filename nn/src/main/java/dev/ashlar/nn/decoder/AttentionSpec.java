package dev.ashlar.nn.decoder;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Causal grouped-query attention.
 *
 * @param projection how queries, keys and values come from the hidden state
 * @param output the map back to the hidden state
 * @param scale factor on the scores
 * @param window sliding window in positions, or 0
 * @param softcap cap on the scores, or 0
 * @param clip bound on queries, keys and values, or 0
 * @param headNorms norms of queries and keys
 * @param valueDim elements of each value head
 * @param sinks name of a tensor {@code [heads]} of scores for looking at nothing
 */
public record AttentionSpec(
    int heads,
    int kvHeads,
    int headDim,
    ProjectionSpec projection,
    LinearSpec output,
    PositionSpec position,
    float scale,
    int window,
    float softcap,
    float clip,
    Optional<HeadNormSpec> headNorms,
    int valueDim,
    Optional<String> sinks) {

  /** Where queries, keys and values come from. */
  public sealed interface ProjectionSpec {
    /** Three linear maps. */
    record Separate(LinearSpec query, LinearSpec key, LinearSpec value) implements ProjectionSpec {}

    /** One linear map whose output holds all three in some order. */
    record Fused(LinearSpec map, FusedOrder order) implements ProjectionSpec {}

    /**
     * Queries, keys and values out of narrow latents (DeepSeek-V2, arXiv 2405.04434, section 2.1).
     * A part of each head rotates; keys of all heads share that part.
     *
     * @param queryDown to the latent of queries; empty if queries come from the hidden state
     * @param queryNorm of that latent
     * @param query to queries, of each head first the plain part and then the rotating one
     * @param down to the latent of keys and values, followed by the rotating part of keys
     * @param norm of that latent
     * @param up to keys and values, of each head first the plain part of the key, then the value
     * @param rotary elements that rotate; the rest of {@code headDim} is plain
     */
    record Latent(
        Optional<LinearSpec> queryDown,
        Optional<NormSpec> queryNorm,
        LinearSpec query,
        LinearSpec down,
        NormSpec norm,
        LinearSpec up,
        int rotary)
        implements ProjectionSpec {}

    /** The linear maps, those together that read the same input. */
    default List<List<LinearSpec>> sharedInputs() {
      return switch (this) {
        case Latent l ->
            l.queryDown().isPresent()
                ? List.of(
                    List.of(l.queryDown().get(), l.down()), List.of(l.query()), List.of(l.up()))
                : List.of(List.of(l.query(), l.down()), List.of(l.up()));
        case Separate s -> List.of(List.of(s.query(), s.key(), s.value()));
        case Fused f -> List.of(List.of(f.map()));
      };
    }

    /** The same with the linear maps that {@code f} gives for its own. */
    default ProjectionSpec mapLinears(UnaryOperator<LinearSpec> f) {
      return switch (this) {
        case Latent l ->
            new Latent(
                l.queryDown().map(f),
                l.queryNorm(),
                f.apply(l.query()),
                f.apply(l.down()),
                l.norm(),
                f.apply(l.up()),
                l.rotary());
        case Separate s -> new Separate(f.apply(s.query()), f.apply(s.key()), f.apply(s.value()));
        case Fused u -> new Fused(f.apply(u.map()), u.order());
      };
    }

    /** The linear maps. */
    default List<LinearSpec> linears() {
      return switch (this) {
        case Latent l -> {
          List<LinearSpec> all = new ArrayList<>();
          l.queryDown().ifPresent(all::add);
          all.addAll(List.of(l.query(), l.down(), l.up()));
          yield all;
        }
        case Separate s -> List.of(s.query(), s.key(), s.value());
        case Fused f -> List.of(f.map());
      };
    }
  }

  /** The order of heads in a fused projection. */
  public enum FusedOrder {
    /** All queries, all keys, all values. */
    BLOCKS,
    /** For each key/value head: its queries, its key, its value. */
    GROUPS,
    /** Four slices, each queries, values, keys (CodeGen, which was split over four devices). */
    CODEGEN;

    /** Which head of the map's output is query head {@code h}. */
    public int query(int h, int heads, int kvHeads) {
      int group = heads / kvHeads;
      return switch (this) {
        case BLOCKS -> h;
        case GROUPS -> h / group * (group + 2) + h % group;
        case CODEGEN -> h / (heads / 4) * 3 * (heads / 4) + h % (heads / 4);
      };
    }

    /** Which head of the map's output is key head {@code h}. */
    public int key(int h, int heads, int kvHeads) {
      int group = heads / kvHeads;
      return switch (this) {
        case BLOCKS -> heads + h;
        case GROUPS -> h * (group + 2) + group;
        case CODEGEN -> query(h, heads, kvHeads) + 2 * (heads / 4);
      };
    }

    /** Which head of the map's output is value head {@code h}. */
    public int value(int h, int heads, int kvHeads) {
      int group = heads / kvHeads;
      return switch (this) {
        case BLOCKS -> heads + kvHeads + h;
        case GROUPS -> h * (group + 2) + group + 1;
        case CODEGEN -> query(h, heads, kvHeads) + heads / 4;
      };
    }
  }

  /**
   * Norms of queries and keys.
   *
   * @param afterRotation whether they come after the rotary embedding
   */
  public record HeadNormSpec(NormSpec query, NormSpec key, boolean afterRotation) {}

  /** The same with the linear maps that {@code f} gives for its own. */
  public AttentionSpec mapLinears(UnaryOperator<LinearSpec> f) {
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        projection.mapLinears(f),
        f.apply(output),
        position,
        scale,
        window,
        softcap,
        clip,
        headNorms,
        valueDim,
        sinks);
  }

  /** The same with the norms of queries and keys that {@code f} gives for its own. */
  public AttentionSpec mapHeadNorms(UnaryOperator<NormSpec> f) {
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        projection,
        output,
        position,
        scale,
        window,
        softcap,
        clip,
        headNorms.map(
            n -> new HeadNormSpec(f.apply(n.query()), f.apply(n.key()), n.afterRotation())),
        valueDim,
        sinks);
  }

  /** All linear maps. */
  public List<LinearSpec> linears() {
    List<LinearSpec> all = new ArrayList<>(projection.linears());
    all.add(output);
    return all;
  }

  /** All norms. */
  public List<NormSpec> norms() {
    List<NormSpec> all = new ArrayList<>();
    if (projection instanceof ProjectionSpec.Latent l) {
      l.queryNorm().ifPresent(all::add);
      all.add(l.norm());
    }
    headNorms.ifPresent(n -> all.addAll(List.of(n.query(), n.key())));
    return all;
  }
}
