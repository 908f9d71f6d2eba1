package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.nn.decoder.BlockModule;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.nn.layer.WrappedWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What every family's blocks say of themselves: other tensors, and which maps share an input. */
class BlockTensorsTest {
  private static final int LENGTH = 6;

  /** Remembers what it was multiplied with. */
  private record Noting(Weight inner, String name, Map<String, Tensor> inputs)
      implements WrappedWeight {
    @Override
    public Tensor multiply(Tensor x, Tape tape) {
      inputs.put(name, x);
      return inner.multiply(x, tape);
    }
  }

  @TestFactory
  Stream<DynamicTest> families() {
    return Fixtures.folders(Fixtures.copied("models")).stream()
        .map(f -> dynamicTest(f.getFileName().toString(), () -> check(f)));
  }

  private static void check(Path folder) {
    try (Checkpoint source = Checkpoints.open(folder)) {
      Decoder decoder = Architectures.load(source);
      for (int i = 0; i < decoder.blockCount(); i++) {
        tensors(decoder, decoder.block(i));
        inputs(decoder, decoder.block(i));
        modules(decoder, decoder.block(i));
      }
      headTensors(decoder);
    }
  }

  private static Tensor hidden(Decoder decoder) {
    Tensor x = Tensor.zeros(1, LENGTH, decoder.spec().dim());
    for (int i = 0; i < x.size(); i++) {
      x.data()[i] = (float) Math.sin(i * 0.7);
    }
    return x;
  }

  private static float[] run(Decoder decoder, Block block) {
    return block.forward(hidden(decoder), BlockContext.of(1, LENGTH), Tape.off()).copy().data();
  }

  private static Tensor shaken(Tensor t) {
    Tensor copy = t.copy();
    for (int i = 0; i < copy.size(); i++) {
      copy.data()[i] = copy.data()[i] * 1.5f + 0.25f;
    }
    return copy;
  }

  /** Modules by themselves do to their maps what they do within the block. */
  private static void modules(Decoder decoder, Block block) {
    Map<String, Tensor> seen = new HashMap<>();
    Block noting = block.mapWeights((name, w) -> new Copying(w, name, seen));
    List<Tensor> flowing = new ArrayList<>();
    Tensor out =
        noting.forward(
            hidden(decoder),
            BlockContext.of(1, LENGTH),
            Tape.off(),
            (module, x) -> {
              assertEquals(flowing.size(), module);
              flowing.add(x.copy());
            });
    assertArrayEquals(run(decoder, block), out.data());
    Map<String, Tensor> whole = new HashMap<>(seen);
    seen.clear();
    Set<String> maps = new LinkedHashSet<>();
    for (int m = 0; m < flowing.size(); m++) {
      BlockModule module = noting.modules().get(m);
      assertTrue(module.maps().containsAll(module.outputs()), module.toString());
      maps.addAll(module.maps());
      Tensor y = module.run().forward(flowing.get(m), BlockContext.of(1, LENGTH), Tape.off());
      assertEquals(flowing.get(m).rows(), y.rows());
      assertEquals(decoder.spec().dim(), y.dim(-1));
    }
    assertEquals(noting.modules().size(), flowing.size());
    assertEquals(whole.keySet(), seen.keySet());
    assertTrue(maps.containsAll(seen.keySet()), seen.keySet() + " " + maps);
    whole.forEach((name, x) -> assertArrayEquals(x.data(), seen.get(name).data(), name));
  }

  /** Keeps what it was multiplied with. */
  private record Copying(Weight inner, String name, Map<String, Tensor> inputs)
      implements WrappedWeight {
    @Override
    public Tensor multiply(Tensor x, Tape tape) {
      inputs.put(name, x.copy());
      return inner.multiply(x, tape);
    }
  }

  /** Copies change nothing, other values do, and the block that was asked stays what it was. */
  private static void tensors(Decoder decoder, Block block) {
    float[] before = run(decoder, block);
    assertArrayEquals(before, run(decoder, block.mapTensors((name, t) -> t.copy())));
    Block shaken = block.mapTensors((name, t) -> shaken(t));
    Map<String, Tensor> seen = new HashMap<>();
    block.forEachTensor(seen::put);
    assertEquals(seen.isEmpty(), Arrays.equals(before, run(decoder, shaken)));
    assertArrayEquals(before, run(decoder, block));
    Map<String, Tensor> kept = new HashMap<>();
    block.mapTensors((name, t) -> t).forEachTensor(kept::put);
    assertEquals(seen.keySet(), kept.keySet());
    seen.forEach((name, t) -> assertSame(t, kept.get(name), name));
  }

  private static void inputs(Decoder decoder, Block block) {
    Map<String, Tensor> inputs = new HashMap<>();
    Set<String> names = new LinkedHashSet<>();
    Block noting =
        block.mapWeights(
            (name, w) -> {
              names.add(name);
              return new Noting(w, name, inputs);
            });
    run(decoder, noting);
    Set<String> grouped = new LinkedHashSet<>();
    for (List<String> group : block.sharedInputs()) {
      group.forEach(grouped::add);
      // Experts that no token went to saw nothing.
      group.forEach(n -> assertSame(inputs.get(group.getFirst()), inputs.get(n), n));
    }
    assertEquals(names, grouped);
  }

  private static void headTensors(Decoder decoder) {
    Tensor x = hidden(decoder);
    float[] before = decoder.head(x, Tape.off()).copy().data();
    Decoder copied = decoder.mapHeadTensors((name, t) -> t.copy());
    assertArrayEquals(before, copied.head(x, Tape.off()).copy().data());
    Set<String> names = new LinkedHashSet<>();
    Decoder shaken =
        decoder.mapHeadTensors(
            (name, t) -> {
              names.add(name);
              return shaken(t);
            });
    float[] after = shaken.head(x, Tape.off()).copy().data();
    assertEquals(names.isEmpty(), Arrays.equals(before, after));
  }
}
