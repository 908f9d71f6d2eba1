package dev.ashlar.formats.gguf.writing;

import dev.ashlar.formats.gguf.GgufType;
import dev.ashlar.tensor.Shape;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Kinds of files, by the names users know: which tensor gets which type (docs/formats.md, GGUF).
 *
 * <p>Matrices have the base type; some that matter more have a larger one in the mixes that end in
 * S, M and L, and keys and values beside eight experts in all. One-dimensional tensors, norms,
 * routers and tables of positions are F32.
 */
public enum FileType {
  F32(0, GgufType.F32),
  F16(1, GgufType.F16),
  Q4_0(2, GgufType.Q4_0),
  Q4_1(3, GgufType.Q4_1),
  Q8_0(7, GgufType.Q8_0),
  Q5_0(8, GgufType.Q5_0),
  Q5_1(9, GgufType.Q5_1),
  Q2_K(10, GgufType.Q2_K),
  Q3_K_S(11, GgufType.Q3_K),
  Q3_K_M(12, GgufType.Q3_K),
  Q3_K_L(13, GgufType.Q3_K),
  Q4_K_S(14, GgufType.Q4_K),
  Q4_K_M(15, GgufType.Q4_K),
  Q5_K_S(16, GgufType.Q5_K),
  Q5_K_M(17, GgufType.Q5_K),
  Q6_K(18, GgufType.Q6_K),
  Q2_K_S(21, GgufType.Q2_K),
  IQ4_NL(25, GgufType.IQ4_NL),
  IQ4_XS(30, GgufType.IQ4_XS),
  BF16(32, GgufType.BF16),
  TQ1_0(36, GgufType.TQ1_0),
  TQ2_0(37, GgufType.TQ2_0),
  MXFP4(38, GgufType.MXFP4);

  private static final Pattern IN_BLOCK = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.weight");
  private static final int SHARED_QUERIES = 4;
  private static final int FEW_EXPERTS = 8;

  private final int number;
  private final GgufType base;

  FileType(int number, GgufType base) {
    this.number = number;
    this.base = base;
  }

  /**
   * What is to be known of a model.
   *
   * @param layers blocks
   * @param queries query heads per key and value head
   * @param experts routed experts, or 0
   * @param tied whether the embedding is the output head too
   */
  public record Model(int layers, int queries, int experts, boolean tied) {}

  /** {@code general.file_type}. */
  public long number() {
    return number;
  }

  /** What users write behind {@code gguf:}. */
  public String spelled() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type of most matrices. */
  public GgufType base() {
    return base;
  }

  /**
   * The type of a tensor.
   *
   * @param name in the file
   */
  public GgufType of(String name, Shape shape, Model model) {
    return isFloat(name, shape) ? GgufType.F32 : fitting(wished(name, model), shape);
  }

  /** Whether a tensor is F32 in every file. */
  public static boolean isFloat(String name, Shape shape) {
    return shape.rank() < 2
        || !name.endsWith(".weight")
        || name.contains("norm")
        || name.contains("ffn_gate_inp")
        || name.equals("position_embd.weight")
        || name.equals("token_types.weight");
  }

  private GgufType wished(String name, Model model) {
    if (base.encoder() == null) {
      return base;
    }
    if (name.equals("output.weight") || model.tied() && name.equals("token_embd.weight")) {
      return base == GgufType.Q8_0 ? base : GgufType.Q6_K;
    }
    Matcher m = IN_BLOCK.matcher(name);
    if (!m.matches()) {
      boolean ternary = base == GgufType.TQ1_0 || base == GgufType.TQ2_0;
      return ternary || base == GgufType.MXFP4 ? GgufType.Q8_0 : base;
    }
    int layer = Integer.parseInt(m.group(1));
    return switch (m.group(2)) {
      case "attn_v" -> values(layer, model);
      case "attn_k" -> model.experts() == FEW_EXPERTS ? GgufType.Q8_0 : base;
      case "attn_qkv" -> fused();
      case "attn_output" -> output(model);
      case "ffn_down", "ffn_down_exps", "ffn_down_shexp" -> down(layer, model.layers());
      default -> base;
    };
  }

  private GgufType values(int layer, Model model) {
    if (model.experts() == FEW_EXPERTS) {
      return GgufType.Q8_0;
    }
    boolean shared = model.queries() >= SHARED_QUERIES;
    return switch (this) {
      case Q2_K -> shared ? GgufType.Q4_K : GgufType.Q3_K;
      case Q2_K_S -> shared ? GgufType.Q4_K : base;
      case Q3_K_M -> layer < 2 ? GgufType.Q5_K : GgufType.Q4_K;
      case Q3_K_L -> GgufType.Q5_K;
      case Q4_K_S -> layer < 4 ? GgufType.Q5_K : base;
      case Q4_K_M, Q5_K_M -> more(layer, model.layers()) ? GgufType.Q6_K : base;
      case IQ4_XS, IQ4_NL -> shared ? GgufType.Q5_K : base;
      default -> base;
    };
  }

  private GgufType fused() {
    return switch (this) {
      case Q3_K_M, Q3_K_L -> GgufType.Q4_K;
      case Q4_K_M -> GgufType.Q5_K;
      case Q5_K_M -> GgufType.Q6_K;
      default -> base;
    };
  }

  private GgufType output(Model model) {
    if (model.experts() == FEW_EXPERTS) {
      return switch (this) {
        case Q2_K, Q3_K_S, Q3_K_M, Q4_K_S, Q4_K_M, IQ4_NL, IQ4_XS -> GgufType.Q5_K;
        default -> base;
      };
    }
    return switch (this) {
      case Q2_K -> GgufType.Q3_K;
      case Q3_K_M -> GgufType.Q4_K;
      case Q3_K_L -> GgufType.Q5_K;
      default -> base;
    };
  }

  private GgufType down(int layer, int layers) {
    return switch (this) {
      case Q2_K -> GgufType.Q3_K;
      case Q2_K_S -> layer < layers / 8 ? GgufType.Q4_K : base;
      case Q3_K_M -> layer < layers / 16 ? GgufType.Q5_K : GgufType.Q4_K;
      case Q3_K_L -> GgufType.Q5_K;
      case Q4_K_S, IQ4_NL, IQ4_XS -> layer < layers / 8 ? GgufType.Q5_K : base;
      case Q4_K_M, Q5_K_M -> more(layer, layers) ? GgufType.Q6_K : base;
      default -> base;
    };
  }

  /** The first and last eighth of the layers, and every third between them. */
  private static boolean more(int layer, int layers) {
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }

  /** The type, or the next one whose blocks divide the rows. */
  public static GgufType fitting(GgufType type, Shape shape) {
    long in = shape.dim(-1);
    GgufType fits = type;
    if (in % fits.elements() != 0 && fits.elements() == 256) {
      fits =
          switch (type) {
            case Q2_K, Q3_K, IQ4_XS -> GgufType.IQ4_NL;
            case Q5_K -> GgufType.Q5_1;
            case Q6_K -> GgufType.Q8_0;
            case TQ1_0, TQ2_0 -> GgufType.Q4_0;
            default -> GgufType.Q5_0;
          };
    }
    return in % fits.elements() == 0 ? fits : GgufType.F16;
  }
}
