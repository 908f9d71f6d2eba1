package dev.ashlar.text.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.jinja.value.TemplateException;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Feature by feature, what Jinja2 3.1.6 makes of a template in transformers' environment. A null
 * stands for an error there, of whatever kind.
 */
class JinjaGoldensTest {
  private static final LocalDateTime NOW = LocalDateTime.parse("2026-11-05T09:03:07.123456");

  @Test
  void expressions() throws IOException {
    check("expressions.json");
  }

  @Test
  void statements() throws IOException {
    check("statements.json");
  }

  /** Loops in loops at random, with all that makes one end early. */
  @Test
  void controlFlow() throws IOException {
    check("control-flow.json");
  }

  @Test
  void whitespace() throws IOException {
    check("whitespace.json");
  }

  private static void check(String name) throws IOException {
    Map<String, Object> goldens;
    try (InputStream in = JinjaGoldensTest.class.getResourceAsStream("/jinja/" + name)) {
      goldens = Json.parseObject(in.readAllBytes(), name);
    }
    Map<String, Object> variables = Json.asObject(goldens.get("variables"), name);
    List<String> wrong = new ArrayList<>();
    for (Object value : (List<?>) goldens.get("cases")) {
      String template = (String) ((List<?>) value).get(0);
      Object expected = ((List<?>) value).get(1);
      String found = render(template, variables);
      if (!java.util.Objects.equals(expected, found)) {
        wrong.add(template + "\n  expected " + expected + "\n  found    " + found);
      }
    }
    assertTrue(wrong.isEmpty(), String.join("\n", wrong));
  }

  private static String render(String template, Map<String, Object> variables) {
    try {
      return Template.parse(template).render(variables, NOW);
    } catch (TemplateException e) {
      assertFalse(e.problem().isEmpty());
      assertTrue(e.line() > 0, template + ": " + e.getMessage());
      return null;
    }
  }

  @Test
  void errorsNameTheConstructAndItsLine() {
    fails("a\n{{ x | frob }}", 2, "there is no filter 'frob'");
    fails("{% if 1 %}\n\n{{ x is frob }}{% endif %}", 3, "there is no test 'frob'");
    fails("\n\n{% frob %}", 3, "there is no tag 'frob'");
    fails("{% for x in [1] %}\n{{ x.y.z }}\n{% endfor %}", 2, "'int object' has no attribute 'y'");
    fails("{{ a }}\n{{ (1 +\n nope.b) }}", 3, "'nope' is undefined");
    fails("{% if x %}\n\n", 1, "the tag 'if' has no 'endif'");
    fails("{{ 'abc' }}\n{{ 'abc }}", 2, "a string has no end");
    fails("{% macro m() %}\n{{ raise_exception('no') }}{% endmacro %}\n{{ m() }}", 2, "no");
    fails("\n{{ 'a'.frob() }}", 2, "'str object' has no attribute 'frob'");
  }

  private static void fails(String template, int line, String problem) {
    TemplateException e =
        assertThrows(TemplateException.class, () -> Template.parse(template).render(Map.of(), NOW));
    assertEquals(problem, e.problem());
    assertEquals(line, e.line());
    assertEquals("line " + line + ": " + problem, e.getMessage());
  }

  @Test
  void plainJavaValuesCanBeVariables() {
    Map<String, Object> variables =
        Map.of("i", 3, "f", 1.5f, "s", new StringBuilder("x"), "l", List.of((short) 1));
    assertEquals(
        "3 1.5 x [1]", Template.parse("{{ i }} {{ f }} {{ s }} {{ l }}").render(variables, NOW));
    Template template = Template.parse("{{ o }}");
    assertThrows(
        IllegalArgumentException.class,
        () -> template.render(Map.of("o", new java.util.Date()), NOW));
  }

  @Test
  void aTemplateDoesNotChangeItsVariables() {
    List<Object> list = new ArrayList<>(List.of("a"));
    Template.parse("{% set l = l + ['b'] %}{{ l }}").render(Map.of("l", list), NOW);
    assertEquals(List.of("a"), list);
  }
}
