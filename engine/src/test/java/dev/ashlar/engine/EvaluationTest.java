package dev.ashlar.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ashlar.engine.evaluate.Measurement;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.job.Stage;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.quality.Perplexity;
import dev.ashlar.tuning.quality.WindowListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an evaluation says is what its parts say when they are put together by hand. */
class EvaluationTest {
  private static final String WORDS = "Ada counted two bricks and one more, which made three. ";

  @TempDir Path scratch;

  @Test
  void everyDataSetHasFiguresOfItsOwn() throws IOException {
    Path a = Files.writeString(scratch.resolve("a.txt"), WORDS.repeat(20));
    Path b = Files.writeString(scratch.resolve("b.txt"), "Bo had nine stones. ".repeat(40));
    try (LanguageModel demo = LanguageModel.open("demo")) {
      List<Measurement> all =
          Evaluation.of(demo).window(16).limit(4).on(a + ":num=2," + b.toString());
      assertEquals(
          List.of(a.toString(), b.toString()), all.stream().map(m -> m.dataset()).toList());
      assertEquals(2, all.get(0).counts().get("windows"));
      assertEquals(4, all.get(1).counts().get("windows"));
      for (Measurement m : all) {
        int[] ids = demo.encode(Files.readString(Path.of(m.dataset())));
        int windows = m.counts().get("windows").intValue();
        Perplexity p = demo.evaluate(ids, 16, windows, WindowListener.SILENT);
        assertEquals(p.value(), m.figures().get("perplexity").value());
        assertEquals(
            p.standardError(), m.figures().get("perplexity").standardError().getAsDouble());
        assertEquals(
            Map.of("seqlen", 16L, "windows", (long) windows, "tokens", 15L * windows), m.counts());
      }
      assertTrue(
          assertThrows(
                  InputException.class, () -> Evaluation.of(demo).window(100_000).on(a.toString()))
              .getMessage()
              .contains("fewer than one window"));
    }
  }

  private static Path resource(String name) throws Exception {
    return Path.of(EvaluationTest.class.getResource("/harness/" + name + ".jsonl").toURI());
  }

  @Test
  void recordsAreRecognizedAndCounted() throws Exception {
    try (LanguageModel demo = LanguageModel.open("demo")) {
      List<Measurement> all =
          Evaluation.of(demo)
              .fewshot(1)
              .limit(3)
              .on(resource("arc") + "," + resource("piqa") + ":num=2");
      assertEquals(List.of("arc", "piqa"), all.stream().map(m -> m.task()).toList());
      assertEquals(Map.of("questions", 3L, "fewshot", 1L), all.get(0).counts());
      assertEquals(Map.of("questions", 2L, "fewshot", 1L), all.get(1).counts());
      assertEquals(Set.of("acc", "acc_norm"), all.get(0).figures().keySet());
      Measurement words =
          Evaluation.of(demo).tasks("lambada_openai").on(resource("lambada").toString()).getFirst();
      assertEquals(Set.of("perplexity", "acc"), words.figures().keySet());
      Evaluation arc = Evaluation.of(demo).tasks("arc");
      String said =
          assertThrows(InputException.class, () -> arc.on(resource("piqa").toString()))
              .getMessage();
      assertTrue(said.contains("not a record of arc"), said);
      Evaluation both = Evaluation.of(demo).tasks("arc", "boolq");
      said =
          assertThrows(InputException.class, () -> both.on(resource("arc").toString()))
              .getMessage();
      assertTrue(said.contains("boolq"), said);
      Evaluation rendered = Evaluation.of(demo);
      said =
          assertThrows(InputException.class, () -> rendered.on(resource("arc") + ":concat"))
              .getMessage();
      assertTrue(said.contains("concat"), said);
      assertThrows(IllegalArgumentException.class, () -> Evaluation.of(demo).tasks("sudoku"));
      assertThrows(
          IllegalArgumentException.class, () -> Evaluation.of(demo).tasks("kl").on("x.txt"));
    }
  }

  @Test
  void aModelIsComparedWithItsFloatOne() throws IOException {
    Path a = Files.writeString(scratch.resolve("a.txt"), WORDS.repeat(20));
    try (LanguageModel demo = LanguageModel.open("demo");
        LanguageModel coarse =
            demo.prepare(new IntegerGrid(3, 32, true), Methods.BASELINE).convert()) {
      Measurement same = Evaluation.of(demo).reference(demo).window(32).on(a.toString()).getFirst();
      assertEquals(0, same.figures().get("kl_divergence").value(), 1e-9);
      assertEquals(1, same.figures().get("top_agreement").value());
      Measurement m = Evaluation.of(coarse).reference(demo).window(32).on(a.toString()).getFirst();
      assertTrue(m.figures().get("kl_divergence").value() > 1e-4);
      int[] ids = demo.encode(Files.readString(a));
      Perplexity p = coarse.evaluate(ids, 32, 0, WindowListener.SILENT);
      assertEquals(p.value(), m.figures().get("perplexity").value(), 1e-6 * p.value());
      Perplexity floats = demo.evaluate(ids, 32, 0, WindowListener.SILENT);
      assertEquals(floats.value(), m.figures().get("reference_perplexity").value());
    }
  }

  @Test
  void aModelOfOtherTokensIsNoReference() throws IOException {
    Path a = Files.writeString(scratch.resolve("a.txt"), WORDS.repeat(20));
    try (LanguageModel demo = LanguageModel.open("demo");
        LanguageModel other = LanguageModel.open(Fixtures.LLAMA.toString())) {
      JobListener early =
          new JobListener() {
            @Override
            public Stage begin(String label, double total) {
              return fail("nothing is measured: " + label);
            }
          };
      Evaluation compared = Evaluation.of(demo).reference(other).window(32).listener(early);
      String said =
          assertThrows(InputException.class, () -> compared.on(a.toString())).getMessage();
      assertTrue(said.contains("is no reference") && said.contains("256"), said);
    }
  }
}
