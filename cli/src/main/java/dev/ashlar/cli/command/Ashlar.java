package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.io.AshlarException;
import dev.ashlar.io.InputException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program: its commands and what becomes of faults. */
@CommandLine.Command(
    name = "ashlar",
    versionProvider = Version.class,
    synopsisHeading = "Usage: ",
    customSynopsis = "ashlar COMMAND [OPTIONS]",
    header = "Quantizes large language models and runs the result, in pure Java.",
    optionListHeading = "%nOptions:%n",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  ashlar quantize",
      "      shows on the bundled demo model what tuning is for, in less than a minute",
      "  ashlar quantize --model ~/models/Qwen3-0.6B --dataset text.txt --output-dir out",
      "  ashlar generate --model out --prompt \"The capital of France is\"",
      "",
      "\"ashlar help COMMAND\" explains a command, \"ashlar list\" shows what there is to choose."
    })
public final class Ashlar implements Runnable {
  private static final String HELP = "help";
  private static final int FAILURE = 1;
  private static final int USAGE = 2;

  /** Every command by its name: one line each. */
  private static final Map<String, Function<Console, Command>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("quantize", QuantizeCommand::new);
    COMMANDS.put("eval", EvalCommand::new);
    COMMANDS.put("generate", GenerateCommand::new);
    COMMANDS.put("chat", ChatCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("convert", ConvertCommand::new);
    COMMANDS.put("pull", PullCommand::new);
    COMMANDS.put("rm", RmCommand::new);
    COMMANDS.put("finetune", FinetuneCommand::new);
    COMMANDS.put("train-demo", TrainDemoCommand::new);
    COMMANDS.put("bench", BenchCommand::new);
    COMMANDS.put("doctor", DoctorCommand::new);
    COMMANDS.put("list", ListCommand::new);
    COMMANDS.put(HELP, HelpCommand::new);
  }

  private final Console console;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version.")
  private boolean version;

  /** A program that prints to {@code console}. */
  public Ashlar(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    spec.commandLine().usage(console.out());
  }

  /** Runs one command line; the exit status. */
  public int run(String... args) {
    CommandLine line = commandLine(needed(args));
    try {
      CommandWords words = new CommandWords(line, said -> console.note("ashlar: " + said));
      int status = line.execute(words.of(args));
      return status == 0 ? written() : status;
    } catch (ParameterException e) {
      return wrongUsage(e);
    } catch (OutOfMemoryError e) {
      return report(outOfMemory(e, line, args), e, List.of(args).contains("--debug"));
    } catch (Error e) {
      return report(unexpected(e), e, List.of(args).contains("--debug"));
    }
  }

  /**
   * The commands that {@code args} can be about: reading the options of all of them takes a fifth
   * of a second, a good part of a short run.
   */
  private static Set<String> needed(String... args) {
    boolean one = args.length > 0 && COMMANDS.containsKey(args[0]) && !args[0].equals(HELP);
    return one ? Set.of(args[0]) : COMMANDS.keySet();
  }

  /** The parser, with all commands. */
  CommandLine commandLine() {
    return commandLine(COMMANDS.keySet());
  }

  private CommandLine commandLine(Set<String> commands) {
    CommandLine line = new CommandLine(this);
    for (String name : commands) {
      Command command = COMMANDS.get(name).apply(console);
      CommandLine sub = new CommandLine(command);
      command.extend(sub.getCommandSpec());
      spellAsTyped(sub.getCommandSpec().usageMessage());
      line.addSubcommand(name, sub);
    }
    spellAsTyped(line.getCommandSpec().usageMessage());
    // A prompt may begin with "@".
    line.setExpandAtFiles(false);
    line.setUsageHelpAutoWidth(true);
    line.setOut(new java.io.PrintWriter(console.out(), true));
    line.setErr(new java.io.PrintWriter(console.err(), true));
    line.setParameterExceptionHandler((e, args) -> wrongUsage(e));
    line.setExecutionExceptionHandler((e, l, parsed) -> failed(e, parsed));
    return line;
  }

  private int written() {
    try {
      console.requireWritten();
      return 0;
    } catch (InputException e) {
      return report(e.getMessage(), e, false);
    }
  }

