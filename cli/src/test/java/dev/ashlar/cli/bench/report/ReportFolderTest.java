package dev.ashlar.cli.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.device.Surroundings;
import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page and its folder. */
class ReportFolderTest {
  private static final Pattern TAG = Pattern.compile("<(/?)([a-z][a-z0-9]*)[^>]*>");
  private static final List<String> VOID = List.of("meta");

  @TempDir Path scratch;

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  private static String refusal(Path folder) {
    return assertThrows(InputException.class, () -> ReportFolder.at(folder)).getMessage();
  }

  @Test
  void twoFilesAreWrittenAndReplacedAndOthersLeftAlone() throws IOException {
    Path folder = scratch.resolve("a/b");
    ReportFolder.at(folder).write(Samples.plain());
    assertEquals(List.of("bench.json", "index.html"), names(folder));
    assertEquals(Samples.plain(), Reports.read(folder.resolve("bench.json")));
    Files.writeString(folder.resolve("notes.txt"), "mine");
    Measurements other = Samples.of(List.of(), Samples.line("g", "n", "vector", 1));
    ReportFolder.at(folder).write(other);
    assertEquals(List.of("bench.json", "index.html", "notes.txt"), names(folder));
    assertEquals(other, Reports.read(folder.resolve("bench.json")));
  }

  @Test
  void foldersThatStayedEmptyAreRemoved() throws IOException {
    Files.createDirectory(scratch.resolve("a"));
    ReportFolder.at(scratch.resolve("a/b/c")).close();
    assertEquals(List.of("a"), names(scratch));
    assertEquals(List.of(), names(scratch.resolve("a")));
    try (ReportFolder folder = ReportFolder.at(scratch.resolve("a/b/c"))) {
      folder.write(Samples.plain());
    }
    assertEquals(List.of("bench.json", "index.html"), names(scratch.resolve("a/b/c")));
    ReportFolder.at(scratch.resolve("a")).close();
    assertEquals(List.of("b"), names(scratch.resolve("a")));
  }

  @Test
  void filesOfOthersAreNotReplaced() throws IOException {
    Path page = scratch.resolve("index.html");
    Files.writeString(page, "<html>my site</html>");
    assertTrue(refusal(scratch).contains("index.html"));
    assertEquals("<html>my site</html>", Files.readString(page));
    Files.delete(page);
    Files.createDirectory(page);
    assertTrue(refusal(scratch).contains("index.html"));
    Files.delete(page);
    Files.createSymbolicLink(page, scratch.resolve("nowhere"));
    assertTrue(refusal(scratch).contains("index.html"));
    Files.delete(page);
    Files.writeString(scratch.resolve("bench.json"), "{}");
    assertTrue(refusal(scratch).contains("bench.json"));
    assertTrue(refusal(scratch.resolve("bench.json")).contains("expected a folder"));
    assertTrue(refusal(scratch.resolve("bench.json/below")).contains("bench.json"));
    assertTrue(refusal(Path.of("")).contains("empty"));
  }

  @Test
  void thePageNeedsNothingElse() {
    String page = Page.of(Samples.plain());
    assertTrue(page.contains("A Processor"), page);
    assertTrue(page.contains("prefers-color-scheme: dark"), page);
    for (String foreign :
        List.of("<script", "http:", "https:", "url(", "@import", "src=", "<link")) {
      assertFalse(page.contains(foreign), foreign);
    }
    assertEquals(2, page.split("<svg class=\"chart\"", -1).length - 1);
    // The bar of 1 row by vectors: half of the ceiling, whiskers from 45.45 to 55.56 %.
    assertTrue(page.contains("50%"), page);
  }

  @Test
  void whatWasNotMeasuredSaysWhy() {
    String page = Page.of(Samples.lacking());
    assertTrue(page.contains("colspan=\"9\">not measured: the driver &lt;fell&gt;</td>"), page);
    assertTrue(page.contains("<h2>Attention</h2>"), page);
    assertTrue(page.contains("Lines that were not measured"), page);
    assertFalse(Page.of(Samples.plain()).contains("not measured"));
  }

  @Test
  void tagsAreClosedInOrder() {
    tagsAreClosedInOrder(Page.of(Samples.plain()));
    tagsAreClosedInOrder(Page.of(Samples.lacking()));
  }

  private static void tagsAreClosedInOrder(String page) {
    java.util.ArrayDeque<String> open = new java.util.ArrayDeque<>();
    Matcher m = TAG.matcher(page);
    while (m.find()) {
      if (VOID.contains(m.group(2))) {
        continue;
      }
      if (m.group(1).isEmpty()) {
        open.push(m.group(2));
      } else {
        assertEquals(open.pop(), m.group(2), () -> page.substring(0, m.start()));
      }
    }
    assertTrue(open.isEmpty(), open.toString());
  }

  @Test
  void whateverIsNamedIsText() {
    String evil = "<script>alert(1)</script>\" onload='x' &amp; \u202e\u0000";
    Line line = Samples.line(evil, evil, evil, 1);
    Measurements all = Samples.of(List.of(Samples.ceiling(evil, 1)), line);
    all.machine().put(Machine.PROCESSOR, evil);
    all.machine().put(Machine.FLAGS, List.of(evil));
    String page = Page.of(all);
    assertFalse(page.contains("<script"), page);
    assertFalse(page.contains("\" onload"), page);
    assertFalse(page.contains("onload='"), page);
    assertFalse(page.contains("\u202e") || page.contains("\u0000"), page);
    assertTrue(
        page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;"));
  }

  @Test
  void aReportWithoutCeilingsOrResultsIsAPageToo() {
    assertTrue(Page.of(Samples.of(List.of())).endsWith("</html>\n"));
    String page = Page.of(Samples.of(List.of(), Samples.line("g", "n", "vector", 1)));
    assertFalse(page.contains("NaN"), page);
  }

  @Test
  void processorsAreNamedAsLinuxDoes() {
    assertEquals(
        "Intel(R) Xeon(R) @ 2 GHz",
        Surroundings.processor(
            List.of("processor\t: 0", "model name\t: Intel(R)  Xeon(R) @ 2 GHz", "cpu : x")));
    assertEquals("POWER9", Surroundings.processor(List.of("cpu\t\t: POWER9")));
    assertEquals("unknown", Surroundings.processor(List.of("", ":", "model name")));
  }
}
