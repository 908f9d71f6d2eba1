package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.Quantization;
import dev.ashlar.engine.Quantized;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.BlockContext;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.GroupQuantizer;
import dev.ashlar.tuning.method.LinearLayer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.method.UnitResult;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A method that the library does not know, from the front door to the model read again. */
class ForeignMethodTest {
  private static final Path LLAMA = Path.of("../nn/src/test/resources/models/llama");
  private static final int LENGTH = 16;

  @TempDir private Path temporary;

  /**
   * Halves the norm before queries, keys and values and doubles these, in two rounds, one group
   * after the other: the same function, with codes and a changed norm.
   */
  private static final class NormHalving implements Method {
    @Override
    public String name() {
      return "norm_halving";
    }

    @Override
    public String description() {
      return "move a factor of two from a norm into the maps behind it";
    }

    @Override
    public List<Option> options() {
      return List.of(new Option("factor", "2", "what the norm is divided by"));
    }

    @Override
    public BlockQuantizer quantizer(MethodOptions options) {
      return new Layerwise(new Halving((float) options.real("factor", 2)), "norm halving");
    }
  }

  private record Halving(float factor) implements GroupQuantizer {
    @Override
    public Work begin(Group group) {
      String norm = group.task().unit().name() + ".input_layernorm.weight";
      boolean behind = group.layers().getFirst().name().endsWith("q_proj");
      return () -> {
        Map<String, QuantizedMatrix> codes = new LinkedHashMap<>();
        for (LinearLayer l : group.layers()) {
          Tensor w = behind ? scaled(l.weight(), factor) : l.weight();
          codes.put(l.name(), RoundToNearest.quantize(new LinearLayer(l.name(), w, l.scheme())));
        }
        UnitResult result = UnitResult.of(codes);
        return behind
            ? result.withTensors(
                Map.of(norm, scaled(group.task().unit().tensors().get(norm), 1 / factor)))
            : result;
      };
    }

    @Override
    public boolean observes() {
      return true;
    }

    @Override
    public boolean sequential() {
      return true;
    }

    @Override
    public int rounds() {
      return 2;
    }
  }

  private static Tensor scaled(Tensor t, float factor) {
    Tensor copy = t.copy();
    for (int i = 0; i < copy.size(); i++) {
      copy.data()[i] *= factor;
    }
    return copy;
  }

  private static Iterator<int[]> texts() {
    Random random = new Random(3);
    return Stream.generate(() -> random.ints(LENGTH, 0, 200).toArray()).limit(6).iterator();
  }

  private Quantized quantized(Method method, String name) {
    return Quantization.of(LLAMA)
        .method(method)
        .groupSize(32)
        .tokens(texts())
        .samples(6)
        .length(LENGTH)
        .batchSize(2)
        .into(temporary.resolve(name))
        .run();
  }

  private static float[] logits(Path folder) {
    try (Checkpoint again = Checkpoints.open(folder)) {
      int[] ids = texts().next();
      return Architectures.load(again)
          .forward(ids, BlockContext.of(1, LENGTH), Tape.off())
          .copy()
          .data();
    }
  }

  private static float[] tensor(Path folder, String name) {
    try (Checkpoint model = Checkpoints.open(folder)) {
      return model.tensor(name).toTensor().copy().data();
    }
  }

  @Test
  void itsCodesAndItsChangedNormsAreInTheModelThatIsWritten() {
    Quantized halved = quantized(new NormHalving(), "halved");
    Quantized rounded = quantized(RoundToNearest.METHOD, "rounded");
    assertEquals(14, halved.run().schemes().size());
    for (int block = 0; block < 2; block++) {
      String parent = "model.layers." + block + ".";
      float[] norm = tensor(LLAMA, parent + "input_layernorm.weight");
      for (int i = 0; i < norm.length; i++) {
        norm[i] /= 2;
      }
      assertArrayEquals(norm, tensor(halved.folder(), parent + "input_layernorm.weight"));
      assertArrayEquals(
          tensor(LLAMA, parent + "post_attention_layernorm.weight"),
          tensor(halved.folder(), parent + "post_attention_layernorm.weight"));
    }
    // A factor of two changes no rounding.
    assertArrayEquals(logits(rounded.folder()), logits(halved.folder()), 1e-5f);
    try (Checkpoint again = Checkpoints.open(halved.folder())) {
      Map<?, ?> recorded = (Map<?, ?>) again.config().get("quantization_config");
      assertTrue(recorded.containsKey("nsamples"), recorded.toString());
    }
  }
}
