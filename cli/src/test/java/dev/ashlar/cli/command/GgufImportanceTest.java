package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blocks of GGUF files are rounded by what flows into a layer, where calibration data say it. */
class GgufImportanceTest {
  private static final String FIRST = "model.layers.0.self_attn.q_proj.weight";

  @TempDir Path temp;
  private Path model;
  private Path text;

  @BeforeEach
  void writeModel() throws IOException {
    model = FixtureFolders.llamaWithWords(temp.resolve("model"));
    // Each word once: what flows in is known without the tokenizer.
    text = temp.resolve("words.txt");
    Files.writeString(
        text, IntStream.range(0, 256).mapToObj(i -> "w" + i).collect(Collectors.joining(" ")));
  }

  private Path write(String name, String type, Object... more) throws IOException {
    Path out = temp.resolve(name);
    Object[] words = CommandRun.rtn(model, out, "--format", "gguf:" + type, "--no-eval");
    Object[] all = new Object[words.length + more.length];
    System.arraycopy(words, 0, all, 0, words.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    CommandRun run = CommandRun.succeed(all);
    assertTrue(!run.err().contains("no effect"), run.err());
    try (var files = Files.list(out)) {
      return files.filter(f -> f.toString().endsWith(".gguf")).findFirst().orElseThrow();
    }
  }

  private Path withData(String name, String type) throws IOException {
    return write(name, type, "--dataset", text, "--nsamples", 8, "--seqlen", 32);
  }

  private static float[] read(Path file, String tensor) {
    try (Checkpoint source = Checkpoints.open(file)) {
      return source.tensor(tensor).toTensor().data();
    }
  }

  /** Squares of the errors of a row's products with each word's normalized embedding. */
  private double error(float[] chosen, float[] written) {
    float[] rows = read(model, "model.embed_tokens.weight");
    float[] norm = read(model, "model.layers.0.input_layernorm.weight");
    int dim = norm.length;
    double[] counts = new double[dim];
    for (int id = 0; id < rows.length / dim; id++) {
      double square = 0;
      for (int k = 0; k < dim; k++) {
        square += Math.pow(rows[id * dim + k], 2);
      }
      for (int k = 0; k < dim; k++) {
        counts[k] += Math.pow(rows[id * dim + k] * norm[k], 2) / square;
      }
    }
    double error = 0;
    for (int i = 0; i < chosen.length; i++) {
      error += counts[i % dim] * Math.pow(chosen[i] - written[i], 2);
    }
    return error;
  }

  @Test
  void dataMakeWhatCountsNearer() throws IOException {
    // Codes of four bits that carry over are the weights that were chosen.
    float[] chosen = read(write("chosen", "q4_0"), FIRST);
    double plain = error(chosen, read(write("plain", "iq4_nl"), FIRST));
    double weighted = error(chosen, read(withData("weighted", "iq4_nl"), FIRST));
    assertTrue(weighted < plain, weighted + " beside " + plain);
  }

  /** Methods that only round leave weights to the file, and say what counts. */
  @Test
  void weightsAreLeftToTheFile() throws IOException {
    float[] floats = read(model, FIRST);
    Path plain = temp.resolve("converted");
    CommandRun.succeed("convert", "--model", model, "--format", "gguf:q4_0", "--output-dir", plain);
    Path chosen = temp.resolve("opt");
    CommandRun.succeed(
        "quantize",
        "--model",
        model,
        "--method",
        "opt-rtn",
        "--format",
        "gguf:q4_0",
        "--no-eval",
        "--dataset",
        text,
        "--nsamples",
        8,
        "--seqlen",
        32,
        "--output-dir",
        chosen);
    double once = error(floats, read(only(plain), FIRST));
    double weighted = error(floats, read(only(chosen), FIRST));
    assertTrue(weighted < once, weighted + " beside " + once);
  }

  private static Path only(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".gguf")).findFirst().orElseThrow();
    }
  }

  @Test
  void whatIsCarriedStaysAsItIs() throws IOException {
    Path plain = write("plain", "q4_0");
    Path weighted = withData("weighted", "q4_0");
    assertEquals(Files.size(plain), Files.size(weighted));
    assertArrayEquals(read(plain, FIRST), read(weighted, FIRST));
  }
}
