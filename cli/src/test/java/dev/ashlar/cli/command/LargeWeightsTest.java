package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.EmbeddingOptions;
import dev.ashlar.engine.LanguageModel;
import dev.ashlar.engine.job.RunException;
import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights that are finite and too large: what is computed with them is no number. */
class LargeWeightsTest {
  @TempDir Path scratch;
  private Path model;
  private Path text;

  @BeforeEach
  void model() throws IOException {
    model = Files.createDirectories(scratch.resolve("model"));
    Path good = FixtureFolders.copied("llama");
    Files.copy(good.resolve("config.json"), model.resolve("config.json"));
    try (Checkpoint source = Checkpoints.open(good);
        SafetensorsWriter writer = SafetensorsWriter.inFolder(model)) {
      for (String name : source.names()) {
        Tensor t = source.tensor(name).toTensor();
        if (name.endsWith("layers.0.mlp.down_proj.weight")) {
          Arrays.fill(t.data(), 1e38f);
        }
        writer.floats(name, DType.F32, t);
      }
      writer.finish();
    }
    FixtureFolders.writeWords(model);
    text = scratch.resolve("text.txt");
    Files.writeString(text, "w5 w6 w7 w8 w9 w10 w11 ".repeat(8));
  }

  private static void says(String said) {
    assertTrue(said.contains("NaN or infinity") && said.contains("damaged"), said);
  }

  @Test
  void aTextThatCannotBeContinuedIsSaid() {
    says(
        CommandRun.refused(
            "generate", "--json", "--model", model, "--prompt", "w5", "--temperature", 0));
    says(
        CommandRun.refused(
            "generate", "--json", "--model", model, "--prompt", "w5", "--temperature", 1));
  }

  @Test
  void figuresThatAreNoNumbersAreNoResult() {
    says(CommandRun.of("eval", "--model", model, "--dataset", text, "--seqlen", 16).err());
    CommandRun json =
        CommandRun.of("eval", "--model", model, "--dataset", text, "--seqlen", 16, "--json");
    assertTrue(json.status() == 1 && json.out().isEmpty(), json.out());
  }

  @Test
  void programsHearOfItToo() {
    try (LanguageModel opened = LanguageModel.open(model)) {
      EmbeddingOptions how = EmbeddingOptions.defaults();
      says(
          assertThrows(RunException.class, () -> opened.embed(List.of("w5 w6"), how)).getMessage());
    }
  }
}
