package dev.ashlar.text.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.Shared;
import dev.ashlar.text.jinja.Template;
import dev.ashlar.text.jinja.value.TemplateException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Templates of real models render as transformers rendered them: every file of a folder is run,
 * whether it holds one template with conversations or a list of templates with their variables.
 */
class ChatFixturesTest {
  private static final Pattern DATE =
      Pattern.compile(
          "\\d{4}-\\d\\d-\\d\\d|\\d\\d [A-Z][a-z]{2} \\d{4}|[A-Z][a-z]+ \\d\\d, \\d{4}");
  private static final List<DateTimeFormatter> DATES =
      List.of(
          DateTimeFormatter.ISO_LOCAL_DATE,
          DateTimeFormatter.ofPattern("dd MMM uuuu", Locale.US),
          DateTimeFormatter.ofPattern("MMMM dd, uuuu", Locale.US));

  @TestFactory
  List<DynamicTest> shared() throws IOException {
    return tests(Shared.path("fixtures/chat"));
  }

  @TestFactory
  List<DynamicTest> copied() throws IOException, URISyntaxException {
    return tests(Path.of(ChatFixturesTest.class.getResource("/chat").toURI()));
  }

  private static List<DynamicTest> tests(Path folder) throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    TreeSet<Path> files = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "*.json*")) {
      all.forEach(files::add);
    }
    for (Path file : files) {
      byte[] bytes = Files.readAllBytes(file);
      if (file.toString().endsWith(".gz")) {
        bytes = new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
      }
      if (Json.parse(bytes, file.toString()) instanceof List<?> cases) {
        cases.forEach(c -> tests.add(bare(file, object(c))));
      } else {
        conversations(Json.parseObject(bytes, file.toString()), file, tests);
      }
    }
    assertFalse(tests.isEmpty(), "nothing in " + folder);
    return tests;
  }

  private static Map<String, Object> object(Object value) {
    return Json.asObject(value, "fixture");
  }

  /** A template with all its variables. */
  private static DynamicTest bare(Path file, Map<String, Object> c) {
    return DynamicTest.dynamicTest(
        file.getFileName() + ": " + c.get("file") + " " + c.get("case"),
        () -> {
          Template template = Template.parse((String) c.get("template"));
          Map<String, Object> variables = object(c.get("ctx"));
          if (c.get("expect") instanceof String expected) {
            onItsDay(expected, day -> template.render(variables, day));
          } else {
            TemplateException e =
                assertThrows(
                    TemplateException.class,
                    () -> template.render(variables, LocalDateTime.now(ZoneOffset.UTC)));
            assertRefusal((String) c.get("expect_error"), e.problem());
          }
        });
  }

  private static void conversations(
      Map<String, Object> fixture, Path file, List<DynamicTest> tests) {
    Map<String, String> special = new LinkedHashMap<>();
    for (String name : List.of("bos_token", "eos_token")) {
      if (fixture.get(name) instanceof String token) {
        special.put(name, token);
      }
    }
    String source = (String) fixture.get("template");
    for (Object value : (List<?>) fixture.get("conversations")) {
      Map<String, Object> c = object(value);
      tests.add(
          DynamicTest.dynamicTest(
              file.getFileName() + ": " + c.get("name"),
              () -> conversation(ChatTemplate.of(source, special, file.toString()), c)));
    }
  }

  @SuppressWarnings("unchecked") // messages are objects in every fixture
  private static void conversation(ChatTemplate template, Map<String, Object> c) {
    Map<String, Object> more = c.get("kwargs") == null ? Map.of() : object(c.get("kwargs"));
    List<Map<String, Object>> messages = (List<Map<String, Object>>) c.get("messages");
    Function<LocalDateTime, String> render =
        day ->
            template
                .withClock(Clock.fixed(day.toInstant(ZoneOffset.UTC), ZoneOffset.UTC))
                .render(
                    messages,
                    (List<?>) c.get("tools"),
                    Boolean.TRUE.equals(c.get("add_generation_prompt")),
                    more);
    if (c.get("rendered") instanceof String expected) {
      onItsDay(expected, render);
    } else {
      ChatTemplateException e =
          assertThrows(
              ChatTemplateException.class, () -> render.apply(LocalDateTime.now(ZoneOffset.UTC)));
      assertRefusal((String) c.get("error"), e.problem());
      assertTrue(e.getMessage().startsWith(template.file()), e.getMessage());
    }
  }

  /** A template's own words must reach the caller. */
  private static void assertRefusal(String expected, String problem) {
    if (expected.startsWith("TemplateError: ")) {
      assertEquals(expected.substring("TemplateError: ".length()), problem);
    }
  }

  /** Some templates print the day: it is among the dates of what they printed. */
  private static void onItsDay(String expected, Function<LocalDateTime, String> render) {
    Matcher dates = DATE.matcher(expected);
    while (dates.find()) {
      for (DateTimeFormatter format : DATES) {
        try {
          LocalDate day = LocalDate.parse(dates.group(), format);
          if (render.apply(day.atTime(12, 0)).equals(expected)) {
            return;
          }
        } catch (DateTimeParseException e) {
          continue; // written in another way
        }
      }
    }
    assertEquals(expected, render.apply(LocalDateTime.now(ZoneOffset.UTC)));
  }
}
