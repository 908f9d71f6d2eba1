package dev.ashlar.tuning.method;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.BlockModule;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.decoder.Folding;
import dev.ashlar.nn.decoder.StreamAddition;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.RoundingWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** What is quantized at a time: one or several consecutive blocks, or the output head. */
public interface Unit {
  /** For messages and files: the name of its first block, or of the head. */
  String name();

  /** What it was loaded for: tapes that run it should be on the same. */
  Backend backend();

  /** {@code hidden [batch, length, dim]} to the unit's output, in a buffer of the tape's. */
  Tensor forward(Tensor hidden, BlockContext context, Tape tape);

  /** A new unit with the weights that {@code f} gives for complete module name and weight. */
  Unit mapWeights(BiFunction<String, Weight, Weight> f);

  /**
   * A new unit with the tensors (norms, biases, routers) that {@code f} gives for complete
   * checkpoint name and present tensor.
   */
  Unit mapTensors(BiFunction<String, Tensor, Tensor> f);

  /**
   * Complete names of the linear maps in the order of {@link #weights()}, those together that read
   * the same input.
   */
  List<List<String>> sharedInputs();

  /** What puts out the inputs of the linear maps, with complete names; empty if not known. */
  default List<Folding> foldings() {
    return List.of();
  }

  /**
   * The groups of {@link #sharedInputs} by steps: those of one step do not see what the others of
   * it put out, those of the next may.
   */
  default List<List<List<String>>> steps() {
    return sharedInputs().stream().map(List::of).toList();
  }

  /**
   * The linear maps whose outputs are added to the residual stream, in order, by complete name: the
   * stream before the k-th is the unit's input and the sum of those before it. Ends where the
   * stream is no such sum.
   */
  default List<StreamAddition> additions() {
    return List.of();
  }

  /**
   * What its blocks run between their additions to the residual stream, in order, with complete
   * names; none where that is not known.
   */
  default List<BlockModule> modules() {
    return List.of();
  }

  /** {@link #forward} with somebody who sees what flows into each of {@link #modules}. */
  default Tensor forward(
      Tensor hidden, BlockContext context, Tape tape, BlockModule.Watcher watcher) {
    return forward(hidden, context, tape);
  }

  /**
   * The unit as {@code result} leaves it: floats of the codes in place of weights, their inputs
   * rounded where the codes say so, and the tensors that it changed.
   */
  default Unit with(UnitResult result) {
    Unit coded =
        mapWeights(
            (name, weight) -> {
              QuantizedMatrix q = result.layers().get(name);
              Tensor changed = result.tensors().get(name + ".weight");
              Tensor matrix = q != null ? q.dequantize() : changed;
              return matrix == null
                  ? weight
                  : RoundingWeight.of(
                      new DenseWeight(matrix), q == null ? Optional.empty() : q.inputs());
            });
    return result.tensors().isEmpty()
        ? coded
        : coded.mapTensors((name, t) -> result.tensors().getOrDefault(name, t));
  }

  /** The tensors that may be changed: those of {@link #mapTensors}, and dense matrices. */
  default Map<String, Tensor> tensors() {
    Map<String, Tensor> found = new LinkedHashMap<>();
    weights()
        .forEach(
            (name, weight) -> {
              if (weight instanceof DenseWeight d) {
                found.put(name + ".weight", d.matrix());
              }
            });
    mapTensors(
        (name, t) -> {
          found.put(name, t);
          return t;
        });
    return found;
  }

  /** The linear maps by complete module name, in the order in which the unit uses them. */
  default Map<String, Weight> weights() {
    Map<String, Weight> found = new LinkedHashMap<>();
    mapWeights(
        (name, weight) -> {
          found.put(name, weight);
          return weight;
        });
    return found;
  }

  /** Consecutive blocks as one unit. */
  static Unit of(List<? extends Block> blocks) {
    return new Blocks(List.copyOf(blocks));
  }

  /** Final norm and output map of {@code decoder}. */
  static Unit head(Decoder decoder) {
    return new Head(decoder);
  }

