package dev.ashlar.text.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.text.jinja.value.TemplateException;
import dev.ashlar.text.jinja.value.TemplateException.Kind;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No template leads out of the interpreter, or holds it up, or fills its memory or stack. */
class SandboxTest {
  private static final int STACK = 512 << 10;
  private static final long LIMIT_MILLIS = 20_000; // a second or two; machines are shared

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ [].__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ ____int3rpr3t3r____ }}",
        "{{ ____int3rpr3t3r____.config }}",
        "{{ __builtins__ }}",
        "{{ ''.getClass() }}",
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ ''.class.name }}",
        "{{ [].stream() }}",
        "{{ range.getClass() }}",
        "{{ namespace().attributes.put }}",
        "{{ [].append(1) }}",
        "{% set x = {} %}{% set y = x.update({'a': 1}) %}",
        "{% set x = {} %}{% set x.a = 1 %}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as p %}",
        "{% from '/etc/passwd' import p %}",
        "{% extends '/etc/passwd' %}",
        "{% do [].append(1) %}",
        "{% import os %}",
        "{{ open('/etc/passwd') }}",
        "{{ lipsum() }}",
        "{{ cycler.__init__ }}"
      })
  void nothingLeadsOut(String template) throws InterruptedException {
    TemplateException e = refusal(template);
    assertTrue(e.kind() == Kind.SYNTAX || e.kind() == Kind.RUNTIME, e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'A' * 1000000000 }}",
        "{{ 'A' * 8000000 }}{{ 'A' * 8000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 2 ** 1000000000 }}",
        "{{ 10 ** 1000 * 10 ** 1000 }}",
        "{{ 'a'.center(1000000000) }}",
        "{{ 'a'|indent(1000000000) }}",
        "{{ '%9999999d' % 1 }}",
        "{{ '{:9999999}'.format(1) }}",
        "{{ ('x' * 1000000).replace('', 'yyyyyyyyyyyyyyyyyyyy') }}",
        "{{ ('x,' * 2000000).split(',') }}",
        "{{ [1]|batch(1000000000, 2)|list }}",
        "{{ [1]|slice(1000000000)|list }}",
        "{% for i in range(1000000000000) %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{% set x = 'x' * 1000000 %}{{ x[i] }}{% endfor %}",
        "{% for i in range(99999) %}{% set x %}{{ 'x' * 8000000 }}{% endset %}{% endfor %}",
        "{% set n = namespace(x='ab') %}"
            + "{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}"
            + "{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}"
            + "{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[1]) %}"
            + "{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
        "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}"
            + "{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace(x=[]) %}"
            + "{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[]) %}"
            + "{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x|tojson }}",
        "{% set n = namespace() %}{% set n.x = [n] %}{{ n }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(x) %}{% for i in [1] %}{% if true %}{% with %}{% set q %}"
            + "{{ [1]|map('upper')|list ~ (x + m(x + 1)) }}"
            + "{% endset %}{{ q }}{% endwith %}{% endif %}{% endfor %}{% endmacro %}{{ m(1) }}",
        "{% macro m(x) %}{% call m(x + 1) %}{{ caller() }}{% endcall %}{% endmacro %}{{ m(1) }}",
        "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}"
      })
  void nothingGrowsWithoutEnd(String template) throws InterruptedException {
    assertEquals(Kind.LIMIT, refusal(template).kind());
  }

  /**
   * Whatever is called again and again ends soon, for it pays for the text that it goes through.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "s.find(n)",
        "s.rfind(n)",
        "s.count(n)",
        "n in s",
        "s is in(n)",
        "s.replace(n, '')",
        "s|replace(n, '')",
        "s.split(n)",
        "s.rsplit(n)",
        "s.split()",
        "s.partition(n)",
        "s.rpartition(n)",
        "s.startswith((n, n, n))",
        "s.endswith(s)",
        "s.strip(n)",
        "s|trim",
        "s|trim(n)",
        "s.splitlines()",
        "s|length",
        "s|count",
        "s|last",
        "s|reverse",
        "s|wordcount",
        "s|int",
        "s|float",
        "s|filesizeformat",
        "s|title",
        "s|center(5)",
        "s|truncate(999999)",
        "s|indent",
        "s|urlencode",
        "s|tojson",
        "s|e",
        "[s]|string",
        "'%s%s' % (s, s)",
        "'%s'|format(s)",
        "'{}{}'.format(s, s)",
        "'{:5}'.format(s)",
        "n.format(1)",
        "n % ()",
        "s.zfill(5)",
        "s.ljust(5)",
        "s.center(5)",
        "s.isidentifier()",
        "s.title()",
        "s is lower",
        "s is upper",
        "s is sameas(t)",
        "s == t",
        "s < t",
        "[s, t]|sort",
        "[s, t]|min",
        "[s, t]|unique|list",
        "[{'k': s}, {'k': t}]|groupby('k')",
        "[{'k': s}]|map(attribute='k.' ~ s)|list",
        "[s, t]|map('lower')|list",
        "[s, t]|join",
        "','.join([s, t])",
        "m[t]",
        "m.get(t)",
        "t in m",
        "{t: 1}",
        "big.copy()",
        "big.items()|list",
        "big|items|first",
        "big|dictsort|first",
        "big|urlencode",
        "long.copy()",
        "long[1:]",
        "long|last",
        "long.count(7)",
        "7 in long",
        "dict(big)",
        "strftime_now('%A' * 1000)"
      })
  void builtInsPayForTheirWork(String call) throws InterruptedException {
    String template =
        "{% set s = 'a' * 100000 %}{% set t = s ~ '' %}{% set n = 'a' * 50000 ~ 'b' %}"
            + "{% set m = {s: 1} %}{% set long = ['x'] * 100000 %}"
            + "{% set big = dict(range(50000)|batch(2)) %}"
            + "{% for i in range(100000) %}{% set q = "
            + call
            + " %}{% endfor %}";
    assertEquals(Kind.LIMIT, refusal(template).kind());
  }

  @Test
  void aLongPathInAFormatIsRefused() throws InterruptedException {
    assertEquals(Kind.RUNTIME, refusal("{{ ('{0' ~ '.a' * 100000 ~ '}').format(1) }}").kind());
  }

  @Test
  void usualTemplatesAreFarFromTheLimits() {
    String text = "{% for m in messages %}{{ m.content.split('</think>')[-1]|trim }}{% endfor %}";
    Map<String, Object> message = Map.of("role", "user", "content", "word ".repeat(20_000));
    Map<String, Object> variables = Map.of("messages", java.util.Collections.nCopies(50, message));
    assertEquals(
        50 * (100_000 - 1), Template.parse(text).render(variables, LocalDateTime.MIN).length());
  }

  @Test
  void deepSyntaxIsRefused() throws InterruptedException {
    Map<String, String> deep = new LinkedHashMap<>();
    deep.put("(", "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}");
    deep.put("[", "{{ " + "[".repeat(5000) + "]".repeat(5000) + " }}");
    deep.put("-", "{{ " + "-".repeat(5000) + "1 }}");
    deep.put("not", "{{ " + "not ".repeat(5000) + "1 }}");
    deep.put("+", "{{ 1" + " + 1".repeat(20000) + " }}");
    deep.put("|", "{{ 1" + "|string".repeat(20000) + " }}");
    deep.put(".", "{{ x" + ".a".repeat(20000) + " }}");
    deep.put("else", "{{ " + "1 if false else ".repeat(5000) + "1 }}");
    deep.put("if", "{% if true %}".repeat(5000) + "{% endif %}".repeat(5000));
    for (Map.Entry<String, String> e : deep.entrySet()) {
      assertNotNull(refusal(e.getValue()), e.getKey());
    }
  }

  @Test
  void longSyntaxIsNot() {
    String template =
        "{% if false %}"
            + "{% elif false %}".repeat(5000)
            + "{% endif %}{{ 'a' ~ "
            + "'a' ~ ".repeat(5000)
            + "'b' }}";
    assertEquals(5002, render(template).length());
  }

  @Test
  void keysOfMappingsMayHaveAnyName() {
    Map<String, Object> variables = Map.of("m", Map.of("__proto__", "x", "_a", "y"));
    Template template = Template.parse("{{ m.__proto__ }}{{ m._a }}{{ m['__proto__'] }}");
    assertEquals("xyx", template.render(variables, LocalDateTime.MIN));
  }

  private static String render(String template) {
    return Template.parse(template).render(Map.of("messages", List.of()), LocalDateTime.MIN);
  }

  /** The refusal of a template on a thread with little stack. */
  private static TemplateException refusal(String template) throws InterruptedException {
    AtomicReference<Object> outcome = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                outcome.set(render(template));
              } catch (Throwable t) {
                outcome.set(t);
              }
            },
            "sandbox",
            STACK);
    thread.start();
    thread.join(LIMIT_MILLIS);
    assertNotNull(outcome.get(), "still running: " + template);
    return assertInstanceOf(TemplateException.class, outcome.get(), template);
  }
}
