package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code finetune} from a text to an adapter that {@code generate} takes. */
class FinetuneCommandTest {
  @TempDir Path folder;

  private Path data() throws IOException {
    return Files.writeString(
        folder.resolve("t.txt"), "Ada counted nine cats and they all sang. ".repeat(120));
  }

  @Test
  void learnsATextAndWritesAnAdapter() throws IOException {
    Path out = folder.resolve("adapter");
    Object[] words = {
      "finetune",
      "--model",
      "demo",
      "--dataset",
      data(),
      "--seqlen",
      32,
      "--batch-size",
      2,
      "--steps",
      12,
      "--lr",
      "5e-3",
      "--output-dir",
      out,
      "--json"
    };
    byte[] json = CommandRun.succeed(words).out().getBytes(StandardCharsets.UTF_8);
    Map<String, Object> facts = Json.parseObject(json, "finetune");
    assertEquals(12L, facts.get("steps"));
    double before = ((Number) facts.get("lossBefore")).doubleValue();
    double after = ((Number) facts.get("lossAfter")).doubleValue();
    assertTrue(after < 0.7 * before, before + " " + after);
    String plain = text();
    assertNotEquals(plain, text("--lora", out));
    assertFalse(Files.exists(out.resolve(".ashlar-finetune")));
    String refused = CommandRun.refused(words);
    assertTrue(refused.contains("the output folder is not empty"), refused);
  }

  private static String text(Object... more) {
    Object[] words = {
      "generate",
      "--model",
      "demo",
      "--prompt",
      "Ada counted nine",
      "--temperature",
      0,
      "--max-tokens",
      12
    };
    Object[] all = new Object[words.length + more.length];
    System.arraycopy(words, 0, all, 0, words.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return CommandRun.succeed(all).out();
  }

  @Test
  void wrongUsageIsOneSentence() throws IOException {
    Path data = data();
    Path out = folder.resolve("no");
    for (Object[] wrong :
        new Object[][] {
          {"--rank", "0", "--rank must be at least 1: 0"},
          {"--method", "dora", "--method of finetune must be lora: dora"},
          {"--lr", "0", "--lr must be positive: 0.0"},
          {"--seqlen", "1", "--seqlen must be at least 2: 1"},
          {"--steps", "0", "--steps must be at least 1: 0"},
          {"--rank", "70000", "--rank must be at most 65536: 70000"}
        }) {
      CommandRun run =
          CommandRun.of(
              "finetune",
              "--model",
              "demo",
              "--dataset",
              data,
              "--output-dir",
              out,
              wrong[0],
              wrong[1]);
      assertEquals(2, run.status());
      assertTrue(run.err().contains((String) wrong[2]), run.err());
    }
    String few =
        CommandRun.refused(
            "finetune",
            "--model",
            "demo",
            "--dataset",
            data,
            "--output-dir",
            out,
            "--seqlen",
            64,
            "--batch-size",
            1000);
    assertTrue(few.contains("fewer than a batch of 1000"), few);
    String many =
        CommandRun.refused(
            "finetune",
            "--model",
            "demo",
            "--dataset",
            data,
            "--output-dir",
            out,
            "--seqlen",
            32,
            "--batch-size",
            1,
            "--epochs",
            Integer.MAX_VALUE);
    assertTrue(many.contains("steps; take fewer --epochs"), many);
    assertFalse(Files.exists(out));
  }
}
