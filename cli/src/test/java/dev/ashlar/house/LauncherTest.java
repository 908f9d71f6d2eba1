package dev.ashlar.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The launcher in a tree of its own, with a Java and a Maven that only say how they were called.
 */
class LauncherTest {
  private static final Path LAUNCHER = Path.of("../ashlar");

  private static final String JAVA =
      """
      #!/bin/sh
      for a in "$@"; do case $a in -XX:ArchiveClassesAtExit=*) exit 0 ;; esac; done
      echo "java $*"
      """;

  private static final String MAVEN =
      """
      #!/bin/sh
      echo "Downloaded from central: https://example.org/a.jar"
      echo "[INFO] Building Ashlar tensor 0.1.0-SNAPSHOT            [1/2]"
      echo "[INFO] Building Ashlar cli 0.1.0-SNAPSHOT               [2/2]"
      if [ -e broken ]; then echo "[ERROR] broken"; exit 1; fi
      mkdir -p cli/target/lib && echo jar >cli/target/lib/a.jar
      """;

  @TempDir Path scratch;
  private Path tree;
  private Path tools;
  private Path source;

  private record Outcome(int status, String out, String err) {}

  @BeforeEach
  void plant() throws IOException {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: no /bin/sh");
    tree = Files.createDirectories(scratch.resolve("tree"));
    Files.copy(LAUNCHER, tree.resolve("ashlar"));
    Files.writeString(tree.resolve("pom.xml"), "<project/>");
    Path cli = Files.createDirectories(tree.resolve("cli/src/main"));
    Files.writeString(tree.resolve("cli/pom.xml"), "<project/>");
    source = Files.writeString(cli.resolve("A.java"), "class A {}");
    Path jdk = Files.createDirectories(scratch.resolve("jdk/bin"));
    Files.writeString(scratch.resolve("jdk/release"), "JAVA_VERSION=\"25.0.3\"\n");
    script(jdk.resolve("java"), JAVA);
    script(jdk.resolve("javac"), "#!/bin/sh\n");
    tools = Files.createDirectories(scratch.resolve("tools"));
    // A path without Maven: everything else that the launcher calls.
    for (String tool :
        ("awk cat chmod cksum cp date dirname find flock head mkdir mkfifo mktemp mv readlink rm"
                + " sed sh sleep tar tr uname grep")
            .split(" ")) {
      for (String folder : List.of("/usr/bin", "/bin")) {
        Path real = Path.of(folder, tool);
        if (Files.exists(real) && !Files.exists(tools.resolve(tool))) {
          script(tools.resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
        }
      }
    }
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void installMaven() throws IOException {
    script(tools.resolve("mvn"), MAVEN);
  }

  private Outcome launch(String... args) throws IOException, InterruptedException {
    return launch(Map.of(), args);
  }

  private Outcome launch(Map<String, String> variables, String... args)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("/bin/sh", tree.resolve("ashlar").toString()));
    words.addAll(List.of(args));
    Path out = scratch.resolve("out");
    Path err = scratch.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", tools.toString());
    builder.environment().put("HOME", scratch.resolve("home").toString());
    builder.environment().put("ASHLAR_JAVA", scratch.resolve("jdk").toString());
    builder.environment().putAll(variables);
    int status = builder.start().waitFor();
    return new Outcome(status, Files.readString(out), Files.readString(err));
  }

  private void touchSource() throws IOException {
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
  }

  private Outcome built() throws IOException, InterruptedException {
    installMaven();
    Outcome first = launch("doctor");
    assertEquals(0, first.status(), first.err());
    return first;
  }

  @Test
  void theFirstBuildSaysHowFarItIs() throws Exception {
    Outcome first = built();
    assertTrue(first.out().contains("dev.ashlar.cli.Main doctor"), first.out());
    assertTrue(first.err().contains("building 1/2 (1 files fetched)"), first.err());
    assertTrue(first.err().contains("building 2/2"), first.err());
    assertTrue(Files.readString(tree.resolve(".ashlar/build.log")).contains("Downloaded from"));
    Outcome second = launch("doctor");
    assertFalse(second.err().contains("building"), second.err());
  }

  @Test
  void aBuildThatFailsSaysWhereToRead() throws Exception {
    installMaven();
    Files.createFile(tree.resolve("broken"));
    Outcome failed = launch("doctor");
    assertEquals(1, failed.status());
    assertTrue(failed.err().contains("the build failed"), failed.err());
    assertEquals("", failed.out());
  }

  @Test
  void withoutMavenTheLastBuildRuns() throws Exception {
    built();
    Files.delete(tools.resolve("mvn"));
    touchSource();
    Outcome old = launch("doctor");
    assertEquals(0, old.status(), old.err());
    assertTrue(old.out().contains("Main doctor"), old.out());
    assertTrue(old.err().contains("warning: the sources are newer"), old.err());
    assertTrue(old.err().contains("Maven"), old.err());
  }

