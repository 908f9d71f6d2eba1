package dev.ashlar.engine.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.Fixtures;
import dev.ashlar.engine.job.JobListener;
import dev.ashlar.engine.quantize.QuantizeRequest.CalibrationRequest;
import dev.ashlar.engine.quantize.QuantizeRequest.Output;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.io.InputException;
import dev.ashlar.tensor.quant.FloatGrid;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tuning.MemoryLimit;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.RunOptions;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.MethodOptions;
import dev.ashlar.tuning.plan.QuantizationPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From file to file come the same codes as through a model. */
class ModelFreeJobTest {
  @TempDir Path scratch;

  private static QuantizeRequest request(Path model, Path output) {
    return request(model, output, QuantizationPlan.uniform(new IntegerGrid(4, 32, true)));
  }

  private static QuantizeRequest request(Path model, Path output, QuantizationPlan plan) {
    return new QuantizeRequest(
        model.toString(),
        plan,
        new Method.Choice(Methods.BASELINE, MethodOptions.none()),
        RunOptions.defaults(),
        new CalibrationRequest(Optional.empty(), 1, 2),
        new Output(
            output,
            List.of(ExportFormats.named("auto_round").orElseThrow()),
            false,
            Optional.empty(),
            false),
        Optional.empty(),
        MemoryLimit.none());
  }

  @Test
  void theCodesAreThoseOfAnOrdinaryRun() throws IOException {
    Path ordinary = scratch.resolve("ordinary");
    Path free = scratch.resolve("free");
    new QuantizeJob(request(Fixtures.LLAMA, ordinary), JobListener.SILENT).run();
    QuantizeResult result =
        new ModelFreeJob(request(Fixtures.LLAMA, free), JobListener.SILENT).run();
    assertEquals(14, result.run().schemes().size());
    assertArrayEquals(
        Files.readAllBytes(ordinary.resolve("config.json")),
        Files.readAllBytes(free.resolve("config.json")));
    String text = "model.safetensors";
    assertEquals(Files.size(ordinary.resolve(text)), Files.size(free.resolve(text)));
  }

  @Test
  void familiesThatNobodyKnowsAreReadByNamesAndShapes() throws IOException {
    Path unknown = Fixtures.copy(Fixtures.LLAMA, scratch.resolve("unknown"));
    Path config = unknown.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replace("\"llama\"", "\"alpaca-of-tomorrow\""));
    QuantizeResult result =
        new ModelFreeJob(request(unknown, scratch.resolve("out")), JobListener.SILENT).run();
    assertEquals(14, result.run().schemes().size());
    assertThrows(
        InputException.class,
        () -> new QuantizeJob(request(unknown, scratch.resolve("no")), JobListener.SILENT).run());
  }

  @Test
  void quantizedModelsAreRefused() {
    Path once = scratch.resolve("once");
    new ModelFreeJob(request(Fixtures.LLAMA, once), JobListener.SILENT).run();
    ModelFreeJob again =
        new ModelFreeJob(request(once, scratch.resolve("twice")), JobListener.SILENT);
    assertThrows(InputException.class, again::run);
  }

  @Test
  void schemesThatTheMethodCannotDoAreRefusedBeforeAnythingIsWritten() {
    Path out = scratch.resolve("out");
    QuantizeRequest floats =
        request(Fixtures.LLAMA, out, QuantizationPlan.uniform(FloatGrid.nvfp4()));
    ModelFreeJob job = new ModelFreeJob(floats, JobListener.SILENT);
    InputException e = assertThrows(InputException.class, job::run);
    assertTrue(e.getMessage().contains("share a scale"), e.getMessage());
    assertTrue(e.getMessage().contains("e2m1"), e.getMessage());
    assertFalse(Files.exists(out));
  }
}
