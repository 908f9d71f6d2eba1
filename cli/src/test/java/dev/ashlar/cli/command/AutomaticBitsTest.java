package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.gguf.GgufFile;
import dev.ashlar.tensor.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bits that are chosen for each layer, from the command line to the folder. */
class AutomaticBitsTest {
  private static final Pattern AVERAGE = Pattern.compile("layers have ([\\d.]+) bits on average");

  @TempDir Path scratch;

  private CommandRun run(String name, double bits, Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("quantize", "--method", "rtn", "--avg-bits", bits, "--no-eval", "--json"));
    args.addAll(List.of("--options", "W2A16G32,W4A16G32,BF16"));
    args.addAll(List.of("--scores", scratch.resolve("scores.json")));
    args.addAll(List.of("--output-dir", scratch.resolve(name)));
    args.addAll(List.of(more));
    return CommandRun.succeed(args.toArray());
  }

  private static double average(CommandRun run) {
    Matcher m = AVERAGE.matcher(run.err());
    assertTrue(m.find(), run.err());
    return Double.parseDouble(m.group(1));
  }

  @Test
  void anotherAverageIsChosenFromKeptScores() throws IOException {
    CommandRun first = run("a", 3.25);
    assertTrue(average(first) <= 3.25 && average(first) > 3, first.err());
    assertFalse(first.err().contains("known from"), first.err());
    byte[] scores = Files.readAllBytes(scratch.resolve("scores.json"));
    CommandRun second = run("b", 4.0);
    assertTrue(average(second) <= 4 && average(second) > 3.7, second.err());
    assertTrue(second.err().contains("known from"), second.err());
    assertArrayEquals(scores, Files.readAllBytes(scratch.resolve("scores.json")));
    CommandRun other = run("c", 4.0, "--asym");
    assertFalse(other.err().contains("known from"), other.err());
    assertTrue(average(other) <= 4, other.err());
  }

  @Test
  void anAverageThatCannotBeReachedIsOneSentence() {
    CommandRun run =
        CommandRun.of(
            "quantize",
            "--method",
            "rtn",
            "--avg-bits",
            2.2,
            "--options",
            "W2A16G32,W4A16G32",
            "--output-dir",
            scratch.resolve("x"));
    assertEquals(1, run.status(), run.err());
    assertTrue(run.err().contains("cannot be reached"), run.err());
    assertFalse(Files.exists(scratch.resolve("x/config.json")));
  }

  @Test
  void scoresLieBesideTheWorkFolderUnlessNamed() {
    CommandRun.succeed(
        "quantize",
        "--method",
        "rtn",
        "--avg-bits",
        4,
        "--options",
        "W2A16,W4A16",
        "--work-dir",
        scratch.resolve("work"),
        "--no-eval",
        "--output-dir",
        scratch.resolve("y"));
    assertTrue(Files.exists(scratch.resolve("work.ashlar-scores.json")));
  }

  private static final Object[] TYPES = {
    "quantize", "--avg-bits", 4, "--options", "GGUF:Q2_K_S,GGUF:Q4_K_S,GGUF:Q6_K", "--no-eval"
  };

  private CommandRun types(String name, Object... more) {
    List<Object> args = new ArrayList<>(List.of(TYPES));
    args.addAll(List.of("--scores", scratch.resolve("types.json")));
    args.addAll(List.of("--output-dir", scratch.resolve(name)));
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray());
  }

  /** Blocks of a file count as many bits as they have there, floats and all. */
  @Test
  void typesOfAFileAreChosenForEachLayer() throws IOException {
    for (String method : List.of("rtn", "opt-rtn", "signround")) {
      List<Object> few = new ArrayList<>(List.of("--method", method));
      if (!method.equals("rtn")) {
        few.addAll(List.of("--nsamples", 8));
      }
      if (method.equals("signround")) {
        few.addAll(List.of("--iters", 2));
      }
      CommandRun run = types(method, few.toArray());
      assertEquals(0, run.status(), run.err());
      Path file;
      try (Stream<Path> files = Files.list(scratch.resolve(method))) {
        file = files.filter(f -> f.toString().endsWith(".gguf")).findFirst().orElseThrow();
      }
      Set<String> types = new TreeSet<>();
      long bytes = 0;
      long weights = 0;
      try (GgufFile gguf = GgufFile.open(file)) {
        for (String tensor : gguf.names()) {
          StoredTensor t = gguf.find(tensor).orElseThrow();
          if (tensor.startsWith("blk.") && t.shape().rank() == 2) {
            types.add(t.storage());
            bytes += t.byteSize();
            weights += t.shape().size();
          }
        }
      }
      assertEquals(Set.of("Q2_K", "Q4_K", "Q6_K"), types);
      assertEquals(average(run), 8.0 * bytes / weights, 1e-4);
      assertTrue(average(run) <= 4 && average(run) > 3.8, run.err());
    }
  }

  @Test
  void typesGoWithTheirFormatAndWithMethodsThatHaveThem() {
    CommandRun other = types("x", "--method", "rtn", "--format", "auto_round");
    assertEquals(2, other.status(), other.err());
    assertTrue(other.err().contains("the format is to be auto_round"), other.err());
    CommandRun method = types("x", "--method", "gptq");
    assertEquals(1, method.status(), method.err());
    assertTrue(method.err().contains("4-bit scales in blocks of 256"), method.err());
    for (String type : List.of("GGUF:Q4_K_M", "GGUF:IQ4_XS", "GGUF:TQ2_0")) {
      CommandRun none =
          CommandRun.of(
              "quantize",
              "--method",
              "rtn",
              "--avg-bits",
              4,
              "--options",
              type,
              "--output-dir",
              scratch.resolve("x"));
      assertEquals(2, none.status(), none.err());
      assertTrue(none.err().contains(type + " is no type that layers can have"), none.err());
      assertTrue(none.err().contains("GGUF:Q4_K_S"), none.err());
    }
    assertFalse(Files.exists(scratch.resolve("x")));
  }
}
