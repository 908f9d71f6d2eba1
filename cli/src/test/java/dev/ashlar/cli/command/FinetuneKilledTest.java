package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training whose process is killed goes on, and ends in the bytes of one that was not. */
class FinetuneKilledTest {
  private static final int STEPS = 300;
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String CONFIG = "adapter_config.json";

  @TempDir Path folder;

  private Object[] words(Path out) {
    return new Object[] {
      "finetune",
      "--model",
      "demo",
      "--dataset",
      folder.resolve("t.txt"),
      "--seqlen",
      32,
      "--batch-size",
      2,
      "--steps",
      STEPS,
      "--output-dir",
      out
    };
  }

  @Test
  void aKilledTrainingEndsInTheSameBytes() throws Exception {
    Files.writeString(
        folder.resolve("t.txt"), "Ada counted nine cats and they all sang. ".repeat(120));
    Path one = folder.resolve("one");
    CommandRun.succeed(words(one));
    Path out = folder.resolve("out");
    int killed = killedBehind(out);
    assertFalse(Files.exists(out.resolve(CONFIG)));
    // As if it had been killed a moment after the weights got their name.
    Files.copy(one.resolve(WEIGHTS), out.resolve(WEIGHTS));
    String err = CommandRun.succeed(words(out)).err();
    assertTrue(err.contains("going on behind step "), err);
    assertFalse(err.contains("going on behind step 0 "), err);
    assertTrue(killed > 0);
    for (String name : List.of(WEIGHTS, CONFIG)) {
      assertArrayEquals(
          Files.readAllBytes(one.resolve(name)), Files.readAllBytes(out.resolve(name)), name);
    }
    try (Stream<Path> left = Files.list(out)) {
      assertEquals(2, left.count());
    }
  }

  /** Kills a process in the middle of its training, and tells how many steps its state has. */
  private int killedBehind(Path out) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules");
    command.add("jdk.incubator.vector");
    command.add("-cp");
    String modules = System.getProperty("jdk.module.path");
    String classes = System.getProperty("java.class.path");
    command.add(modules == null ? classes : modules + File.pathSeparator + classes);
    command.add("dev.ashlar.cli.Main");
    Stream.of(words(out)).map(Object::toString).forEach(command::add);
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
      int steps = 0;
      while (steps == 0 && process.isAlive() && System.nanoTime() < end) {
        Thread.sleep(20);
        steps = steps(out.resolve(".ashlar-finetune"));
      }
      assertTrue(process.isAlive(), Files.readString(said));
      assertTrue(steps > 0 && steps < STEPS, steps + " steps: " + Files.readString(said));
      return steps;
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** Behind which step a state was written; 0 if there is none yet. */
  private static int steps(Path state) throws IOException {
    if (!Files.exists(state)) {
      return 0;
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(state)).order(ByteOrder.LITTLE_ENDIAN);
    int name = bytes.getInt(Long.BYTES);
    return bytes.getInt(Long.BYTES + Integer.BYTES + name + Double.BYTES);
  }
}
