package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The README's table of families is made of the registry and of what fixtures hold, and is up to
 * date.
 *
 * <p>{@code checks.tsv} lists the fixtures, also those too large to lie here: a line each with its
 * name, its {@code model_type} and what of its peer it records. With {@code -Dashlar.write=true}
 * this test writes that list and the table instead of comparing them, where all fixtures are.
 */
class FamilyTableTest {
  private static final Path README = Path.of("../README.md");
  private static final Path LIST = Path.of("src/test/resources/models/checks.tsv");
  private static final String BEGIN = "<!-- families: written by FamilyTableTest -->\n";
  private static final String END = "<!-- families: end -->\n";
  private static final String COMMAND =
      "mvn -pl nn -am test -Dtest=FamilyTableTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dashlar.write=true";

  /** What a fixture can hold of its peer. */
  private enum Check {
    LOGITS("logits"),
    HIDDEN("hidden states"),
    BATCH("padded batch"),
    GREEDY("greedy, cached"),
    GRADIENTS("gradients");

    private final String title;

    Check(String title) {
      this.title = title;
    }
  }

  /** One fixture. */
  private record Entry(String name, String modelType, Set<Check> checks) {
    static Entry of(Path folder) {
      Set<Check> checks = EnumSet.noneOf(Check.class);
      try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("expected.safetensors"))) {
        for (String name : file.names()) {
          if (name.endsWith(".logits")) {
            checks.add(Check.LOGITS);
          } else if (name.contains(".block_out.")) {
            checks.add(Check.HIDDEN);
          } else if (name.matches("p\\d+\\.greedy_ids")) {
            checks.add(Check.GREEDY);
          } else if (name.matches("p\\d+\\.attention_mask")
              && Arrays.stream(Fixtures.ints(file, name)).anyMatch(m -> m == 0)) {
            checks.add(Check.BATCH);
          }
        }
      }
      if (Files.exists(folder.resolve("grads.safetensors"))) {
        checks.add(Check.GRADIENTS);
      }
      Object type = Json.readObject(folder.resolve("config.json")).get("model_type");
      return new Entry(folder.getFileName().toString(), String.valueOf(type), checks);
    }

    static Entry parse(String line) {
      String[] parts = line.split("\t");
      Set<Check> checks = EnumSet.noneOf(Check.class);
      for (String check : parts[2].split(",")) {
        checks.add(Check.valueOf(check));
      }
      return new Entry(parts[0], parts[1], checks);
    }

    String line() {
      String all = checks.stream().map(Check::name).collect(Collectors.joining(","));
      return name + "\t" + modelType + "\t" + all + "\n";
    }
  }

  private static boolean writing() {
    return Boolean.getBoolean("ashlar.write");
  }

  @BeforeAll
  static void write() throws IOException {
    if (writing()) {
      // Copies leave out what is large: from them alone both would lose what they say.
      assertTrue(
          Files.isDirectory(Fixtures.shared("models")),
          () ->
              "nothing was written: the fixtures are not in "
                  + Fixtures.shared("models")
                  + "; give their folder by -Dashlar.shared");
      Map<String, Entry> all = new TreeMap<>();
      listed().forEach(e -> all.put(e.name(), e));
      // What is not here now stays on the list; what is here is read again, whole ones last.
      for (Entry e : found()) {
        all.put(e.name(), e);
      }
      Files.writeString(LIST, all.values().stream().map(Entry::line).collect(Collectors.joining()));
      String readme = Files.readString(README);
      Files.writeString(README, readme.replace(section(readme), table(listed())));
    }
  }

  private static List<Entry> found() {
    List<Entry> entries = new ArrayList<>();
    for (String kind : List.of("models", "multimodal")) {
      for (Path root : List.of(Fixtures.copied(kind), Fixtures.shared(kind))) {
        Fixtures.folders(root).forEach(f -> entries.add(Entry.of(f)));
      }
    }
    return entries;
  }

  private static List<Entry> listed() throws IOException {
    return Files.exists(LIST)
        ? Files.readAllLines(LIST).stream().map(Entry::parse).toList()
        : List.of();
  }

  @Test
  void theListIsThatOfTheFixtures() throws IOException {
    List<Entry> listed = listed();
    for (Entry e : found()) {
      Entry known = listed.stream().filter(l -> l.name().equals(e.name())).findFirst().orElse(null);
      assertTrue(
          known != null && known.modelType().equals(e.modelType()), () -> outOfDate(e.name()));
      // A copy may leave out gradients.
      assertTrue(known.checks().containsAll(e.checks()), () -> outOfDate(e.name()));
    }
    Path shared = Fixtures.shared("models");
    Assumptions.assumeTrue(Files.isDirectory(shared), "skipped in part: no shared fixture folder");
    Map<String, Set<Check>> checks = new TreeMap<>();
    found().forEach(e -> checks.put(e.name(), e.checks()));
    for (Entry l : listed) {
      assertEquals(l.checks(), checks.get(l.name()), () -> outOfDate(l.name()));
    }
  }

  @Test
  void theTableInTheReadmeIsUpToDate() throws IOException {
    String readme = Files.readString(README);
    assertEquals(table(listed()), section(readme), () -> outOfDate("README.md"));
  }

  private static String outOfDate(String what) {
    return what + ": the table of families is out of date; run " + COMMAND;
  }

  private static String section(String readme) {
    int begin = readme.indexOf(BEGIN);
    int end = readme.indexOf(END);
    assertTrue(begin >= 0 && end > begin, "README.md has lost the marks around its families");
    return readme.substring(begin, end);
  }

  private static String table(List<Entry> entries) {
    StringBuilder t = new StringBuilder(BEGIN);
    t.append("| `model_type` |");
    for (Check c : Check.values()) {
      t.append(' ').append(c.title).append(" |");
    }
    t.append(" on |\n|---|").append("---|".repeat(Check.values().length + 1)).append('\n');
    for (String type : Architectures.ALL.stream().map(Architecture::modelType).sorted().toList()) {
      Set<Check> checks = EnumSet.noneOf(Check.class);
      Set<String> names = new TreeSet<>();
      for (Entry e : entries) {
        if (e.modelType().equals(type)) {
          checks.addAll(e.checks());
          names.add(e.name());
        }
      }
      t.append("| ").append(type).append(" |");
      for (Check c : Check.values()) {
        t.append(checks.contains(c) ? " ✓ |" : " |");
      }
      t.append(' ').append(String.join(", ", names)).append(" |\n");
    }
    return t.toString();
  }
}