  @Test
  void withoutACompilerTheLastBuildRuns() throws Exception {
    built();
    Files.delete(scratch.resolve("jdk/bin/javac"));
    touchSource();
    Outcome old = launch("doctor");
    assertEquals(0, old.status(), old.err());
    assertTrue(old.err().contains("without a compiler"), old.err());
  }

  @Test
  void withoutMavenAndWithoutABuildNothingRuns() throws Exception {
    Outcome none = launch("doctor");
    assertEquals(1, none.status());
    assertEquals(1, none.err().lines().count(), none.err());
    assertTrue(none.err().contains("Maven"), none.err());
  }

  @Test
  void aTreeThatCannotBeWrittenIsBuiltInTheUsersCache() throws Exception {
    // A file where the folder should be stops even the super-user.
    Files.createFile(tree.resolve(".ashlar"));
    Outcome first = built();
    assertTrue(first.out().contains("Main doctor"), first.out());
    assertFalse(Files.exists(tree.resolve("cli/target")), "nothing is written beside the sources");
    try (Stream<Path> kept = Files.list(scratch.resolve("home/.cache/ashlar"))) {
      assertEquals(1, kept.count());
    }
    Outcome second = launch("doctor");
    assertFalse(second.err().contains("building"), second.err());
    touchSource();
    Files.delete(tools.resolve("mvn"));
    Outcome third = launch("doctor");
    assertEquals(0, third.status(), third.err());
    assertTrue(third.err().contains("warning: the sources are newer"), third.err());
  }

