package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Norm;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.op.Softcap;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Scale;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * A {@link HeadSpec} with its weights.
 *
 * @param tied whether the output matrix is the embedding table
 */
record Head(
    HeadSpec spec, Optional<Norm> norm, Optional<Linear> projection, Linear output, boolean tied) {

  /**
   * Whether the output map is the table: one that was quantized for itself no longer is, whatever
   * the configuration says.
   */
  static boolean isTied(HeadSpec spec, Weights weights) {
    return spec.tied() && !weights.isPacked(spec.output().name());
  }

  /** Checks that all is there in its shape, without reading it. */
  static void check(HeadSpec spec, Weights weights) {
    spec.norm().ifPresent(n -> weights.check("", n));
    spec.projection().ifPresent(p -> weights.check("", p));
    if (!isTied(spec, weights)) {
      weights.check("", spec.output());
    }
  }

  static Head load(HeadSpec spec, String tableName, Embedding embedding, Weights weights) {
    boolean tied = isTied(spec, weights);
    return new Head(
        spec,
        weights.norm("", spec.norm()),
        spec.projection().map(p -> weights.linear("", p)),
        tied ? table(spec.output(), tableName, embedding, weights) : weights.output(spec.output()),
        tied);
  }

  private static Linear table(
      LinearSpec output, String tableName, Embedding embedding, Weights weights) {
    Weight weight =
        embedding.table() instanceof TokenTable.Dense d
            ? new DenseWeight(d.matrix())
            : weights.tied(tableName + ".weight", embedding.vocab(), embedding.spec().dim());
    Tensor bias = output.bias() ? weights.tensor(output.name() + ".bias", output.out()) : null;
    return new Linear(output.name(), weight, bias);
  }

  /** The input of the output map. */
  Tensor normalize(Tensor hidden, Tape tape) {
    Tensor x = norm.isPresent() ? norm.get().forward(hidden, tape) : hidden;
    return projection.isPresent() ? projection.get().forward(x, tape) : x;
  }

  /** Logits of a normalized hidden state. */
  Tensor logits(Tensor normalized, Tape tape) {
    Tensor y = output.forward(normalized, tape);
    if (spec.scale() != 1) {
      y = tape.apply(new Scale(y, spec.scale()));
    }
    return spec.softcap() > 0 ? tape.apply(new Softcap(y, spec.softcap())) : y;
  }

  Head mapWeights(BiFunction<String, Weight, Weight> f) {
    return tied ? this : new Head(spec, norm, projection, output.mapWeights(f), false);
  }

  /** With the tensors that {@code f} gives for all but the output's matrix. */
  Head mapTensors(BiFunction<String, Tensor, Tensor> f) {
    return new Head(
        spec,
        norm.map(n -> n.mapTensors(f)),
        projection.map(p -> p.mapTensorsAndWeight(f)),
        output.mapTensors(f),
        tied);
  }

  /** With the tensors that {@code f} gives, the output's matrix among them unless it is tied. */
  Head mapTensorsAndWeight(BiFunction<String, Tensor, Tensor> f) {
    Head mapped = mapTensors(f);
    if (tied || !(output.weight() instanceof DenseWeight d)) {
      return mapped;
    }
    Weight matrix = new DenseWeight(f.apply(output.name() + ".weight", d.matrix()));
    return new Head(
        spec,
        mapped.norm,
        mapped.projection,
        new Linear(output.name(), matrix, mapped.output.bias()),
        false);
  }
}
