package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
}
