package dev.ashlar.nn.decoder;

import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * From token ids to the first hidden state.
 *
 * @param name module name of the table {@code [vocab, dim]}
 * @param dim width of the table, which {@code projection} may map to the decoder's
 * @param scale multiplies the embeddings
 * @param learned learned positions, added
 * @param projection applied to the embeddings, before positions are added
 * @param norm applied last
 */
public record EmbeddingSpec(
    String name,
    int dim,
    float scale,
    Optional<Learned> learned,
    Optional<LinearSpec> projection,
    Optional<NormSpec> norm) {
  /**
   * A table of positions {@code [rows, dim]}.
   *
   * @param offset row of position 0
   */
  public record Learned(String name, int rows, int offset) {}

  /** A plain table. */
  public static EmbeddingSpec of(String name, int dim) {
    return scaled(name, dim, 1);
  }

  /** A plain table whose rows are multiplied by {@code scale}. */
  public static EmbeddingSpec scaled(String name, int dim, float scale) {
    return new EmbeddingSpec(
        name, dim, scale, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The same under other names. */
  public EmbeddingSpec renamed(UnaryOperator<String> f) {
    return new EmbeddingSpec(
        f.apply(name),
        dim,
        scale,
        learned.map(l -> new Learned(f.apply(l.name()), l.rows(), l.offset())),
        projection.map(p -> p.renamed(f)),
        norm.map(n -> n.renamed(f)));
  }
}
