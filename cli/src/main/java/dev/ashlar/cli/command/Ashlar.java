package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.io.AshlarException;
import dev.ashlar.io.InputException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
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
      "      quantizes the bundled demo model and shows what that cost",
      "  ashlar quantize --model ~/models/Qwen3-0.6B --bits 4 --output-dir out",
      "  ashlar generate --model out --prompt \"The capital of France is\"",
      "",
      "\"ashlar COMMAND --help\" explains a command."
    })
public final class Ashlar implements Runnable {
  private static final int FAILURE = 1;
  private static final int USAGE = 2;

  private final Console console;

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

  /** Every command: one line each. */
  private static List<Command> commands(Console console) {
    return List.of(
        new QuantizeCommand(console),
        new EvalCommand(console),
        new GenerateCommand(console),
        new ChatCommand(console),
        new InspectCommand(console),
        new ConvertCommand(console),
        new TrainDemoCommand(console),
        new BenchCommand(console),
        new DoctorCommand(console));
  }

  @Override
  public void run() {
    CommandLine.usage(this, console.out());
  }

  /** Runs one command line; the exit status. */
  public int run(String... args) {
    CommandLine line = commandLine();
    try {
      CommandWords words = new CommandWords(line, said -> console.note("ashlar: " + said));
      int status = line.execute(words.of(args));
      return status == 0 ? written() : status;
    } catch (ParameterException e) {
      return wrongUsage(e);
    } catch (OutOfMemoryError e) {
      return report(outOfMemory(e), e, List.of(args).contains("--debug"));
    } catch (Error e) {
      return report(unexpected(e), e, List.of(args).contains("--debug"));
    }
  }

  /** The parser, with all commands. */
  CommandLine commandLine() {
    CommandLine line = new CommandLine(this);
    for (Command command : commands(console)) {
      CommandLine sub = new CommandLine(command);
      command.extend(sub.getCommandSpec());
      line.addSubcommand(sub);
    }
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
      console.fault(e.getMessage());
      return FAILURE;
    }
  }

  private int wrongUsage(ParameterException e) {
    CommandLine line = e.getCommandLine();
    String command = line.getCommandSpec().qualifiedName();
    List<String> lines = e.getMessage().lines().toList();
    String sentence = lines.isEmpty() ? "wrong usage" : lines.getFirst();
    String advice = "see " + command + " --help";
    if (e instanceof UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().getFirst();
      String name = first.contains("=") ? first.substring(0, first.indexOf('=')) : first;
      boolean commandExpected = line.getParent() == null;
      sentence =
          (name.startsWith("-")
                  ? "unknown option "
                  : commandExpected ? "no command " : "unexpected ")
              + "'"
              + name
              + "'"
              + (commandExpected ? "" : " for " + command);
      List<String> near = nearest(name, line, commandExpected && !name.startsWith("-"));
      if (!near.isEmpty()) {
        advice = "did you mean " + String.join(" or ", near) + "?";
      }
    }
    console.fault(sentence + "; " + advice);
    return USAGE;
  }

  private static List<String> nearest(String word, CommandLine line, boolean commands) {
    List<String> known =
        new ArrayList<>(
            commands
                ? line.getSubcommands().keySet()
                : line.getCommandSpec().optionsMap().keySet());
    return Spelling.nearest(word.replace('_', '-'), known);
  }

  private int failed(Exception e, ParseResult parsed) {
    boolean debug = parsed.hasSubcommand() && parsed.subcommand().hasMatchedOption("--debug");
    if (e instanceof ParameterException wrong) {
      return wrongUsage(wrong);
    }
    return report(sentence(e), e, debug);
  }

  private int report(String sentence, Throwable t, boolean debug) {
    console.fault(sentence);
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

  private static String outOfMemory(OutOfMemoryError e) {
    long megabytes = Runtime.getRuntime().maxMemory() >> 20;
    return "out of memory ("
        + e.getMessage()
        + ") with a heap of "
        + megabytes
        + " MB; take a smaller --batch-size, --nsamples or --seqlen,"
        + " or give the heap more with ASHLAR_OPTS=-Xmx…";
  }
}
