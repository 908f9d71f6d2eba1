package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.quant.ActivationScheme;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schemes with rounded inputs from the command line to the folder and back. */
class RoundedInputsTest {
  private static final Path LLAMA = FixtureFolders.copied("llama");

  @TempDir Path scratch;

  private CommandRun quantize(String scheme, Object... more) {
    Object[] args = {
      "quantize",
      "--model",
      LLAMA,
      "--method",
      "rtn",
      "--scheme",
      scheme,
      "--output-dir",
      scratch.resolve("out"),
      "--force"
    };
    Object[] all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return CommandRun.of(all);
  }

  /** The command compares the logits of what it wrote with those of what it quantized. */
  @Test
  void foldersSayHowInputsAreRoundedAndAreReadSo() {
    for (String scheme : new String[] {"W4A8G32", "INT8", "W4A4G32"}) {
      CommandRun run = quantize(scheme);
      assertEquals(0, run.status(), run.err());
      Path out = scratch.resolve("out");
      Map<String, Object> config =
          Json.asObject(
              Json.readObject(out.resolve("config.json")).get("quantization_config"), "config");
      assertEquals(scheme.equals("W4A4G32") ? 4L : 8L, config.get("act_bits"));
      assertEquals("int", config.get("act_data_type"));
      assertEquals(-1L, config.get("act_group_size"));
      assertEquals(true, config.get("act_dynamic"));
      try (Checkpoint checkpoint = Checkpoints.open(out)) {
        for (String module : checkpoint.quantizedNames()) {
          QuantizedMatrix q = checkpoint.quantized(module).orElseThrow();
          ActivationScheme inputs = q.inputs().orElseThrow();
          assertEquals(scheme.equals("W4A4G32") ? 4 : 8, inputs.element().bits());
        }
      }
    }
  }

  /** The folder is read again and its logits compared; what it says of inputs is followed. */
  @Test
  void smallFloatsAreWrittenAndReadBack() {
    for (String scheme : new String[] {"MXFP4", "MXFP8", "FPW8A16"}) {
      CommandRun run = quantize(scheme);
      assertEquals(0, run.status(), run.err());
      try (Checkpoint checkpoint = Checkpoints.open(scratch.resolve("out"))) {
        assertEquals(14, checkpoint.quantizedNames().size());
        QuantizedMatrix q =
            checkpoint.quantized(checkpoint.quantizedNames().iterator().next()).orElseThrow();
        assertEquals(scheme.startsWith("MX"), q.inputs().isPresent());
      }
      CommandRun inspected = CommandRun.of("inspect", scratch.resolve("out"));
      assertEquals(0, inspected.status(), inspected.err());
    }
    CommandRun exact = quantize("MXFP4", "--act-bits", 16);
    assertEquals(0, exact.status(), exact.err());
    assertEquals(1, quantize("MXFP4", "--format", "auto_gptq").status());
    assertEquals(2, quantize("MXFP4", "--bits", 4).status());
  }

  /** Documents of ids: the fixture has no tokenizer. */
  private Object[] data() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      int first = 3 + 11 * i;
      List<Integer> ids = IntStream.range(0, 32).map(t -> (first + t * t) % 100).boxed().toList();
      lines.append("{\"input_ids\": ").append(ids).append("}\n");
    }
    Path file = Files.writeString(scratch.resolve("tokens.jsonl"), lines);
    return new Object[] {"--dataset", file, "--nsamples", 8, "--seqlen", 32};
  }

  /** Scales of inputs come from the data; the command compares what it wrote with what it made. */
  @Test
  void fixedScalesAreWrittenAndReadBack() throws IOException {
    for (String scheme : new String[] {"NVFP4", "FP8_STATIC", "FP8_BLOCK"}) {
      CommandRun run = quantize(scheme, data());
      assertEquals(0, run.status(), run.err());
      try (Checkpoint checkpoint = Checkpoints.open(scratch.resolve("out"))) {
        assertEquals(14, checkpoint.quantizedNames().size());
        for (String module : checkpoint.quantizedNames()) {
          ActivationScheme inputs =
              checkpoint.quantized(module).orElseThrow().inputs().orElseThrow();
          assertEquals(!scheme.equals("FP8_BLOCK"), inputs.needsLargest());
          assertEquals(inputs.needsLargest(), inputs.largest() > 0, module);
        }
      }
    }
    CommandRun bytes = quantize("W4A8G32", with(data(), "--disable-act-dynamic"));
    assertEquals(0, bytes.status(), bytes.err());
    try (Checkpoint checkpoint = Checkpoints.open(scratch.resolve("out"))) {
      for (String module : checkpoint.quantizedNames()) {
        ActivationScheme inputs = checkpoint.quantized(module).orElseThrow().inputs().orElseThrow();
        assertTrue(!inputs.dynamic() && inputs.largest() > 0, module);
      }
    }
    assertEquals(2, quantize("W4A16", "--disable-act-dynamic").status());
    assertEquals(2, quantize("MXFP4", "--disable-act-dynamic").status());
    assertEquals(2, quantize("W4A8", "--disable-act-dynamic", "--act-group-size", 32).status());
  }

  private static Object[] with(Object[] args, Object more) {
    Object[] all = Arrays.copyOf(args, args.length + 1);
    all[args.length] = more;
    return all;
  }

  @Test
  void singleLayersCanBeOtherwise() {
    CommandRun run =
        quantize(
            "W4A16G32",
            "--layer-config",
            "{\".*down_proj\": \"W8A8\", \".*o_proj\": {\"bits\": 8}}");
    assertEquals(0, run.status(), run.err());
    try (Checkpoint checkpoint = Checkpoints.open(scratch.resolve("out"))) {
      for (String module : checkpoint.quantizedNames()) {
        QuantizedMatrix q = checkpoint.quantized(module).orElseThrow();
        assertEquals(module.endsWith("down_proj"), q.inputs().isPresent(), module);
      }
    }
  }

  @Test
  void formatsThatCannotSayItRefuse() {
    for (String format : new String[] {"auto_gptq", "fake"}) {
      CommandRun run = quantize("W4A8G32", "--format", format);
      assertEquals(1, run.status(), run.err());
      assertTrue(run.err().contains("cannot say that inputs are rounded"), run.err());
    }
    assertEquals(2, quantize("W4A16", "--act-group-size", 32).status());
  }
}
