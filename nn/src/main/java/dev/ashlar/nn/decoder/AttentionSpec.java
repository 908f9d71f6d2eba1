package dev.ashlar.nn.decoder;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
    Optional<HeadNormSpec> headNorms) {

  /** Where queries, keys and values come from. */
  public sealed interface ProjectionSpec {
    /** Three linear maps. */
    record Separate(LinearSpec query, LinearSpec key, LinearSpec value) implements ProjectionSpec {}

    /** One linear map whose output holds all three in some order. */
    record Fused(LinearSpec map, FusedOrder order) implements ProjectionSpec {}

    /** The linear maps. */
    default List<LinearSpec> linears() {
      return switch (this) {
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
    CODEGEN
  }

  /**
   * Norms of queries and keys.
   *
   * @param afterRotation whether they come after the rotary embedding
   */
  public record HeadNormSpec(NormSpec query, NormSpec key, boolean afterRotation) {}

  /** All linear maps. */
  public List<LinearSpec> linears() {
    List<LinearSpec> all = new ArrayList<>(projection.linears());
    all.add(output);
    return all;
  }

  /** The same with other positions and another window. */
  public AttentionSpec with(PositionSpec otherPosition, int otherWindow) {
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        projection,
        output,
        otherPosition,
        scale,
        otherWindow,
        softcap,
        clip,
        headNorms);
  }
}
