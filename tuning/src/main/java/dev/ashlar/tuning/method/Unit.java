package dev.ashlar.tuning.method;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** What is quantized at a time: one or several consecutive blocks, or the output head. */
public interface Unit {
  /** For messages and files: the name of its first block, or of the head. */
  String name();

  /** {@code hidden [batch, length, dim]} to the unit's output, in a buffer of the tape's. */
  Tensor forward(Tensor hidden, BlockContext context, Tape tape);

  /** A new unit with the weights that {@code f} gives for complete module name and weight. */
  Unit mapWeights(BiFunction<String, Weight, Weight> f);

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

  /** Consecutive blocks as one unit (specification 4.8). */
  static Unit of(List<? extends Block> blocks) {
    return new Blocks(List.copyOf(blocks));
  }

  /** Final norm and output map of {@code decoder}. */
  static Unit head(Decoder decoder) {
    return new Head(decoder);
  }

  /** Blocks one after the other. */
  record Blocks(List<Block> blocks) implements Unit {
    @Override
    public String name() {
      return blocks.getFirst().name();
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
    public Unit mapWeights(BiFunction<String, Weight, Weight> f) {
      List<Block> mapped = new ArrayList<>();
      for (Block b : blocks) {
        mapped.add(b.mapWeights((name, weight) -> f.apply(b.name() + "." + name, weight)));
      }
      return new Blocks(List.copyOf(mapped));
    }
  }

  /** The output head; the norm before it is part of the unit, so that inputs are hidden states. */
  record Head(Decoder decoder) implements Unit {
    @Override
    public String name() {
      return decoder.spec().head().output().name();
    }

    @Override
    public Tensor forward(Tensor hidden, BlockContext context, Tape tape) {
      return decoder.head(hidden, tape);
    }

    @Override
    public Unit mapWeights(BiFunction<String, Weight, Weight> f) {
      return new Head(decoder.mapHead(f));
    }
  }
}
