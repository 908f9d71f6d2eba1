package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.tensor.kernel.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What computes can be named; a device that is not there is said. */
class BackendOptionTest {
  @TempDir Path scratch;

  private static Map<String, Object> generated(String... more) {
    List<Object> words =
        new ArrayList<>(List.of("generate", "--model", "demo", "--prompt", "Ada counted"));
    words.addAll(List.of("--temperature", 0, "--max-tokens", 8, "--json"));
    words.addAll(List.of(more));
    return CommandRun.succeed(words.toArray()).json();
  }

  @Test
  void theOneThatIsNamedIsUsed() {
    Map<String, Object> usual = generated();
    assertEquals(Backends.chosen().name(), usual.get("backend"));
    assertEquals(usual.get("text"), generated("--backend", "auto").get("text"));
    Map<String, Object> reference = generated("--backend", "reference");
    assertEquals("reference", reference.get("backend"));
    assertEquals(usual.get("text"), reference.get("text"));
  }

  @Test
  void evalSaysWhatComputed() throws IOException {
    Path text = Files.writeString(scratch.resolve("a.txt"), "Ada counted two bricks. ".repeat(9));
    Object[] words = {
      "eval",
      "--model",
      "demo",
      "--dataset",
      text,
      "--seqlen",
      16,
      "--limit",
      1,
      "--json",
      "--backend",
      "reference"
    };
    assertEquals("reference", CommandRun.succeed(words).json().get("backend"));
  }

  @Test
  void aNameThatIsNoneIsWrongUsage() {
    for (String name : List.of("gpu", "vector:0", "tornado:", "tornado:x", "tornado:-1", "")) {
      for (String command : List.of("generate", "chat", "eval")) {
        List<Object> words = new ArrayList<>(List.of(command, "--model", "m", "--backend", name));
        words.addAll(command.equals("generate") ? List.of("--prompt", "p") : List.of());
        words.addAll(command.equals("eval") ? List.of("--dataset", "d") : List.of());
        CommandRun run = CommandRun.of(words.toArray());
        assertEquals(2, run.status(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().contains("--backend"), run.err());
      }
    }
    assertTrue(CommandRun.of("quantize", "--backend", "gpu").err().contains("--backend"));
  }

  @Test
  void memoryOfADeviceWantsADevice() {
    for (String backend : List.of("auto", "vector")) {
      CommandRun run =
          CommandRun.of(
              "generate",
              "--model",
              "m",
              "--prompt",
              "p",
              "--backend",
              backend,
              "--device-memory",
              "1g");
      assertEquals(2, run.status(), run.err());
      assertTrue(run.err().contains("--device-memory has no effect without"), run.err());
    }
    CommandRun run =
        CommandRun.of(
            "generate",
            "--model",
            "m",
            "--prompt",
            "p",
            "--backend",
            "tornado",
            "--device-memory",
            "much");
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains("a size such as 4g"), run.err());
    assertTrue(CommandRun.of("quantize", "--device-memory", "1g").err().contains("has no effect"));
  }

  /** The tests run without TornadoVM. */
  @Test
  void aDeviceThatIsNotThereIsSaidWithWhatToDo() {
    for (String name : List.of("tornado", "tornado:0")) {
      String said =
          CommandRun.refused("generate", "--model", "demo", "--prompt", "a", "--backend", name);
      assertTrue(said.contains("TORNADOVM_HOME"), said);
    }
    assertTrue(
        CommandRun.refused("chat", "--model", "demo", "--backend", "tornado")
            .contains("TORNADOVM_HOME"));
    assertTrue(
        CommandRun.refused("eval", "--model", "demo", "--dataset", "d", "--backend", "tornado")
            .contains("TORNADOVM_HOME"));
  }

  @Test
  void whatADeviceDoesNotHeedIsRefusedFirst() {
    for (List<String> option :
        List.of(
            List.of("--activations", "int8"),
            List.of("--kv-cache", "f16"),
            List.of("--head", "int8"),
            List.of("--lora", "no-such-adapter"))) {
      String said =
          CommandRun.refused(
              "generate",
              "--model",
              "demo",
              "--prompt",
              "a",
              "--backend",
              "tornado",
              option.get(0),
              option.get(1));
      assertTrue(said.contains("tornado:0 does not compute with"), said);
    }
  }

  @Test
  void workThatNoDeviceDoesRefusesOne() {
    String said =
        CommandRun.refused(
            "finetune",
            "--model",
            "demo",
            "--dataset",
            "d",
            "--output-dir",
            scratch.resolve("out"),
            "--backend",
            "tornado:1");
    assertTrue(said.contains("finetune computes on the processor only"), said);
  }

  @Test
  void onlyMethodsThatTuneOnADeviceTakeOne() {
    for (String method : List.of("rtn", "gptq")) {
      String err = CommandRun.of("quantize", "--method", method, "--backend", "tornado").err();
      assertTrue(err.contains("method " + method + " computes on the processor only"), err);
      assertTrue(err.contains("signround"), err);
    }
    String err = CommandRun.of("quantize", "--model-free", "--backend", "tornado").err();
    assertTrue(err.contains("computes on the processor only"), err);
    CommandRun run = CommandRun.of("quantize", "--method", "signround", "--backend", "tornado");
    assertTrue(run.status() != 0);
    assertTrue(run.err().contains("TORNADOVM_HOME"), run.err());
    run = CommandRun.of("quantize", "--method", "signround", "--backend", "tornado:1");
    assertTrue(run.err().contains("tuning takes the first device"), run.err());
  }

  @Test
  void quantizeTakesTheProcesssBackendByName() {
    Path llama = FixtureFolders.copied("llama");
    String name = Backends.chosen().name();
    CommandRun.succeed(CommandRun.rtn(llama, scratch.resolve("a"), "--backend", name));
    String other = name.equals("reference") ? "vector" : "reference";
    String said =
        CommandRun.refused(CommandRun.rtn(llama, scratch.resolve("b"), "--backend", other));
    assertTrue(said.contains("this process computes by " + name), said);
  }

  @Test
  void listAndDoctorKnowThem() {
    String list = CommandRun.succeed("list", "backends").out();
    for (String name : List.of("auto", "vector", "reference", "tornado[:DEVICE]")) {
      assertTrue(list.contains("\n  " + name + " "), list);
    }
    assertTrue(list.contains("TORNADOVM_HOME"), list);
  }
}
