package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.layerwise.Layerwise;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.BlockQuantizer;
import dev.ashlar.tuning.method.LinearQuantizer;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flow of callers who own the loop, and exports of codes that are in memory. */
class PreparedModelTest {
  private static final IntegerGrid SCHEME = new IntegerGrid(4, 32, true);
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxTokens(8);

  @TempDir Path scratch;

  /** Counts the rows that each layer sees, and rounds. */
  private static final class Counting implements Method {
    private final Map<String, Integer> rows = new LinkedHashMap<>();

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public String description() {
      return "rounds, and counts what it sees";
    }

    @Override
    public BlockQuantizer quantizer(MethodOptions options) {
      LinearQuantizer counting =
          new LinearQuantizer() {
            @Override
            public boolean observes() {
              return true;
            }

            @Override
            public Work begin(dev.ashlar.tuning.method.LinearLayer layer) {
              return new Work() {
                @Override
                public void observe(Tensor x) {
                  rows.merge(layer.name(), x.rows(), Integer::sum);
                }

                @Override
                public QuantizedMatrix finish() {
                  return RoundToNearest.quantize(layer);
                }
              };
            }
          };
      return new Layerwise(counting, name());
    }
  }

  @Test
  void everyLayerSeesEveryTokenAndNothingElseChanges() {
    Counting method = new Counting();
    try (LanguageModel model = LanguageModel.open(Fixtures.LLAMA)) {
      PreparedModel prepared = model.prepare(SCHEME, method);
      int[] ids = Fixtures.tokens(1, 11).getFirst();
      float[] logits = prepared.forward(ids);
      float[] again = prepared.forward(ids);
      assertEquals(256, logits.length);
      assertArrayEquals(logits, again);
      assertEquals(prepared.schemes().keySet(), method.rows.keySet());
      assertEquals(14, method.rows.size());
      assertEquals(Set.of(22), Set.copyOf(method.rows.values()));
    }
  }

  @Test
  void namesToLeaveFloatThatNothingHasAreRefused() {
    QuantizationPlan plan = QuantizationPlan.uniform(SCHEME).withIgnored(List.of("dwon_proj"));
    try (LanguageModel model = LanguageModel.open(Fixtures.LLAMA)) {
      InputException e =
          assertThrows(
              InputException.class, () -> model.prepare(plan, Methods.named("rtn"), Map.of(), 1));
      assertTrue(e.getMessage().contains("dwon_proj"), e.getMessage());
    }
  }

  @Test
  void convertedModelsRunAndAreExportedAsAnOrdinaryRunWritesThem() throws IOException {
    Path ordinary = scratch.resolve("ordinary");
    Quantization.of("demo").method("rtn").groupSize(32).into(ordinary).run();
    Path exported = scratch.resolve("exported");
    try (LanguageModel demo = LanguageModel.open("demo")) {
      PreparedModel prepared = demo.prepare(SCHEME, Methods.named("rtn"));
      prepared.forward(demo.encode("The king has a horse."));
      try (LanguageModel quantized = prepared.convert()) {
        assertThrows(IllegalStateException.class, prepared::convert);
        String text = quantized.generate("The", SHORT).text();
        assertEquals(Map.of("auto_round", exported), quantized.export(exported, "auto_round"));
        try (LanguageModel reopened = LanguageModel.open(exported)) {
          assertEquals(text, reopened.generate("The", SHORT).text());
        }
        assertThrows(
            IllegalStateException.class,
            () -> quantized.writeFloats(scratch.resolve("floats"), Optional.empty()));
      }
      // What was converted leaves the files to the model it came from.
      assertTrue(demo.generate("The", SHORT).tokens().size() > 1);
    }
    assertArrayEquals(
        Files.readAllBytes(ordinary.resolve("model.safetensors")),
        Files.readAllBytes(exported.resolve("model.safetensors")));
  }

  @Test
  void methodsThatNeedMoreAreRefusedInASentence() {
    try (LanguageModel model = LanguageModel.open(Fixtures.LLAMA)) {
      String sentence =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> model.prepare(SCHEME, Methods.named("signround")))
              .getMessage();
      assertTrue(sentence.contains("cannot only observe"), sentence);
    }
  }

  @Test
  void aQuantizedFolderIsWrittenInOtherFormatsAndAsFloats() throws IOException {
    Path first = scratch.resolve("first");
    Path second = scratch.resolve("second");
    Path direct = scratch.resolve("direct");
    Quantization.of("demo").method("rtn").groupSize(32).into(first).run();
    Quantization.of("demo").method("rtn").groupSize(32).formats("auto_gptq").into(direct).run();
    try (LanguageModel packed = LanguageModel.open(first)) {
      packed.export(second, "auto_gptq");
      String text = packed.generate("The", SHORT).text();
      Path floats = scratch.resolve("floats");
      packed.writeFloats(floats, Optional.empty());
      for (Path folder : new Path[] {second, floats}) {
        try (LanguageModel other = LanguageModel.open(folder)) {
          assertEquals(text, other.generate("The", SHORT).text());
        }
      }
      assertThrows(InputException.class, () -> packed.prepare(SCHEME, Methods.named("rtn")));
    }
    assertArrayEquals(
        Files.readAllBytes(direct.resolve("model.safetensors")),
        Files.readAllBytes(second.resolve("model.safetensors")));
    try (LanguageModel demo = LanguageModel.open("demo")) {
      assertThrows(InputException.class, () -> demo.export(scratch.resolve("no"), "auto_round"));
    }
  }
}
