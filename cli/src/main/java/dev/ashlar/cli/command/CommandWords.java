package dev.ashlar.cli.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * A command line in the words of the parser: underscores become dashes, auto-round's other names
 * ours, a model may stand by itself, and of an option given twice the last one counts.
 */
final class CommandWords {
  private static final String MODEL = "--model";
  private static final String METHOD = "--method";
  private static final String DEFAULT_COMMAND = "quantize";
  private static final Set<String> OF_THE_PROGRAM = Set.of("-h", "--help", "-V", "--version");

  /**
   * An option with its value, or a word by itself.
   *
   * @param key what a later one replaces; null if none does
   */
  private record Entry(String key, List<String> words) {}

  private final CommandLine line;
  private final Consumer<String> notes;

  /**
   * @param line the parser of the program
   * @param notes hears what was understood otherwise than it was written
   */
  CommandWords(CommandLine line, Consumer<String> notes) {
    this.line = line;
    this.notes = notes;
  }

  /**
   * The words for the parser.
   *
   * @throws ParameterException if an option of auto-round's asks for what is not done here
   */
  String[] of(String... args) {
    if (args.length == 0 || OF_THE_PROGRAM.contains(args[0])) {
      return args;
    }
    int first = 1;
    String command = args[0];
    if (isOptionOfDefault(command)) {
      command = DEFAULT_COMMAND;
      first = 0;
    }
    CommandLine sub = line.getSubcommands().get(command);
    if (sub == null) {
      return args;
    }
    List<String> words = new ArrayList<>(List.of(command));
    Walk walk = new Walk(command, sub, List.of(args).subList(first, args.length));
    walk.run();
    walk.entries.forEach(e -> words.addAll(e.words()));
    return words.toArray(String[]::new);
  }

  /** auto-round quantizes if nothing else is said. */
  private boolean isOptionOfDefault(String word) {
    if (!word.startsWith("--")) {
      return false;
    }
    String name = name(word);
    Map<String, OptionSpec> known =
        line.getSubcommands().get(DEFAULT_COMMAND).getCommandSpec().optionsMap();
    return known.containsKey(name) || AutoRoundOptions.habit(DEFAULT_COMMAND, name).isPresent();
  }

  /** An option as it stands on a command line, without a value behind an equals sign. */
  static String withoutValue(String word) {
    int equals = word.indexOf('=');
    return equals < 0 ? word : word.substring(0, equals);
  }

  /** What an option is called here; a value behind an equals sign is left out. */
  private static String name(String word) {
    String name = withoutValue(word);
    return name.startsWith("--") ? AutoRoundOptions.name(name.replace('_', '-')) : name;
  }

  /** One pass over the words behind a command. */
  private final class Walk {
    private final String command;
    private final CommandLine parser;
    private final CommandSpec spec;
    private final List<String> args;
    private final List<Entry> entries = new ArrayList<>();
    private int at;
    private boolean hasModel;

    Walk(String command, CommandLine parser, List<String> args) {
      this.command = command;
      this.parser = parser;
      this.spec = parser.getCommandSpec();
      this.args = args;
      // A bare word is the model only where no option names one: it may be a part of a prompt.
      this.hasModel =
          !spec.optionsMap().containsKey(MODEL)
              || args.stream().anyMatch(w -> w.startsWith("--") && name(w).equals(MODEL));
    }

    void run() {
      while (at < args.size()) {
        String word = args.get(at++);
        if (word.equals("--")) {
          entries.add(new Entry(null, args.subList(at - 1, args.size())));
          return;
        }
        if (word.startsWith("-") && word.length() > 1) {
          option(word);
        } else if (!hasModel) {
          hasModel = true;
          entries.add(new Entry(MODEL, List.of(MODEL, word)));
        } else {
          entries.add(new Entry(null, List.of(word)));
        }
      }
    }

    private void option(String word) {
      String name = name(word);
      OptionSpec known = spec.optionsMap().get(name);
      if (known == null) {
        known = spec.negatedOptionsMap().get(name);
      }
      if (known != null) {
        add(known, name, word);
      } else if (name.equals(MODEL) && !spec.positionalParameters().isEmpty()) {
        entries.add(new Entry(null, List.of(value(word))));
      } else {
        AutoRoundOptions.habit(command, name)
            .ifPresentOrElse(
                habit -> obey(habit, word), () -> entries.add(new Entry(null, List.of(word))));
      }
    }

    private void add(OptionSpec option, String name, String word) {
      boolean valued = option.arity().max() > 0 && !option.typeInfo().isBoolean();
      List<String> words = new ArrayList<>();
      int equals = word.indexOf('=');
      if (equals >= 0) {
        words.add(name + "=" + understood(name, word.substring(equals + 1)));
      } else {
        words.add(name);
        if (valued && at < args.size()) {
          words.add(understood(name, args.get(at++)));
        }
      }
      String key = option.isMultiValue() ? null : option.longestName();
      if (key != null && entries.removeIf(e -> key.equals(e.key()))) {
        notes.accept(name + " is given more than once; the last one counts");
      }
      entries.add(new Entry(key, words));
    }

    private String understood(String name, String value) {
      return name.equals(METHOD) ? AutoRoundOptions.method(value) : value;
    }

    /** The value of an option that is not the parser's. */
    private String value(String word) {
      int equals = word.indexOf('=');
      if (equals >= 0) {
        return word.substring(equals + 1);
      }
      if (at == args.size()) {
        throw new ParameterException(parser, word + " needs a value");
      }
      return args.get(at++);
    }

    private void obey(AutoRoundOptions.Habit habit, String word) {
      String name = withoutValue(word);
      switch (habit) {
        case AutoRoundOptions.Ignored ignored -> {
          if (ignored.valued()) {
            value(word);
          }
          notes.accept(name + " " + ignored.why());
        }
        case AutoRoundOptions.Refused refused -> {
          boolean harmless = refused.valued() && refused.harmless().contains(value(word));
          if (!harmless) {
            throw new ParameterException(parser, name + " " + refused.why());
          }
        }
      }
    }
  }
}
