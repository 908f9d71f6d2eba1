package dev.ashlar.nn.decoder;

import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * From the last hidden state to logits.
 *
 * @param norm the final norm
 * @param projection from the decoder's width to that of the embeddings
 * @param output the map to the vocabulary; of a tied head only the name and the bias count
 * @param tied whether the embedding table is the output matrix
 * @param scale multiplies the logits
 * @param softcap {@code cap·tanh(logit/cap)}, or 0
 */
public record HeadSpec(
    Optional<NormSpec> norm,
    Optional<LinearSpec> projection,
    LinearSpec output,
    boolean tied,
    float scale,
    float softcap) {
  /** A final norm and an output map. */
  public static HeadSpec of(NormSpec norm, LinearSpec output, boolean tied) {
    return new HeadSpec(Optional.of(norm), Optional.empty(), output, tied, 1, 0);
  }

  /** The same, whose matrix is the embedding table or one of its own. */
  public HeadSpec withTied(boolean other) {
    return new HeadSpec(norm, projection, output, other, scale, softcap);
  }

  /** The same under other names. */
  public HeadSpec renamed(UnaryOperator<String> f) {
    return new HeadSpec(
        norm.map(n -> n.renamed(f)),
        projection.map(p -> p.renamed(f)),
        output.renamed(f),
        tied,
        scale,
        softcap);
  }
}
