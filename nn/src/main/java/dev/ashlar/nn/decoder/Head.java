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

  static Head load(HeadSpec spec, String tableName, Embedding embedding, Weights weights) {
    // A head that was quantized for itself no longer is the table, whatever the configuration says.
    boolean tied = spec.tied() && !weights.isPacked(spec.output().name());
    Linear output;
    if (tied) {
      Tensor bias =
          spec.output().bias()
              ? weights.tensor(spec.output().name() + ".bias", spec.output().out())
              : null;
      Weight weight =
          embedding.table() instanceof TokenTable.Dense d
              ? new DenseWeight(d.matrix())
              : weights.matrix(tableName + ".weight", embedding.vocab(), embedding.spec().dim());
      output = new Linear(spec.output().name(), weight, bias);
    } else {
      output = weights.linear("", spec.output());
    }
    return new Head(
        spec,
        weights.norm("", spec.norm()),
        spec.projection().map(p -> weights.linear("", p)),
        output,
        tied);
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
