package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.io.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole schemes of single layers, named or chosen, from the command line to a folder of several
 * layouts and back: the command reads the folder again and compares its logits.
 */
class SeveralLayoutsTest {
  private static final String RULES =
      "{'self_attn.(q|k|v)_proj': 'INT8', 'layers.0.mlp.down_proj': 'NVFP4',"
          + " 'layers.1.mlp.down_proj': 'MXFP8', 'o_proj': {'data_type': 'fp8', 'bits': 8,"
          + " 'group_size': -1, 'act_bits': 8, 'act_data_type': 'fp8', 'act_group_size': -1}}";

  @TempDir Path scratch;

  private static Map<String, Object> quantization(Path folder) {
    return Json.asObject(
        Json.readObject(folder.resolve("config.json")).get("quantization_config"), "config");
  }

  private static TreeSet<String> formats(Path folder) {
    TreeSet<String> formats = new TreeSet<>();
    Json.asObject(quantization(folder).get("config_groups"), "groups")
        .values()
        .forEach(g -> formats.add((String) Json.asObject(g, "group").get("format")));
    return formats;
  }

  /** Documents of ids: the fixture has no tokenizer. */
  private Path data(int length) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      int first = 3 + 11 * i;
      List<Integer> ids =
          IntStream.range(0, length).map(t -> (first + t * t) % 100).boxed().toList();
      lines.append("{\"input_ids\": ").append(ids).append("}\n");
    }
    return Files.writeString(scratch.resolve("tokens.jsonl"), lines);
  }

  private Object[] words(Path out, Object... more) throws IOException {
    List<Object> words =
        new ArrayList<>(
            List.of("--layer-config", RULES.replace('\'', '"'), "--dataset", data(32), "--json"));
    words.addAll(List.of("--nsamples", 8, "--seqlen", 32));
    words.addAll(List.of(more));
    return CommandRun.rtn(FixtureFolders.copied("llama"), out, words.toArray());
  }

  @Test
  void rulesGiveLayersLayoutsOfTheirOwn() throws IOException {
    Path out = scratch.resolve("out");
    CommandRun run = CommandRun.succeed(words(out, "--format", "llm_compressor"));
    assertEquals("mixed-precision", quantization(out).get("format"));
    assertEquals(
        "[float-quantized, int-quantized, mxfp8-quantized, nvfp4-pack-quantized, pack-quantized]",
        formats(out) + "");
    assertTrue(run.out().contains("nvfp4-pack-quantized"), run.out());
    try (Checkpoint checkpoint = Checkpoints.open(out)) {
      assertEquals(14, checkpoint.quantizedNames().size());
    }
    CommandRun inspected = CommandRun.succeed("inspect", out);
    assertFalse(inspected.err().contains("warning"), inspected.err());
    Path floats = scratch.resolve("floats");
    CommandRun.succeed("convert", "--model", out, "--output-dir", floats);
    CommandRun.succeed("inspect", out, "--against", floats);
  }

  @Test
  void formatsOfOneLayoutRefuseThem() throws IOException {
    for (String format : new String[] {"auto_round", "auto_gptq", "fp8"}) {
      Path out = scratch.resolve(format);
      String refused = CommandRun.refused(words(out, "--format", format));
      assertTrue(refused.contains("format " + format), refused);
      assertFalse(Files.exists(out.resolve("config.json")));
    }
  }

  @Test
  void anAverageIsReachedByKindsOfDifferentLayouts() throws IOException {
    Path out = scratch.resolve("average");
    CommandRun.succeed(
        "quantize",
        "--model",
        FixtureFolders.copied("llama"),
        "--method",
        "rtn",
        "--avg-bits",
        7,
        "--options",
        "W4A16G32,MXFP4,MXFP8,INT8",
        "--format",
        "llm_compressor",
        "--dataset",
        data(128),
        "--output-dir",
        out);
    assertEquals("mixed-precision", quantization(out).get("format"));
    assertTrue(formats(out).size() > 1, formats(out) + "");
  }
}