  /** Writes examples with the program's name as it was typed, so that they can be copied. */
  private static void spellAsTyped(UsageMessageSpec usage) {
    String typed = System.getProperty("ashlar.command");
    if (typed != null) {
      String name = Matcher.quoteReplacement(typed) + " ";
      usage.footer(
          Stream.of(usage.footer())
              .map(l -> l.replaceAll("(?<![\\w./-])ashlar (?=[a-z])", name))
              .toArray(String[]::new));
    }
  }

  private int wrongUsage(ParameterException e) {
    List<String> lines = e.getMessage().lines().toList();
    String sentence = lines.isEmpty() ? "wrong usage" : plain(lines.getFirst());
    String advice = "see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help";
    Optional<Misplaced> odd = misplaced(e);
    console.fault(odd.map(Ashlar::fault).orElse(sentence + "; " + advice));
    return USAGE;
  }

  /** The parser's sentence without the names of Java's types. */
  private static String plain(String sentence) {
    return sentence
        .replaceFirst("is not an int$", "is not a whole number up to " + Integer.MAX_VALUE)
        .replaceFirst("is not a long$", "is not a whole number up to " + Long.MAX_VALUE)
        .replaceFirst("is not a (double|float)$", "is not a number");
  }

  /**
   * A word that stands where nothing is expected.
   *
   * @param line the command that it was given to
   */
  private record Misplaced(CommandLine line, String word) {}

  /** A misspelt option is the reason why one is missing. */
  private static Optional<Misplaced> misplaced(ParameterException e) {
    CommandLine line = e.getCommandLine();
    if (e instanceof UnmatchedArgumentException unmatched) {
      return Optional.of(new Misplaced(line, unmatched.getUnmatched().getFirst()));
    }
    if (!(e instanceof MissingParameterException)) {
      return Optional.empty();
    }
    return line.getUnmatchedArguments().stream()
        .filter(a -> a.startsWith("-"))
        .map(a -> new Misplaced(line, a))
        .findFirst();
  }

  private static String fault(Misplaced odd) {
    String command = odd.line().getCommandSpec().qualifiedName();
    String name = CommandWords.withoutValue(odd.word());
    boolean option = name.startsWith("-");
    boolean first = odd.line().getParent() == null;
    String kind = option ? "unknown option '" : first ? "no command '" : "unexpected '";
    Set<String> known =
        first && !option
            ? odd.line().getSubcommands().keySet()
            : odd.line().getCommandSpec().optionsMap().keySet();
    String advice =
        Spelling.question(name.replace('_', '-'), known).orElse("see " + command + " --help");
    return kind + name + "'" + (first ? "" : " for " + command) + "; " + advice;
  }

  private int failed(Exception e, ParseResult parsed) {
    boolean debug = parsed.hasSubcommand() && parsed.subcommand().hasMatchedOption("--debug");
    if (e instanceof ParameterException wrong) {
      return wrongUsage(wrong);
    }
    return report(sentence(e), e, debug);
  }

  private int report(String sentence, Throwable t, boolean debug) {
    if (!console.readerIsGone()) {
      console.fault(sentence);
    }
    if (debug) {
      t.printStackTrace(console.err());
    }
    return FAILURE;
  }

  private static String sentence(Throwable t) {
    return switch (t) {
      case AshlarException e -> e.getMessage();
      default -> unexpected(t);
    };
  }

  private static String unexpected(Throwable t) {
    String what = t.getMessage() == null ? "" : " (" + t.getMessage() + ")";
    return "unexpected "
        + t.getClass().getSimpleName()
        + what
        + "; this is a bug in Ashlar: run again with --debug and report what it prints";
  }

  /** Advises to make smaller only what the command has. */
  private static String outOfMemory(OutOfMemoryError e, CommandLine line, String... args) {
    long megabytes = Runtime.getRuntime().maxMemory() >> 20;
    List<String> smaller = new ArrayList<>();
    for (String word : args) {
      CommandLine command = line.getSubcommands().get(word);
      if (command != null && smaller.isEmpty()) {
        smaller.addAll(List.of("--batch-size", "--nsamples", "--seqlen"));
        smaller.retainAll(command.getCommandSpec().optionsMap().keySet());
      }
    }
    return "out of memory ("
        + e.getMessage()
        + ") with a heap of "
        + megabytes
        + " MB; "
        + (smaller.isEmpty() ? "" : "take a smaller " + String.join(" or ", smaller) + ", or ")
        + "give the heap more with ASHLAR_OPTS=-Xmx…";
  }
}
