package dev.ashlar.tuning.layerwise.solver;

/**
 * What GPTQ may do in one way or another; names in brackets are those of the peers.
 *
 * @param damp what is added to the diagonal, as a share of its mean ({@code percdamp}, {@code
 *     damp_percent})
 * @param dampIncrement by how much that share grows while the matrix cannot be factored, up to 1; 0
 *     for one attempt ({@code damp_auto_increment})
 * @param order in which columns are taken ({@code desc_act}, {@code act_group_aware})
 * @param staticGroups whether grids are those of the original weights in the original order ({@code
 *     static_groups}), rather than found when a group is reached
 * @param fresh whether a grid found on the way takes account of all columns before it. The peers do
 *     not look at those of the same 128 columns, and results are theirs only without this
 */
public record GptqOptions(
    double damp, double dampIncrement, Order order, boolean staticGroups, boolean fresh) {
  /** In which order columns are taken. */
  public enum Order {
    /** As they lie. */
    NATURAL,
    /** Largest second moment first; groups are cut from that order unless they are static. */
    ACTIVATION,
    /** Largest first in each group, and the groups by their largest; they stay what they are. */
    GROUP_AWARE
  }

  public GptqOptions {
    if (!(damp >= 0) || damp > 1 || !(dampIncrement >= 0) || dampIncrement > 1) {
      throw new IllegalArgumentException(
          "damping and its increment must be from 0 to 1: " + damp + ", " + dampIncrement);
    }
  }

  /** AutoGPTQ's solver as it is called without options. */
  public static GptqOptions plain() {
    return new GptqOptions(0.01, 0.01, Order.NATURAL, false, false);
  }

  /** The same in another order. */
  public GptqOptions with(Order other) {
    return new GptqOptions(damp, dampIncrement, other, staticGroups, fresh);
  }
}
