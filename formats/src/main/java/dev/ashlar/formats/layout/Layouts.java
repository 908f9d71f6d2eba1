package dev.ashlar.formats.layout;

import java.util.List;
import java.util.Optional;

/** All packed layouts. A new spelling is one class and one line of {@link #ALL}. */
public final class Layouts {
  /** AutoGPTQ's: zeros minus one, with {@code g_idx}. */
  public static final PackedLayout GPTQ = new GptqLayout("gptq", ZeroConvention.V1, true);

  /** GPTQModel's second: zeros as they are, with {@code g_idx}. */
  public static final PackedLayout GPTQ_V2 = new GptqLayout("gptq_v2", ZeroConvention.V2, true);

  /** What AutoRound writes for symmetric weights: zeros minus one, no {@code g_idx}. */
  public static final PackedLayout AUTO_ROUND_GPTQ =
      new GptqLayout("auto_round:auto_gptq", ZeroConvention.V1, false);

  /** AutoRound's own: zeros as they are, no {@code g_idx}. */
  public static final PackedLayout AUTO_ROUND =
      new GptqLayout("auto_round", ZeroConvention.V2, false);

  /** AutoAWQ's GEMM layout. */
  public static final PackedLayout AWQ = new AwqLayout("awq");

  /** compressed-tensors' bit streams. */
  public static final PackedLayout PACK_QUANTIZED = new PackQuantizedLayout();

  /** compressed-tensors' bytes, beside rounded inputs. */
  public static final PackedLayout INT_QUANTIZED = new IntQuantizedLayout();

  /** Ashlar's own: whatever a matrix of integer codes may have beside them. */
  public static final PackedLayout ASHLAR = new AshlarLayout();

  /** Every layout, for tests and messages. */
  public static final List<PackedLayout> ALL =
      List.of(
          GPTQ, GPTQ_V2, AUTO_ROUND_GPTQ, AUTO_ROUND, AWQ, PACK_QUANTIZED, INT_QUANTIZED, ASHLAR);

  private Layouts() {}

  /** The layout of that name. */
  public static Optional<PackedLayout> named(String name) {
    return ALL.stream().filter(layout -> layout.name().equals(name)).findFirst();
  }
}