  /** Blocks one after the other. */
  record Blocks(List<Block> blocks) implements Unit {
    /** Attention and feed-forward: both add to the stream, or it is no sum behind the block. */
    private static final int HALVES = 2;

    @Override
    public String name() {
      return blocks.getFirst().name();
    }

    @Override
    public Backend backend() {
      return blocks.getFirst().backend();
    }

    @Override
    public Tensor forward(Tensor hidden, BlockContext context, Tape tape) {
      Tensor x = hidden;
      for (int i = 0; i < blocks.size(); i++) {
        x = blocks.get(i).forward(x, context, tape);
      }
      return x;
    }

    @Override
    public Tensor forward(
        Tensor hidden, BlockContext context, Tape tape, BlockModule.Watcher watcher) {
      Tensor x = hidden;
      int before = 0;
      for (Block b : blocks) {
        int first = before;
        x = b.forward(x, context, tape, (module, in) -> watcher.flowsIn(first + module, in));
        before += b.modules().size();
      }
      return x;
    }

    @Override
    public List<BlockModule> modules() {
      List<BlockModule> all = new ArrayList<>();
      for (Block b : blocks) {
        b.modules().forEach(m -> all.add(m.under(b.name() + ".")));
      }
      return all;
    }

    @Override
    public Unit mapWeights(BiFunction<String, Weight, Weight> f) {
      List<Block> mapped = new ArrayList<>();
      for (Block b : blocks) {
        mapped.add(b.mapWeights((name, weight) -> f.apply(b.name() + "." + name, weight)));
      }
      return new Blocks(List.copyOf(mapped));
    }

    @Override
    public Unit mapTensors(BiFunction<String, Tensor, Tensor> f) {
      List<Block> mapped = new ArrayList<>();
      for (Block b : blocks) {
        mapped.add(b.mapTensors((name, t) -> f.apply(b.name() + "." + name, t)));
      }
      return new Blocks(List.copyOf(mapped));
    }

    @Override
    public List<List<String>> sharedInputs() {
      List<List<String>> all = new ArrayList<>();
      for (Block b : blocks) {
        b.sharedInputs()
            .forEach(group -> all.add(group.stream().map(n -> b.name() + "." + n).toList()));
      }
      return all;
    }

    @Override
    public List<Folding> foldings() {
      List<Folding> all = new ArrayList<>();
      for (Block b : blocks) {
        b.foldings().forEach(f -> all.add(f.under(b.name() + ".")));
      }
      return all;
    }

    @Override
    public List<List<List<String>>> steps() {
      List<List<List<String>>> all = new ArrayList<>();
      for (Block b : blocks) {
        for (List<List<String>> step : b.steps()) {
          all.add(
              step.stream()
                  .map(group -> group.stream().map(n -> b.name() + "." + n).toList())
                  .toList());
        }
      }
      return all;
    }

    @Override
    public List<StreamAddition> additions() {
      List<StreamAddition> all = new ArrayList<>();
      for (Block b : blocks) {
        List<StreamAddition> own = b.additions();
        own.forEach(a -> all.add(a.of(b.name())));
        if (own.size() < HALVES) {
          break;
        }
      }
      return all;
    }
  }

  /** The output head; the norm before it is part of the unit, so that inputs are hidden states. */
  record Head(Decoder decoder) implements Unit {
    @Override
    public String name() {
      return decoder.spec().head().output().name();
    }

    @Override
    public Backend backend() {
      return decoder.backend();
    }

    @Override
    public Tensor forward(Tensor hidden, BlockContext context, Tape tape) {
      return decoder.head(hidden, tape);
    }

    @Override
    public Unit mapWeights(BiFunction<String, Weight, Weight> f) {
      return new Head(decoder.mapHead(f));
    }

    @Override
    public Unit mapTensors(BiFunction<String, Tensor, Tensor> f) {
      return new Head(decoder.mapHeadTensors(f));
    }

    @Override
    public List<List<String>> sharedInputs() {
      return weights().keySet().stream().map(List::of).toList();
    }
  }
}
