package dev.ashlar.nn.decoder;

import java.util.function.UnaryOperator;

/** A normalization and where its tensors are. */
public sealed interface NormSpec {
  /** Module name: relative to the block inside blocks, complete elsewhere. */
  String name();

  /** Elements that are normalized together. */
  int dim();

  /**
   * Root-mean-square norm.
   *
   * @param offset added to the stored weight (1 in the Gemma families)
   */
  record Rms(String name, int dim, float eps, float offset) implements NormSpec {}

  /**
   * Layer norm.
   *
   * @param weight whether it has a weight
   * @param bias whether it has a bias
   * @param offset added to the stored weight (1 in Nemotron)
   */
  record Layer(String name, int dim, float eps, boolean weight, boolean bias, float offset)
      implements NormSpec {}

  /**
   * A layer norm of every head with weights of its own and no bias.
   *
   * @param dim elements of each head
   * @param listed whether each head's weight is a tensor {@code name.H.weight} of its own instead
   *     of a row of {@code name.weight [heads, dim]}
   */
  record PerHead(String name, int heads, int dim, float eps, boolean listed) implements NormSpec {}

  /** A root-mean-square norm with plain weights. */
  static NormSpec rms(String name, int dim, float eps) {
    return new Rms(name, dim, eps, 0);
  }

  /** A layer norm with weight and bias. */
  static NormSpec layer(String name, int dim, float eps) {
    return new Layer(name, dim, eps, true, true, 0);
  }

  /** The same norm under another name. */
  default NormSpec renamed(UnaryOperator<String> f) {
    return switch (this) {
      case Rms r -> new Rms(f.apply(r.name()), r.dim(), r.eps(), r.offset());
      case Layer l ->
          new Layer(f.apply(l.name()), l.dim(), l.eps(), l.weight(), l.bias(), l.offset());
      case PerHead p -> new PerHead(f.apply(p.name()), p.heads(), p.dim(), p.eps(), p.listed());
    };
  }
}
