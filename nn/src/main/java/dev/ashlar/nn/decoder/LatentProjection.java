package dev.ashlar.nn.decoder;

import dev.ashlar.nn.decoder.AttentionSpec.ProjectionSpec;
import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Norm;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.op.ConcatColumns;
import dev.ashlar.nn.op.SelectColumns;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Queries, keys and values out of latents ({@link ProjectionSpec.Latent}).
 *
 * <p>Queries and keys come out with the rotating part of each head in front, where the rotary
 * embedding of every other family expects it; their products do not depend on the order.
 */
final class LatentProjection implements Projection {
  private final Linear queryDown;
  private final Norm queryNorm;
  private final Linear query;
  private final Linear down;
  private final Norm norm;
  private final Linear up;
  private final Columns columns;

  /**
   * Where things are.
   *
   * @param query the columns of the query map's output
   * @param latent the columns of the latent in the output of {@code down}
   * @param rotating the columns of the keys' rotating part there
   * @param key the columns of keys in the output of {@code up} followed by the rotating part
   * @param value the columns of values there
   */
  private record Columns(int[] query, int[] latent, int[] rotating, int[] key, int[] value) {
    static Columns of(AttentionSpec spec, int rotary, int latent) {
      int heads = spec.heads();
      int dim = spec.headDim();
      int plain = dim - rotary;
      int stride = plain + spec.valueDim();
      int[] query = new int[heads * dim];
      int[] key = new int[heads * dim];
      int[] value = new int[heads * spec.valueDim()];
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < dim; i++) {
          boolean turns = i < rotary;
          query[h * dim + i] = h * dim + (turns ? plain + i : i - rotary);
          key[h * dim + i] = turns ? heads * stride + i : h * stride + i - rotary;
        }
        for (int i = 0; i < spec.valueDim(); i++) {
          value[h * spec.valueDim() + i] = h * stride + plain + i;
        }
      }
      return new Columns(query, range(0, latent), range(latent, latent + rotary), key, value);
    }

    private static int[] range(int from, int to) {
      int[] range = new int[to - from];
      for (int i = 0; i < range.length; i++) {
        range[i] = from + i;
      }
      return range;
    }
  }

  private LatentProjection(
      Linear queryDown,
      Norm queryNorm,
      Linear query,
      Linear down,
      Norm norm,
      Linear up,
      Columns columns) {
    this.queryDown = queryDown;
    this.queryNorm = queryNorm;
    this.query = query;
    this.down = down;
    this.norm = norm;
    this.up = up;
    this.columns = columns;
  }

  static LatentProjection load(
      String parent, AttentionSpec spec, ProjectionSpec.Latent l, Weights weights) {
    return new LatentProjection(
        l.queryDown().map(d -> weights.linear(parent, d)).orElse(null),
        l.queryNorm().map(n -> weights.norm(parent, n)).orElse(null),
        weights.linear(parent, l.query()),
        weights.linear(parent, l.down()),
        weights.norm(parent, l.norm()),
        weights.linear(parent, l.up()),
        Columns.of(spec, l.rotary(), l.norm().dim()));
  }

  @Override
  public Parts forward(Tensor x, Tape tape) {
    Tensor q = queryDown == null ? x : queryDown.forward(x, tape);
    q = queryNorm == null ? q : queryNorm.forward(q, tape);
    q = tape.apply(new SelectColumns(query.forward(q, tape), columns.query()));
    Tensor both = down.forward(x, tape);
    Tensor latent = tape.apply(new SelectColumns(both, columns.latent()));
    Tensor rotating = tape.apply(new SelectColumns(both, columns.rotating()));
    Tensor wide = up.forward(norm.forward(latent, tape), tape);
    Tensor all = tape.apply(new ConcatColumns(List.of(wide, rotating)));
    return new Parts(
        q,
        tape.apply(new SelectColumns(all, columns.key())),
        tape.apply(new SelectColumns(wide, columns.value())));
  }

  @Override
  public Projection mapWeights(BiFunction<String, Weight, Weight> f) {
    Linear mappedDown = queryDown == null ? null : queryDown.mapWeights(f);
    Linear mappedQuery = query.mapWeights(f);
    Linear mapped = down.mapWeights(f);
    return new LatentProjection(
        mappedDown, queryNorm, mappedQuery, mapped, norm, up.mapWeights(f), columns);
  }

  @Override
  public Projection mapTensors(BiFunction<String, Tensor, Tensor> f) {
    return new LatentProjection(
        queryDown == null ? null : queryDown.mapTensors(f),
        queryNorm == null ? null : queryNorm.mapTensors(f),
        query.mapTensors(f),
        down.mapTensors(f),
        norm.mapTensors(f),
        up.mapTensors(f),
        columns);
  }
}
