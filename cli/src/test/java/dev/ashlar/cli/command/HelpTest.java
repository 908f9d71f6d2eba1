package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.cli.console.Console;
import dev.ashlar.formats.export.ExportFormats;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.method.Effort;
import dev.ashlar.tuning.method.Method;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What a newcomer finds out without a manual: lists, defaults, examples, misspelt words. */
class HelpTest {
  /** Options whose absence means nothing but that nothing was asked for. */
  private static final Set<String> WITHOUT_DEFAULT =
      Set.of(
          "--chat-template",
          "--dataset",
          "--eval-dataset",
          "--filter",
          "--ignore-layers",
          "--layer-config",
          "--method-option",
          "--system",
          "--variable");

  private static final Pattern WORD = Pattern.compile("\"[^\"]*\"|'[^']*'|[^\\s\"']+");

  private static Map<String, CommandLine> commands() {
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    return new Ashlar(new Console(nowhere, nowhere, false)).commandLine().getSubcommands();
  }

  @Test
  void everyCommandIsListedInEveryWayOfAskingForHelp() {
    String help = CommandRun.succeed("--help").out();
    assertEquals(help, CommandRun.succeed().out());
    assertEquals(help.strip(), CommandRun.succeed("help").out().strip());
    commands().keySet().forEach(c -> assertTrue(help.contains("  " + c + " "), c));
    assertEquals(
        CommandRun.succeed("quantize", "--help").out().strip(),
        CommandRun.succeed("help", "quantize").out().strip());
    CommandRun wrong = CommandRun.of("help", "quantise");
    assertEquals(2, wrong.status());
    assertTrue(wrong.err().contains("did you mean quantize?"), wrong.err());
  }

  @Test
  void optionsSayWhatHoldsWithoutThem() {
    commands()
        .forEach(
            (name, command) -> {
              for (OptionSpec o : command.getCommandSpec().options()) {
                boolean says = String.join(" ", o.description()).contains("default");
                boolean needsNone =
                    o.hidden()
                        || o.required()
                        || o.arity().max() == 0
                        || WITHOUT_DEFAULT.contains(o.longestName());
                assertTrue(says || needsNone, name + " " + o.longestName());
              }
            });
  }

  /** The parser begins a new line for each part, in the middle of a sentence. */
  @Test
  void descriptionsOfOptionsAreOnePart() {
    commands()
        .forEach(
            (name, command) -> {
              for (OptionSpec o : command.getCommandSpec().options()) {
                assertTrue(o.description().length <= 1, name + " " + o.longestName());
              }
            });
  }

  @Test
  void effortsInHelpAreThoseOfTheDefaultRecipe() {
    Effort usual = Methods.DEFAULT.effort(Effort.DEFAULT).orElseThrow();
    String help = CommandRun.succeed("quantize", "--help").out().replaceAll("\\s+", " ");
    assertTrue(help.contains("Calibration samples (default " + usual.samples()), help);
    assertTrue(help.contains("Tokens of each sample (default " + usual.length()), help);
    assertTrue(help.contains("Samples of one step (default " + usual.batchSize()), help);
  }

  @Test
  void examplesAreUnderstood() {
    commands()
        .forEach(
            (name, command) -> {
              String[] lines = command.getCommandSpec().usageMessage().footer();
              String text = String.join("\n", lines).replaceAll("\\\\\n\\s+", "");
              List<String> examples =
                  text.lines().filter(l -> l.matches("(  |.* \\| )ashlar .*")).toList();
              assertFalse(examples.isEmpty(), name);
              for (String example : examples) {
                String[] words = words(example.substring(example.lastIndexOf("ashlar ") + 7));
                assertEquals(name, words[0]);
                assertDoesNotThrow(() -> parse(words), example);
              }
            });
  }

  private static void parse(String... words) {
    PrintStream nowhere =
        new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    new Ashlar(new Console(nowhere, nowhere, false)).commandLine().parseArgs(words);
  }

  /** As a shell splits them. */
  private static String[] words(String line) {
    List<String> words = new ArrayList<>();
    Matcher m = WORD.matcher(line);
    while (m.find()) {
      words.add(m.group().replaceAll("^[\"']|[\"']$", ""));
    }
    return words.toArray(String[]::new);
  }

  @Test
  void listsHoldEverythingThatThereIs() {
    String all = CommandRun.succeed("list").out();
    ExportFormats.names().forEach(n -> assertTrue(all.contains("  " + n + " "), n));
    for (Method m : Methods.all()) {
      assertTrue(all.contains("  " + m.name() + " "), m.name());
    }
    Effort.STANDARD.forEach(e -> assertTrue(all.contains("\n  " + e.recipe()), e.recipe()));
    String families = CommandRun.succeed("list", "families").out();
    Architectures.ALL.forEach(
        a ->
            assertTrue(
                Pattern.compile("\\b" + a.modelType() + "\\b").matcher(families).find(),
                a.modelType()));
    assertTrue(all.lines().allMatch(l -> l.length() <= 80), "lines that fit a terminal");
  }

  @Test
  void aListIsAskedForByNameInOneNumberOrTheOther() {
    for (String kind : List.of("formats", "methods", "recipes", "schemes", "families", "data")) {
      String list = CommandRun.succeed("list", kind).out();
      assertTrue(list.startsWith(kind + ": "), list);
      Map<String, Object> json = CommandRun.succeed("list", kind, "--json").json();
      assertEquals(Set.of(kind), json.keySet());
    }
    assertEquals(
        CommandRun.succeed("list", "formats").out(), CommandRun.succeed("list", "format").out());
    CommandRun wrong = CommandRun.of("list", "fomats");
    assertEquals(2, wrong.status());
    assertTrue(wrong.err().contains("did you mean formats?"), wrong.err());
  }

  @Test
  void aMisspeltOptionIsNamedAlsoWhereItIsTheOneThatIsMissing() {
    String[][] lines = {
      {"generate", "--modle", "m", "--prompt", "p", "--model"},
      {"generate", "--model", "m", "--promt", "p", "--prompt"},
      {"generate", "--model", "m", "--promt=p", "--prompt"},
      {"eval", "--model", "m", "--data_set", "d", "--dataset"},
      {"convert", "--model", "m", "--output-dri", "d", "--output-dir"},
      {"chat", "--mode", "m", "--model"},
      {"inspect", "--al", "m", "--all"}
    };
    for (String[] line : lines) {
      Object[] words = List.of(line).subList(0, line.length - 1).toArray();
      CommandRun run = CommandRun.of(words);
      assertEquals(2, run.status());
      assertTrue(run.err().contains("did you mean " + line[line.length - 1]), run.err());
      assertFalse(run.err().contains("Missing"), run.err());
    }
    assertTrue(CommandRun.of("generate", "--prompt", "p").err().contains("--model"));
  }
}