  @Test
  void anInstalledTreeWithABuildNeedsNoPlaceToWrite() throws Exception {
    built();
    Path state = tree.resolve(".ashlar");
    touchSource();
    Files.writeString(scratch.resolve("home"), "no folder", StandardCharsets.UTF_8);
    Files.delete(tools.resolve("mvn"));
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      assertEquals(0, launch("doctor").status());
    } finally {
      Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  @Test
  void examplesBeginWithWhatWasTyped() throws Exception {
    assertTrue(built().out().contains("-Dashlar.command=" + tree.resolve("ashlar")));
  }

  private static boolean hasOwnCollector(Outcome launched, String command) {
    assertEquals(0, launched.status(), launched.err());
    String flag = command.equals("chat") ? "-XX:+UseParallelGC" : "-XX:MaxHeapFreeRatio=";
    return launched.out().contains(flag);
  }

  /** Java does not start with two collectors, wherever they are named. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "JAVA_OPTS",
        "ASHLAR_OPTS",
        "JDK_JAVA_OPTIONS",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS"
      })
  void aCollectorOfTheUsersIsTheOnlyOne(String variable) throws Exception {
    built();
    for (String command : List.of("chat", "quantize")) {
      assertTrue(hasOwnCollector(launch(command), command));
      for (String name : List.of("Serial", "Parallel", "G1", "Z", "Shenandoah", "Epsilon")) {
        String flags = "-Xmx1g -XX:+Use" + name + "GC -Da=b";
        Outcome own = launch(Map.of(variable, flags), command);
        String others = own.out().replace(flags, "");
        assertFalse(hasOwnCollector(new Outcome(own.status(), others, own.err()), command), others);
      }
    }
  }

  @Test
  void otherFlagsAboutCollectingChooseNoCollector() throws Exception {
    built();
    for (String flag :
        List.of(
            "-XX:+UseGCOverheadLimit",
            "-XX:-UseG1GC",
            "-XX:+UseMaximumCompactionOnSystemGC",
            "-XX:+UseDynamicNumberOfGCThreads")) {
      for (String command : List.of("chat", "quantize")) {
        assertTrue(hasOwnCollector(launch(Map.of("JAVA_OPTS", flag), command), command), flag);
      }
    }
  }

  private static final String ARGUMENTS =
      """
      # --module-path of a comment
      -XX:+UseParallelGC --module-path .:%1$s/modules
      --upgrade-module-path "%1$s/graal"
      --add-modules ALL-SYSTEM
      """;

  private Path sdk(String name, String text) throws IOException {
    Path sdk = Files.createDirectories(scratch.resolve("sdk"));
    Files.writeString(sdk.resolve(name), text);
    return sdk;
  }

  private Outcome launchWith(Path sdk, String... args) throws IOException, InterruptedException {
    return launch(Map.of("TORNADOVM_HOME", sdk.toString()), args);
  }

  @Test
  void aDeviceIsStartedByTheArgumentFileOfItsSdk() throws Exception {
    built();
    Path sdk = scratch.resolve("sdk");
    sdk("tornado-argfile", String.format(Locale.ROOT, ARGUMENTS, sdk));
    for (String[] line :
        new String[][] {
          {"generate", "--backend", "tornado"},
          {"chat", "--model", "m", "--backend=tornado:1"},
          {"bench", "--gpu=tornado:1"},
          {"bench", "--gpu"},
          {"doctor"}
        }) {
      String out = launchWith(sdk, line).out();
      assertTrue(out.contains("java @" + sdk.resolve("tornado-argfile") + " "), out);
      assertTrue(out.matches("(?s).* -p \\S+/lib:" + sdk + "/modules .*"), out);
      assertTrue(out.contains("-Dtornado.recover.bailout=False"), out);
      assertFalse(out.contains("GC ") || out.contains("SharedArchive"), out);
    }
    for (String[] line :
        new String[][] {
          {"generate", "--backend", "vector"}, {"generate", "--prompt", "tornado"}, {"bench"}
        }) {
      String out = launchWith(sdk, line).out();
      assertFalse(out.contains("@") || out.contains("modules"), out);
    }
    assertFalse(launch("generate", "--backend", "tornado").out().contains("@"));
  }

  /** Where no backend is named, java is started with a device only if one was measured to gain. */
  @Test
  void aDeviceThatGainsIsStartedWithoutItsName() throws Exception {
    built();
    Path sdk = scratch.resolve("sdk");
    sdk("tornado-argfile", String.format(Locale.ROOT, ARGUMENTS, sdk));
    Path cache = Files.createDirectories(scratch.resolve("home/.cache/ashlar"));
    Path elsewhere = scratch.resolve("elsewhere");
    Files.createDirectories(elsewhere.resolve("ashlar"));
    Map<String, String> other =
        Map.of("TORNADOVM_HOME", sdk.toString(), "XDG_CACHE_HOME", elsewhere.toString());
    for (String command : List.of("generate", "chat", "eval")) {
      assertFalse(launchWith(sdk, command).out().contains("@"));
      Files.writeString(cache.resolve("device-speed.json"), "{\n  \"gains\": false,\n");
      assertFalse(launchWith(sdk, command).out().contains("@"));
      Files.writeString(cache.resolve("device-speed.json"), "{\n  \"gains\": true,\n");
      assertTrue(launchWith(sdk, command).out().contains("java @"));
      assertTrue(launchWith(sdk, command, "--backend", "auto").out().contains("java @"));
      assertTrue(launchWith(sdk, command, "--backend=auto").out().contains("java @"));
      assertFalse(launchWith(sdk, command, "--backend", "vector").out().contains("@"));
      assertFalse(launchWith(sdk, command, "--backend=reference").out().contains("@"));
      assertFalse(launch(other, command).out().contains("@"));
      assertFalse(launch(command).out().contains("@"));
      Files.delete(cache.resolve("device-speed.json"));
    }
    Files.writeString(cache.resolve("device-speed.json"), "{\n  \"gains\": true,\n");
    assertFalse(launchWith(sdk, "quantize").out().contains("@"));
    Outcome none = launchWith(scratch.resolve("none"), "generate");
    assertEquals(0, none.status());
    assertTrue(none.err().contains("warning: TORNADOVM_HOME="), none.err());
    assertFalse(none.out().contains("@"));
  }

  @Test
  void whatTheFileLeavesToTheShellIsExpanded() throws Exception {
    built();
    Path sdk = scratch.resolve("sdk");
    String text = String.format(Locale.ROOT, ARGUMENTS, "${TORNADOVM_HOME}");
    sdk("tornado-argfile", text);
    String out = launchWith(sdk, "generate", "--backend", "tornado").out();
    assertTrue(out.matches("(?s).* -p \\S+/lib:" + sdk + "/modules .*"), out);
    Path copy = tree.resolve(".ashlar/tornado-argfile");
    assertTrue(out.contains("java @" + copy + " "), out);
    assertEquals(text.replace("${TORNADOVM_HOME}", sdk.toString()), Files.readString(copy));
  }

  @Test
  void anSdkThatIsNoneIsSaidInOneSentence() throws Exception {
    built();
    Path sdk = sdk("tornado-argfile.template", "-server");
    for (Path home : List.of(sdk, scratch, scratch.resolve("none"))) {
      Outcome run = launchWith(home, "generate", "--backend", "tornado");
      assertEquals(1, run.status());
      assertEquals("", run.out());
      assertEquals(1, run.err().lines().count(), run.err());
      assertEquals(home.equals(sdk), run.err().contains("--generate-argfile"), run.err());
      Outcome doctor = launchWith(home, "doctor");
      assertEquals(0, doctor.status());
      assertTrue(doctor.err().contains("warning: "), doctor.err());
      assertTrue(doctor.out().contains("Main doctor"), doctor.out());
    }
    sdk("tornado-argfile", "-server");
    script(
        scratch.resolve("jdk/bin/java"),
        """
        #!/bin/sh
        case $1 in @*) echo "Error: no such module" >&2; exit 1 ;; esac
        echo "java $*"
        """);
    Outcome broken = launchWith(sdk, "generate", "--backend", "tornado");
    assertEquals(1, broken.status());
    assertTrue(broken.err().contains("(Error: no such module)"), broken.err());
    assertTrue(launchWith(sdk, "doctor").out().contains("Main doctor"));
  }
}
