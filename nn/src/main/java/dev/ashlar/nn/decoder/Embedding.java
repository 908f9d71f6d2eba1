package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Norm;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Add;
import dev.ashlar.tensor.autograd.op.Embed;
import dev.ashlar.tensor.autograd.op.Scale;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * An {@link EmbeddingSpec} with its weights.
 *
 * @param table the rows of all tokens
 */
record Embedding(
    EmbeddingSpec spec,
    int vocab,
    TokenTable table,
    Optional<Tensor> positions,
    Optional<Linear> projection,
    Optional<Norm> norm) {

  static Embedding load(DecoderSpec decoder, Weights weights) {
    EmbeddingSpec spec = decoder.embedding();
    return new Embedding(
        spec,
        decoder.vocab(),
        weights.table(spec.name() + ".weight", decoder.vocab(), spec.dim()),
        spec.learned().map(l -> weights.tensor(l.name() + ".weight", l.rows(), decoder.dim())),
        spec.projection().map(p -> weights.linear("", p)),
        weights.norm("", spec.norm()));
  }

  /** {@code [rows, dim]} for ids {@code [rows]}. */
  Tensor forward(int[] ids, BlockContext c, Tape tape) {
    if (ids.length != c.rows()) {
      throw new IllegalArgumentException(ids.length + " ids for " + c.rows() + " tokens");
    }
    Tensor x = table.rows(ids, tape);
    if (spec.scale() != 1) {
      x = tape.apply(new Scale(x, spec.scale()));
    }
    if (projection.isPresent()) {
      x = projection.get().forward(x, tape);
    }
    if (positions.isPresent()) {
      x = tape.apply(new Add(x, tape.apply(new Embed(positions.get(), rows(c)))));
    }
    if (norm.isPresent()) {
      x = norm.get().forward(x, tape);
    }
    return x;
  }

  private int[] rows(BlockContext c) {
    EmbeddingSpec.Learned learned = spec.learned().orElseThrow();
    int[] rows = c.positions().clone();
    for (int i = 0; i < rows.length; i++) {
      rows[i] += learned.offset();
      if (rows[i] >= learned.rows()) {
        throw new IllegalArgumentException(
            "the model has learned positions for "
                + (learned.rows() - learned.offset())
                + " tokens, not more");
      }
    }
    return rows;
  }

  void forEachTensor(BiConsumer<String, Tensor> f) {
    if (table instanceof TokenTable.Dense d) {
      f.accept(spec.name() + ".weight", d.matrix());
    }
    positions.ifPresent(p -> f.accept(spec.learned().orElseThrow().name() + ".weight", p));
    projection.ifPresent(p -> p.mapTensorsAndWeight(Linear.visiting(f)));
    norm.ifPresent(n -> n.forEachTensor(f));
  }
}
