package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.ashlar.engine.AverageBits;
import dev.ashlar.engine.Quantization;
import dev.ashlar.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command line does a program does too, to the same bytes. */
class SameInJavaTest {
  @TempDir Path scratch;

  @Test
  void everythingAboutTuning() throws IOException {
    Path text = Files.writeString(scratch.resolve("a.txt"), "The king has a horse. ".repeat(50));
    Path line = scratch.resolve("line");
    Path java = scratch.resolve("java");
    CommandRun.succeed(
        "quantize",
        "--model",
        "demo",
        "--bits",
        3,
        "--group-size",
        64,
        "--asym",
        "--no-eval",
        "--dataset",
        text,
        "--nsamples",
        4,
        "--seqlen",
        16,
        "--batch-size",
        2,
        "--nblocks",
        2,
        "--gradient-accumulate-steps",
        2,
        "--disable-quanted-input",
        "--stream-dtype",
        "bf16",
        "--iters",
        2,
        "--seed",
        7,
        "--format",
        "auto_round,fake",
        "--output-dir",
        line);
    Quantization.of("demo")
        .bits(3)
        .groupSize(64)
        .asymmetric()
        .datasets(text.toString())
        .samples(4)
        .length(16)
        .batchSize(2)
        .nblocks(2)
        .gradientAccumulation(2)
        .floatInputs()
        .streamType(DType.BF16)
        .option("iters", 2)
        .seed(7)
        .formats("auto_round", "fake")
        .into(java)
        .run();
    same(line, java);
  }

  /** Scales in single precision count twice as much in the average. */
  @ParameterizedTest
  @ValueSource(strings = {"fp16", "fp32"})
  void bitsForEachLayer(String scales) throws IOException {
    Path text = Files.writeString(scratch.resolve("a.txt"), "The king has a horse. ".repeat(150));
    Path line = scratch.resolve("line");
    Path java = scratch.resolve("java");
    CommandRun.succeed(
        "quantize",
        "--model",
        "demo",
        "--avg-bits",
        4.2,
        "--options",
        "W2A16G32,W4A16G32,W8A16G32",
        "--asym",
        "--scale-dtype",
        scales,
        "--method",
        "rtn",
        "--no-eval",
        "--dataset",
        text,
        "--output-dir",
        line);
    DType type = scales.equals("fp32") ? DType.F32 : DType.F16;
    AverageBits bits = AverageBits.of(4.2).from("W2A16G32", "W4A16G32", "W8A16G32").asymmetric();
    Quantization.of("demo")
        .bits(bits.scaleType(type))
        .method("rtn")
        .datasets(text.toString())
        .into(java)
        .run();
    same(line, java);
    Path other = scratch.resolve("other");
    Quantization.of("demo").bits(bits).method("rtn").datasets(text.toString()).into(other).run();
    Path config = Path.of("config.json");
    assertEquals(
        type == DType.F16, Files.mismatch(line.resolve(config), other.resolve(config)) == -1);
  }

  @Test
  void scalesInSinglePrecision() throws IOException {
    Path model = FixtureFolders.copied("llama");
    Path line = scratch.resolve("line");
    Path java = scratch.resolve("java");
    CommandRun.succeed(CommandRun.rtn(model, line, "--scale-dtype", "fp32"));
    Quantization.of(model).method("rtn").groupSize(32).scaleType(DType.F32).into(java).run();
    same(line, java);
    Quantization small = Quantization.of(model).method("rtn").scheme("MXFP4").into(java);
    assertThrows(IllegalArgumentException.class, () -> small.scaleType(DType.F32).run());
    Object[] words = {
      "quantize", "--model", model, "--scheme", "MXFP4", "--scale-dtype", "fp32", "--method", "rtn"
    };
    assertEquals(2, CommandRun.of(words).status());
  }

  @Test
  void fromFileToFile() throws IOException {
    Path model = FixtureFolders.copied("llama");
    Path line = scratch.resolve("line");
    Path java = scratch.resolve("java");
    CommandRun.succeed(
        "quantize", "--model", model, "--model-free", "--group-size", 32, "--output-dir", line);
    Quantization.of(model).modelFree().groupSize(32).into(java).run();
    same(line, java);
  }

  private static void same(Path expected, Path found) throws IOException {
    List<Path> files = files(expected);
    assertEquals(files, files(found));
    for (Path file : files) {
      assertEquals(-1, Files.mismatch(expected.resolve(file), found.resolve(file)), "" + file);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).map(folder::relativize).sorted().toList();
    }
  }
}
