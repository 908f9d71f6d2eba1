package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A copy of a model that lacks something is not made, and what was there stays. */
class IncompleteModelsTest {
  @TempDir Path scratch;

  /** Copies a model without the tensors whose names end so; packed parts follow a module's name. */
  private Path without(Path model, String part) throws IOException {
    Path folder = Files.createTempDirectory(scratch, "model").resolve("m");
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    int left = 0;
    try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"));
        SafetensorsWriter writer = SafetensorsWriter.inFolder(folder)) {
      for (String name : file.names()) {
        if (name.contains(part)) {
          left++;
        } else {
          writer.copy(file.tensor(name));
        }
      }
      writer.finish();
    }
    assertTrue(left > 0, part);
    return folder;
  }

  /**
   * @param part of the names of all tensors that are left out
   */
  private record Lack(String fixture, String part, boolean packed) {}

  private static final List<Lack> LACKS =
      List.of(
          new Lack("llama", "layers.1.mlp.up_proj.", false),
          new Lack("llama", "layers.0.self_attn.k_proj.", false),
          new Lack("llama", "layers.1.post_attention_layernorm.", false),
          new Lack("llama", "model.norm.", false),
          new Lack("llama", "embed_tokens.", false),
          new Lack("llama", "lm_head.", false),
          new Lack("phi3_partial", "layers.1.self_attn.qkv_proj.", false),
          new Lack("mixtral", "layers.0.block_sparse_moe.experts.1.w2.", false),
          new Lack("granitemoe", "layers.0.block_sparse_moe.output_linear.", false),
          new Lack("gpt_oss", "layers.1.mlp.experts.gate_up_proj", false),
          new Lack("qwen3_moe", "layers.1.mlp.gate.", false),
          new Lack("llama", "layers.1.mlp.up_proj.", true),
          new Lack("qwen3_moe", "layers.0.mlp.experts.1.up_proj.", true),
          new Lack("gpt_oss", "layers.1.mlp.experts.2.", true),
          new Lack("granitemoe", "layers.0.block_sparse_moe.experts.1.", true));

  @TestFactory
  Stream<DynamicNode> whatLacksAWeightIsNotCopied() {
    return LACKS.stream()
        .map(
            l ->
                dynamicTest(l.fixture + (l.packed ? " packed" : "") + " " + l.part, () -> lack(l)));
  }

  private void lack(Lack lack) throws IOException {
    Path model = FixtureFolders.copied(lack.fixture);
    if (lack.packed) {
      Path packed = Files.createTempDirectory(scratch, "packed").resolve("out");
      CommandRun.succeed(CommandRun.rtn(model, packed, "--no-eval"));
      model = packed;
    }
    Path damaged = without(model, lack.part);
    for (String format : List.of("safetensors", "gguf", "gguf:q8_0")) {
      Path out = scratch.resolve("out");
      String message =
          CommandRun.refused(
              "convert", "--model", damaged, "--format", format, "--output-dir", out);
      assertTrue(message.contains("incomplete"), message);
      assertFalse(Files.exists(out), format);
    }
  }

  /** Whatever is wrong with the new file is found before it takes the place of the old one. */
  @Test
  void aFileThatIsRefusedReplacesNothing() throws IOException {
    Path out = scratch.resolve("gguf");
    List<Object> words =
        new ArrayList<>(List.of("convert", "--format", "gguf:f16", "--output-dir", out));
    words.addAll(List.of("--force", "--model"));
    Path file = out.resolve("m-F16.gguf");
    CommandRun.succeed(with(words, named("first", "llama")));
    byte[] before = Files.readAllBytes(file);
    String message = CommandRun.refused(with(words, named("second", "smollm3")));
    assertTrue(message.contains("cannot say all of this model"), message);
    assertArrayEquals(before, Files.readAllBytes(file));
    try (Stream<Path> left = Files.list(out)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  private static Object[] with(List<Object> words, Path model) {
    return Stream.concat(words.stream(), Stream.of(model)).toArray();
  }

  /** A copy of a fixture in a folder that is called as others are. */
  private Path named(String place, String fixture) throws IOException {
    Path folder = Files.createDirectories(scratch.resolve(place).resolve("m"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(FixtureFolders.copied(fixture).resolve(name), folder.resolve(name));
    }
    return folder;
  }
}
