package dev.ashlar.tornado.runner;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ashlar.formats.Checkpoints;
import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.nn.generate.Sampler;
import dev.ashlar.nn.runner.Runner;
import dev.ashlar.nn.runner.Runner.Part;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What the peers computed from the shared fixtures, on the device: logits of prompts and greedy
 * tokens behind them. Their folder is given by {@code -Dashlar.shared}; {@code
 * -Dashlar.device.families}, of model types with commas between, takes some of them, since a device
 * compiles kernels of each size anew.
 */
class DeviceFixturesTest {
  private static final double ATOL = 1e-4;
  private static final double RTOL = 2e-4;

  /** Below this margin between the two largest logits the peer's choice is a tie. */
  private static final float TIE = 1e-3f;

  @TestFactory
  Stream<DynamicTest> peersLogitsAndTokens() throws IOException {
    Path models =
        Path.of(System.getProperty("ashlar.shared", "absent"))
            .resolve("fixtures")
            .resolve("models");
    if (!Files.isDirectory(models)) {
      return Stream.of(
          dynamicTest(
              "shared fixtures", () -> Assumptions.abort("skipped: no shared fixture folder")));
    }
    try (Stream<Path> folders = Files.list(models)) {
      List<Path> all =
          folders
              .filter(f -> Files.exists(f.resolve("config.json")) && isWanted(f))
              .sorted()
              .toList();
      assertTrue(!all.isEmpty(), "no fixture is of a family that was asked for");
      return all.stream().map(f -> dynamicTest(f.getFileName().toString(), () -> run(f)));
    }
  }

  private static boolean isWanted(Path folder) {
    String families = System.getProperty("ashlar.device.families", "");
    try (WeightSource checkpoint = Checkpoints.open(folder)) {
      String type = String.valueOf(checkpoint.config().get("model_type"));
      return families.isEmpty() || Set.of(families.split(",")).contains(type);
    }
  }

  private static void run(Path folder) {
    try (WeightSource checkpoint = Checkpoints.open(folder);
        SafetensorsFile expected = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
      String type = String.valueOf(checkpoint.config().get("model_type"));
      if (Architectures.find(type).isEmpty()) {
        Assumptions.abort("skipped: no family for model_type " + type);
      }
      DecoderSpec spec = Architectures.spec(checkpoint);
      DeviceRunner.refusal(spec).ifPresent(said -> Assumptions.abort("skipped: " + said));
      DeviceRunner.Options room = new DeviceRunner.Options(1024, 32, false);
      try (DeviceRunner device = DeviceRunner.open(spec, checkpoint, room)) {
        int prompts = 0;
        while (expected.find("p" + prompts + ".input_ids").isPresent()) {
          prompt(device, expected, "p" + prompts++ + ".");
        }
        assertTrue(prompts > 0, "the fixture has no prompts");
      }
    }
  }

  /** Feeds the peer's own tokens, so that one difference does not hide what comes after. */
  private static void prompt(Runner device, SafetensorsFile expected, String p) {
    int batch = (int) expected.tensor(p + "input_ids").shape().dim(0);
    int[] ids = ints(expected, p + "input_ids");
    int[] mask = ints(expected, p + "attention_mask");
    int[] all = ints(expected, p + "greedy_ids");
    float[] margins = expected.tensor(p + "greedy_margin").toTensor().data();
    Tensor logits = expected.tensor(p + "logits").toTensor();
    int length = ids.length / batch;
    int total = all.length / batch;
    List<Part> parts = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    for (int b = 0; b < batch; b++) {
      int begin = b * length;
      while (mask[begin] == 0) {
        begin++;
      }
      int end = (b + 1) * length;
      for (int row = begin; row < end; row++) {
        rows.add(row);
      }
      parts.add(Part.of(device.newCache(), Arrays.copyOfRange(ids, begin, end)));
    }
    for (int t = length; t < total; t++) {
      Tensor found = device.head(device.hidden(parts, () -> false));
      if (t == length) {
        compare(p, logits, found, rows);
      }
      List<Part> next = new ArrayList<>();
      int row = -1;
      for (int b = 0; b < batch; b++) {
        row += parts.get(b).ids().length;
        int id = all[b * total + t];
        if (margins[b * (total - length) + t - length] > TIE) {
          assertEquals(id, argmax(found, row), p + " token " + t + " of row " + b);
        }
        next.add(Part.of(parts.get(b).cache(), id));
      }
      parts = next;
    }
    parts.forEach(part -> part.cache().close());
  }

  private static void compare(String p, Tensor expected, Tensor found, List<Integer> rows) {
    int vocab = found.dim(-1);
    assertEquals(rows.size() * vocab, found.size());
    for (int i = 0; i < found.size(); i++) {
      double e = expected.data()[rows.get(i / vocab) * vocab + i % vocab];
      double f = found.data()[i];
      int at = i;
      assertTrue(
          Math.abs(f - e) <= ATOL + RTOL * Math.abs(e),
          () -> p + "logits at " + at + ": expected " + e + ", found " + f);
    }
  }

  private static int argmax(Tensor logits, int row) {
    int vocab = logits.dim(-1);
    return Sampler.greedy().sample(logits.data(), row * vocab, vocab);
  }

  private static int[] ints(SafetensorsFile file, String name) {
    Tensor t = file.tensor(name).toTensor();
    int[] ints = new int[t.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) t.data()[i];
    }
    return ints;
  }
}
