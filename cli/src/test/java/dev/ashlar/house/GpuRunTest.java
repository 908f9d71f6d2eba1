package dev.ashlar.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script for a strange machine: what it refuses here, and what it leaves there. */
class GpuRunTest {
  private static final Path SCRIPT = Path.of("../bench/gpu/run.sh").toAbsolutePath();

  /** A program that generates another text on a device, and measures nothing. */
  private static final String PROGRAM =
      """
      #!/bin/sh
      case "$*" in
        doctor) echo "home $TORNADOVM_HOME" ;;
        *--backend\\ vector*) echo Paris ;;
        generate*) cat "$(dirname "$0")/says" ;;
        bench*--time*--quick*)
          for last; do :; done
          mkdir -p "$last" && echo "$#" >"$last/bench.json" && echo page >"$last/index.html"
          measured=$(dirname "$0")/measured-${last##*/}
          if [ -f "$measured" ]; then cat "$measured" >"$last/bench.json"; fi
          ! [ -f "$measured-fails" ] ;;
        *) exit 1 ;;
      esac
      """;

  @TempDir Path scratch;

  private record Outcome(int status, String out, String err) {}

  @BeforeEach
  void requireShell() {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: no /bin/sh");
  }

  private Outcome run(Path script, Map<String, String> more, Object... args)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("/bin/sh", script.toString()));
    for (Object arg : args) {
      words.add(arg.toString());
    }
    Path out = scratch.resolve("out");
    Path err = scratch.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().keySet().removeAll(List.of("TORNADOVM_HOME", "DEVICE"));
    builder.environment().putAll(more);
    int status = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start().waitFor();
    return new Outcome(status, Files.readString(out), Files.readString(err));
  }

  private String refused(Map<String, String> more, Object... args)
      throws IOException, InterruptedException {
    Outcome run = run(SCRIPT, more, args);
    assertEquals(1, run.status(), run.out());
    assertEquals(1, run.err().lines().count(), run.err());
    return run.err();
  }

  @Test
  void whatItCannotPackIsOneSentence() throws IOException, InterruptedException {
    Path model = Files.writeString(scratch.resolve("m.gguf"), "GGUF");
    Path folder = scratch.resolve("folder");
    assertTrue(refused(Map.of(), "pack", folder, model).contains("set TORNADOVM_HOME"));
    assertTrue(
        refused(Map.of("TORNADOVM_HOME", scratch.toString()), "pack", folder, model)
            .contains("tornado-argfile"));
    assertTrue(refused(Map.of(), "pack", folder, scratch.resolve("no.gguf")).contains("no model"));
    assertTrue(refused(Map.of(), "pack", folder, SCRIPT).contains("no GGUF file"));
    assertTrue(refused(Map.of(), "pack", scratch, model).contains("is there already"));
    assertTrue(refused(Map.of(), "pack", folder).contains("usage"));
    assertTrue(refused(Map.of(), "go").contains("usage"));
    assertTrue(refused(Map.of()).contains("is no packed folder"));
    assertTrue(Files.notExists(folder));
  }

  @Test
  void textsAreComparedAndEverythingIsLeft() throws IOException, InterruptedException {
    Path folder = Files.createDirectories(scratch.resolve("folder"));
    Path app = Files.createDirectories(folder.resolve("app"));
    Files.writeString(app.resolve("ashlar"), PROGRAM, StandardCharsets.UTF_8);
    assertTrue(app.resolve("ashlar").toFile().setExecutable(true));
    Path script = Files.copy(SCRIPT, folder.resolve("run.sh"));
    Files.writeString(folder.resolve("model.gguf"), "GGUF");
    Files.writeString(folder.resolve("app.tar.gz"), "unpacked already");

    Files.writeString(app.resolve("says"), "Paris\n");
    Outcome good = run(script, Map.of("DEVICE", "tornado:1"));
    assertEquals(0, good.status(), good.out() + good.err());
    assertTrue(good.out().contains("the texts of vector and tornado:1 are the same"), good.out());
    assertTrue(good.out().contains("were not measured in the time"), good.out());
    Path result = folder.resolve("result");
    for (String name : List.of("bench.json", "index.html", "doctor.txt", "device.txt")) {
      assertTrue(Files.exists(result.resolve(name)), name);
    }
    assertEquals("7\n", Files.readString(result.resolve("bench.json")), "that of all");
    String log = Files.readString(result.resolve("log.txt"));
    assertTrue(log.contains("home " + folder.toRealPath().resolve("app/sdk")), log);

    Files.writeString(app.resolve("says"), "Rome\n");
    Outcome other = run(script, Map.of());
    assertEquals(1, other.status(), other.out());
    assertTrue(other.out().contains("failed: same-text"), other.out());

    Files.writeString(app.resolve("says"), "Paris\n");
    Files.writeString(app.resolve("measured-all"), "\"reason\": \"the run's 9 s were over\"");
    Files.writeString(app.resolve("measured-device-fails"), "");
    Outcome partly = run(script, Map.of());
    assertEquals(1, partly.status(), partly.out());
    assertTrue(partly.out().contains("failed: bench\n"), partly.out());
    assertTrue(partly.out().contains("not everything of the processor"), partly.out());
    assertEquals("8\n", Files.readString(result.resolve("bench.json")), "that of the device");
  }
}
