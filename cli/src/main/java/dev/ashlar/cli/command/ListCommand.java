package dev.ashlar.cli.command;

import dev.ashlar.cli.command.Catalogue.Entry;
import dev.ashlar.cli.command.Catalogue.Section;
import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;

/** Lists what there is to choose from. */
@CommandLine.Command(
    description =
        "Lists what there is: formats, methods, recipes, schemes, families, data, backends, and the"
            + " models in the hub's local cache.",
    footer = {
      "  ashlar list",
      "  ashlar list methods",
      "  ashlar list models",
      "  ashlar list families --json"
    })
final class ListCommand extends Command {
  private static final int WIDTH = 79;
  private static final int INDENT = 2;

  @Parameters(
      paramLabel = "KIND",
      arity = "0..1",
      description =
          "formats, methods, recipes, schemes, families, data, backends or models (default: all of"
              + " them).")
  String kind;

  ListCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    List<Section> all = Catalogue.all();
    List<Section> chosen = all.stream().filter(s -> kind == null || matches(s.name())).toList();
    if (chosen.isEmpty()) {
      List<String> names = all.stream().map(Section::name).toList();
      throw usage(
          "there is no list of '"
              + kind
              + "', but of "
              + String.join(", ", names)
              + Spelling.question(kind, names).map(q -> "; " + q).orElse(""));
    }
    StringBuilder text = new StringBuilder();
    Map<String, Object> json = new LinkedHashMap<>();
    for (Section section : chosen) {
      text.append(text.isEmpty() ? "" : "\n");
      show(section, text);
      json.put(section.name(), section.entries().stream().map(ListCommand::facts).toList());
    }
    return new Report(text.toString(), json);
  }

  /** {@code format} is asked for as often as {@code formats}. */
  private boolean matches(String name) {
    return name.equals(kind) || name.equals(kind + "s") || name.equals(kind + "sets");
  }

  private static Map<String, Object> facts(Entry e) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", e.name());
    facts.put("description", e.description());
    facts.put("details", e.details());
    facts.putAll(e.facts());
    return facts;
  }

  private static void show(Section section, StringBuilder text) {
    List<Entry> entries = section.entries();
    text.append(section.name()).append(": ").append(section.title()).append('\n');
    if (entries.isEmpty()) {
      return;
    }
    if (entries.stream().allMatch(e -> e.description().isEmpty() && e.details().isEmpty())) {
      wrap(String.join(", ", entries.stream().map(Entry::name).toList()), INDENT, text);
      return;
    }
    int longest = entries.stream().mapToInt(e -> e.name().length()).max().orElse(0);
    int column = INDENT + longest + INDENT;
    for (Entry e : entries) {
      String name = " ".repeat(INDENT) + e.name();
      StringBuilder described = new StringBuilder();
      wrap(e.description(), column, described);
      described.replace(0, column, name + " ".repeat(column - name.length()));
      text.append(described.toString().stripTrailing()).append('\n');
      e.details().forEach(d -> wrap(d, column, text));
    }
  }

  /** Appends {@code words} in lines that fit a terminal. */
  private static void wrap(String words, int indent, StringBuilder text) {
    List<String> line = new ArrayList<>();
    int width = indent;
    for (String word : words.split(" ")) {
      if (width + word.length() > WIDTH && !line.isEmpty()) {
        text.append(" ".repeat(indent)).append(String.join(" ", line)).append('\n');
        line.clear();
        width = indent + INDENT;
      }
      line.add(word);
      width += word.length() + 1;
    }
    text.append(" ".repeat(indent)).append(String.join(" ", line)).append('\n');
  }
}
