package dev.ashlar.engine.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.job.JobListener;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.tensor.Parallel;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One model in three containers, written by numpy and gguf-py: floats, GPTQ's layout, Q8_0. Figures
 * are numpy's, printed by {@code engine/src/test/fixtures/make-inspect.py}.
 */
class InspectTest {
  private static final double CLOSE = 1e-12;

  private static Path folder() {
    try {
      return Path.of(InspectTest.class.getResource("/inspect").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Comparison compare(String one, String other) {
    try (Checkpoint a = Checkpoints.open(folder().resolve(one));
        Checkpoint b = Checkpoints.open(folder().resolve(other))) {
      return Comparison.of(a, b, JobListener.SILENT);
    }
  }

  private static <T> T of(String model, Function<Map<String, Unit>, T> f) {
    try (Checkpoint c = Checkpoints.open(folder().resolve(model))) {
      return f.apply(Units.of(c));
    }
  }

  private static Map<String, TensorDifference> byName(Comparison c) {
    return c.tensors().stream().collect(Collectors.toMap(TensorDifference::name, d -> d));
  }

  @ParameterizedTest
  @CsvSource({
    "gptq,self_attn.q_proj,0.06714511395984671,0.0310569666326046,0.9977438418187349",
    "gptq,self_attn.k_proj,0.07228937276397188,0.03288936987519264,0.9973849399618632",
    "gptq,mlp.down_proj,0.07174912559171528,0.03654034808278084,0.9974295642372615",
    "model.gguf,self_attn.q_proj,0.005201925771680322,0.002539621666073799,0.9999864718244532",
    "model.gguf,self_attn.k_proj,0.005040945269336457,0.0022996217012405396,0.9999872943555949",
    "model.gguf,mlp.down_proj,0.005619563080150123,0.002703234553337097,0.9999842104384365"
  })
  void figuresOfATensorAreNumpys(
      String model, String map, double relative, double largest, double cosine) {
    Comparison c = compare(model, "float");
    assertTrue(c.complete(), c.toString());
    TensorDifference d = byName(c).get("model.layers.0." + map + ".weight");
    assertEquals(relative, d.relativeError(), CLOSE);
    assertEquals(largest, d.maxError(), CLOSE);
    assertEquals(cosine, d.cosine(), CLOSE);
    assertEquals(0, d.notFinite());
  }

  @ParameterizedTest
  @CsvSource({
    "gptq,0.04168763561946655,0.04101471230387688,0.9991318549832764",
    "model.gguf,0.0032026620229453624,0.0031231194734573364,0.9999948719278142"
  })
  void figuresOfAllTensorsAreNumpys(String model, double relative, double largest, double cosine) {
    TensorDifference total = compare(model, "float").total();
    assertEquals(12_384, total.elements());
    assertEquals(relative, total.relativeError(), CLOSE);
    assertEquals(largest, total.maxError(), CLOSE);
    assertEquals(cosine, total.cosine(), CLOSE);
  }

  @Test
  void whatIsTheSameHasNoError() {
    Comparison c = compare("model.gguf", "gptq");
    TensorDifference table = byName(c).get("model.embed_tokens.weight");
    assertEquals(0, table.relativeError());
    assertEquals(0, table.maxError());
    assertEquals(1, table.cosine(), CLOSE);
    assertEquals(Part.EMBEDDING, table.part());
  }

  @Test
  void figuresDoNotDependOnThreads() {
    Comparison one = Parallel.limited(1, () -> compare("gptq", "float"));
    Comparison three = Parallel.limited(3, () -> compare("gptq", "float"));
    assertEquals(one, three);
  }

  /** Codes, zero points, scales and the index of groups, as numpy counts its arrays' bytes. */
  @Test
  void partsHaveTheBytesOfTheirFiles() {
    List<PartSize> sizes = of("gptq", units -> PartSize.of(units.values()));
    assertEquals(
        List.of(
            new PartSize(Part.EMBEDDING, 1, 1536, 6144),
            new PartSize(Part.ATTENTION, 4, 3072, 2528),
            new PartSize(Part.MLP, 3, 6144, 4544),
            new PartSize(Part.NORMS, 3, 96, 384),
            new PartSize(Part.HEAD, 1, 1536, 6144)),
        sizes);
    assertEquals(6.583333333333333, sizes.get(1).bitsPerWeight(), CLOSE);
    assertEquals(5.916666666666667, sizes.get(2).bitsPerWeight(), CLOSE);
  }

  @Test
  void codesAreCounted() {
    CodeUse use =
        of("gptq", units -> CodeUse.of(units.get("model.layers.0.mlp.down_proj.weight")))
            .orElseThrow();
    assertEquals(4, use.bits());
    assertEquals(
        List.of(
            145L, 61L, 81L, 109L, 136L, 155L, 161L, 157L, 173L, 183L, 154L, 144L, 93L, 80L, 65L,
            151L),
        use.counts());
    assertEquals(3.928312420298513, use.entropy(), CLOSE);
  }

  @Test
  void codesOfBlocksAreCountedToo() {
    CodeUse use =
        of("model.gguf", units -> CodeUse.of(units.get("model.layers.0.mlp.down_proj.weight")))
            .orElseThrow();
    assertEquals(8, use.bits());
    assertEquals(7.543593260998238, use.entropy(), CLOSE);
    List<CodeUse> none =
        of("float", u -> u.values().stream().flatMap(x -> CodeUse.of(x).stream()).toList());
    assertEquals(List.of(), none);
  }
}
