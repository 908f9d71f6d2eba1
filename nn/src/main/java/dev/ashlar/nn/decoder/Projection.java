package dev.ashlar.nn.decoder;

import dev.ashlar.nn.decoder.AttentionSpec.FusedOrder;
import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.op.SelectChunks;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.Arrays;
import java.util.function.BiFunction;

/** Queries, keys and values out of the hidden state. */
sealed interface Projection permits Projection.Separate, Projection.Fused, LatentProjection {
  /**
   * The three, each {@code [batch, length, heads·headDim]} with its own number of heads.
   *
   * @param query for all heads
   * @param key for the key/value heads
   * @param value for the key/value heads
   */
  record Parts(Tensor query, Tensor key, Tensor value) {}

  Parts forward(Tensor x, Tape tape);

  Projection mapWeights(BiFunction<String, Weight, Weight> f);

  /** The same with the tensors that {@code f} gives for those that are no weights. */
  Projection mapTensors(BiFunction<String, Tensor, Tensor> f);

  static Projection load(String parent, AttentionSpec spec, Weights weights) {
    return switch (spec.projection()) {
      case ProjectionSpec.Separate s ->
          new Separate(
              weights.linear(parent, s.query()),
              weights.linear(parent, s.key()),
              weights.linear(parent, s.value()));
      case ProjectionSpec.Fused f ->
          Fused.of(
              weights.linear(parent, f.map()),
              f.order(),
              spec.heads(),
              spec.kvHeads(),
              spec.headDim());
      case ProjectionSpec.Latent l -> LatentProjection.load(parent, spec, l, weights);
    };
  }

  /** Three linear maps. */
  record Separate(Linear query, Linear key, Linear value) implements Projection {
    @Override
    public Parts forward(Tensor x, Tape tape) {
      return new Parts(query.forward(x, tape), key.forward(x, tape), value.forward(x, tape));
    }

    @Override
    public Projection mapWeights(BiFunction<String, Weight, Weight> f) {
      return new Separate(query.mapWeights(f), key.mapWeights(f), value.mapWeights(f));
    }

    @Override
    public Projection mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new Separate(query.mapTensors(f), key.mapTensors(f), value.mapTensors(f));
    }
  }

  /**
   * One linear map; heads are picked out of its output.
   *
   * @param query output head of each query head
   * @param key output head of each key head
   * @param value output head of each value head
   */
  record Fused(Linear map, int headDim, int[] query, int[] key, int[] value) implements Projection {
    static Fused of(Linear map, FusedOrder order, int heads, int kvHeads, int headDim) {
      int[] query = new int[heads];
      int[] key = new int[kvHeads];
      int[] value = new int[kvHeads];
      Arrays.setAll(query, h -> order.query(h, heads, kvHeads));
      Arrays.setAll(key, h -> order.key(h, heads, kvHeads));
      Arrays.setAll(value, h -> order.value(h, heads, kvHeads));
      return new Fused(map, headDim, query, key, value);
    }

    @Override
    public Parts forward(Tensor x, Tape tape) {
      Tensor all = map.forward(x, tape);
      return new Parts(
          tape.apply(new SelectChunks(all, headDim, query)),
          tape.apply(new SelectChunks(all, headDim, key)),
          tape.apply(new SelectChunks(all, headDim, value)));
    }

    @Override
    public Projection mapWeights(BiFunction<String, Weight, Weight> f) {
      return new Fused(map.mapWeights(f), headDim, query, key, value);
    }

    @Override
    public Projection mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new Fused(map.mapTensors(f), headDim, query, key, value);
    }
  }
}
