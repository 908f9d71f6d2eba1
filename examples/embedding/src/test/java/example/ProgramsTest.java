package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each program as a user starts it, on the module path and on the class path. */
class ProgramsTest {
  private static final String INCUBATOR = "WARNING: Using incubator modules: jdk.incubator.vector";

  @TempDir Path scratch;

  /** How {@code java} is told where the program is, and the flags that it needs. */
  enum Way {
    MODULE_PATH {
      @Override
      List<String> flags(String program) {
        String path = String.join(File.pathSeparator, "target/classes", "target/lib");
        return List.of("-p", path, "-m", "example/example." + program);
      }
    },
    CLASS_PATH {
      @Override
      List<String> flags(String program) {
        String path = String.join(File.pathSeparator, "target/classes", "target/lib/*");
        return List.of("--add-modules", "jdk.incubator.vector", "-cp", path, "example." + program);
      }
    };

    abstract List<String> flags(String program);
  }

  /** What a program wrote. */
  private record Run(String out, String err) {}

  @ParameterizedTest
  @EnumSource
  void loadsAModelAndStreamsAnAnswer(Way way) throws Exception {
    Run run = run(way.flags("StreamAnswer"), "demo", "the old king");
    assertFalse(run.out().isBlank());
    assertEquals(INCUBATOR, run.err().strip());
  }

  @ParameterizedTest
  @EnumSource
  void quantizesAFolderAndTalksWithTheResult(Way way) throws Exception {
    Path text = Files.writeString(scratch.resolve("text.txt"), sentences());
    Path out = scratch.resolve("out");
    Run run = run(way.flags("QuantizeAndChat"), talking(), out, text);
    assertFalse(run.out().isBlank());
    assertEquals(INCUBATOR, run.err().strip());
    assertTrue(Files.readString(out.resolve("config.json")).contains("\"bits\": 4"));
  }

  @ParameterizedTest
  @EnumSource
  void quantizesWithAMethodOfItsOwn(Way way) throws Exception {
    Path out = scratch.resolve("out");
    Run run = run(way.flags("OwnMethod"), talking(), out);
    assertEquals("", run.out());
    assertEquals(INCUBATOR, run.err().strip());
    assertTrue(Files.exists(out.resolve("model.safetensors")));
  }

  @ParameterizedTest
  @EnumSource
  void runsAFamilyOfItsOwn(Way way) throws Exception {
    Path config = talking().resolve("config.json");
    String llama = Files.readString(config);
    Files.writeString(config, llama.replace("\"model_type\": \"llama\"", "\"model_type\": \"village\""));
    Run run = run(way.flags("StreamAnswer"), config.getParent(), "the old king");
    assertFalse(run.out().isBlank());
    assertEquals(INCUBATOR, run.err().strip());
  }

  /** Without its flag a program on the class path still answers, and says what it lacks. */
  @Test
  void saysWhichFlagIsMissing() throws Exception {
    List<String> flags = new ArrayList<>(Way.CLASS_PATH.flags("StreamAnswer"));
    flags.removeAll(List.of("--add-modules", "jdk.incubator.vector"));
    Run run = run(flags, "demo", "the old king");
    assertFalse(run.out().isBlank());
    assertTrue(run.err().contains("--add-modules jdk.incubator.vector"), run.err());
  }

  /** The demo, with a template, for it was not made for conversations. */
  private Path talking() throws IOException {
    Path folder = Files.createDirectory(scratch.resolve("model"));
    try (Stream<Path> files = Files.list(Path.of("../../demo"))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Files.writeString(
        folder.resolve("chat_template.jinja"),
        "{% for message in messages %}{{ message.content }} {% endfor %}");
    return folder;
  }

  private static String sentences() {
    return "The old king walks to the river and the young queen looks at him. ".repeat(2000);
  }

  private Run run(List<String> flags, Object... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Path out = scratch.resolve("stdout");
    Path err = scratch.resolve("stderr");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertTrue(process.waitFor(30, TimeUnit.MINUTES), "still running: " + command);
    Run run = new Run(Files.readString(out), Files.readString(err));
    assertEquals(0, process.exitValue(), run.err());
    return run;
  }
}
