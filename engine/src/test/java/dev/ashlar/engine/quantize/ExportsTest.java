package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.Fixtures;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.export.ExportFormat;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.formats.export.ExportOptions;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.BlockwiseQuantization;
import dev.ashlar.tuning.LayerSink;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunListener;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.UnitReport;
import dev.ashlar.tuning.calibration.CalibrationSet;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was written is read again, and is no model any more if it is not what it should be. */
class ExportsTest {
  private static final IntegerGrid SCHEME = new IntegerGrid(4, 32, true);

  @TempDir Path scratch;

  /** Damages a folder, or does not. */
  private interface Damage {
    void to(Path folder) throws IOException;
  }

  private List<Written> written(Path folder, Damage damage, String... names) throws IOException {
    List<ExportFormat> formats =
        names.length == 0 ? ExportFormats.allNamed("auto_round") : ExportFormats.allNamed(names);
    try (Checkpoint source = Checkpoints.open(Fixtures.LLAMA)) {
      Decoder model = Architectures.load(source);
      ModelTensors tensors = ModelTensors.of(model.spec(), source);
      BlockwiseQuantization run =
          new BlockwiseQuantization(
              model,
              QuantizationPlan.uniform(SCHEME),
              CalibrationSet.none(),
              Methods.named("rtn").create(MethodOptions.none()),
              RunOptions.defaults());
      try (Exports exports =
          new Exports(
              folder,
              formats,
              source,
              tensors,
              tensors.plan(SCHEME, run.schemes(), Map.of()),
              ExportOptions.defaults())) {
        TunedReference reference = new TunedReference(model, new int[] {3, 4, 5, 6}, 1);
        LayerSink both =
            (module, tensor) -> {
              exports.quantized(module, tensor);
              reference.quantized(module, tensor);
            };
        RunListener units =
            new RunListener() {
              @Override
              public void unitFinished(UnitReport report, Optional<Duration> left) {
                reference.finished(run.units().units().get(report.index()), Optional.empty());
              }
            };
        run.run(both, units);
        exports.finish(Set.of());
        damage.to(folder);
        return exports.verify(Optional.of(reference), Set.of());
      }
    }
  }

  @Test
  void aGoodFolderStays() throws IOException {
    Path folder = scratch.resolve("good");
    Written w = written(folder, f -> {}).getFirst();
    assertEquals("auto_round", w.format());
    assertEquals(14, w.check().packed());
    assertTrue(w.logitError().getAsDouble() < 1e-3, w.toString());
    Checkpoints.open(folder).close();
  }

  @Test
  void aDamagedFolderIsRefusedAndMadeUnreadable() {
    Damage flipped =
        folder -> {
          Path file = folder.resolve("model.safetensors");
          byte[] bytes = Files.readAllBytes(file);
          // Codes and scales alike, so that logits differ whatever lies there.
          for (int i = bytes.length / 2; i < bytes.length; i += 7) {
            bytes[i] ^= 0x11;
          }
          Files.write(file, bytes);
        };
    Damage cut =
        folder -> {
          Path file = folder.resolve("model.safetensors");
          cut(file);
        };
    Damage left = folder -> AtomicFile.create(folder.resolve("x")).channel().close();
    int number = 0;
    for (Damage damage : List.of(flipped, cut, left)) {
      Path folder = scratch.resolve("bad" + number++);
      assertThrows(InputException.class, () -> written(folder, damage), folder.toString());
      assertFalse(Files.exists(folder.resolve("config.json")));
      assertThrows(InputException.class, () -> load(folder));
    }
  }

  private static void cut(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
  }

  /** Of several formats those stay that were found good before one was not. */
  @Test
  void whatNobodyFoundGoodIsNoModelEither() {
    for (String faulty : List.of("auto_round", "fake", "auto_gptq")) {
      Path folder = scratch.resolve("before-" + faulty);
      assertThrows(
          InputException.class,
          () ->
              written(
                  folder,
                  f -> cut(f.resolve(faulty).resolve("model.safetensors")),
                  "auto_round",
                  "gguf",
                  "fake",
                  "auto_gptq"));
      boolean first = faulty.equals("auto_round");
      assertEquals(!first, Files.exists(folder.resolve("auto_round/config.json")), faulty);
      assertEquals(!first, hasFile(folder.resolve("gguf")), faulty);
      boolean last = faulty.equals("auto_gptq");
      assertEquals(last, Files.exists(folder.resolve("fake/config.json")), faulty);
      assertFalse(Files.exists(folder.resolve("auto_gptq/config.json")), faulty);
    }
  }

  private static boolean hasFile(Path folder) {
    String[] names = folder.toFile().list();
    return names != null && List.of(names).stream().anyMatch(n -> n.endsWith(".gguf"));
  }

  private static void load(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder)) {
      Architectures.load(checkpoint);
    }
  }
}
