package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.FeedForward;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;

/** Attention and feed-forward around a residual stream: the block that a {@link BlockSpec} says. */
final class DecoderBlock implements Block {
  private final int index;
  private final BlockSpec spec;
  private final Backend backend;
  private final Attention attention;
  private final FeedForward feedForward;
  private final Residual residual;

  private DecoderBlock(
      int index,
      BlockSpec spec,
      Backend backend,
      Attention attention,
      FeedForward feedForward,
      Residual residual) {
    this.index = index;
    this.spec = spec;
    this.backend = backend;
    this.attention = attention;
    this.feedForward = feedForward;
    this.residual = residual;
  }

  static DecoderBlock load(int index, BlockSpec spec, Weights weights, Rotaries rotaries) {
    String parent = spec.name() + ".";
    return new DecoderBlock(
        index,
        spec,
        weights.backend(),
        Attention.load(parent, spec.attention(), weights, rotaries),
        FeedForwards.load(parent, spec.feedForward(), weights),
        Residual.load(parent, spec.residual(), weights));
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public String name() {
    return spec.name();
  }

  @Override
  public Optional<BlockSpec> spec() {
    return Optional.of(spec);
  }

  @Override
  public Backend backend() {
    return backend;
  }

  @Override
  public Tensor forward(Tensor hidden, BlockContext context, Tape tape) {
    return forward(hidden, context, tape, BlockModule.Watcher.NONE);
  }

  @Override
  public Tensor forward(
      Tensor hidden, BlockContext context, Tape tape, BlockModule.Watcher watcher) {
    if (hidden.rows() != context.rows()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "hidden state %s for %d tokens", hidden.shape(), context.rows()));
    }
    return residual.forward(
        hidden,
        x -> {
          watcher.flowsIn(0, x);
          return attention.forward(x, index, context, tape);
        },
        x -> {
          watcher.flowsIn(1, x);
          return feedForward.forward(x, tape);
        },
        tape);
  }

  @Override
  public List<BlockModule> modules() {
    return List.of(
        new BlockModule(
            names(spec.attention().linears()),
            names(List.of(spec.attention().output())),
            (x, context, tape) -> attention.forward(x, index, context, tape)),
        new BlockModule(
            names(spec.feedForward().linears()),
            names(spec.feedForward().outputs()),
            (x, context, tape) -> feedForward.forward(x, tape)));
  }

  private static List<String> names(List<LinearSpec> maps) {
    return maps.stream().map(LinearSpec::name).toList();
  }

  @Override
  public Block mapWeights(BiFunction<String, Weight, Weight> f) {
    Attention mapped = attention.mapWeights(f);
    return new DecoderBlock(index, spec, backend, mapped, feedForward.mapWeights(f), residual);
  }

  @Override
  public Block mapTensors(BiFunction<String, Tensor, Tensor> f) {
    Attention attending = attention.mapTensors(f);
    FeedForward feeding = feedForward.mapTensors(f);
    return new DecoderBlock(index, spec, backend, attending, feeding, residual.mapTensors(f));
  }

  @Override
  public List<List<String>> sharedInputs() {
    return spec.sharedInputs();
  }

  @Override
  public List<Folding> foldings() {
    return spec.foldings();
  }

  @Override
  public List<List<List<String>>> steps() {
    return spec.steps();
  }

  @Override
  public List<StreamAddition> additions() {
    return spec.additions();
  }

  @Override
  public String toString() {
    return spec.name();
  }
}
