package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;

/** Explains the program, or a command. */
@CommandLine.Command(
    name = "help",
    description = "Explains a command, as COMMAND --help does; without one, lists all.",
    footer = {"  ashlar help", "  ashlar help quantize"})
final class HelpCommand extends Command {
  @Parameters(paramLabel = "COMMAND", arity = "0..1", description = "The command to explain.")
  String name;

  HelpCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    CommandLine program = spec.parent().commandLine();
    CommandLine asked = name == null ? program : program.getSubcommands().get(name);
    if (asked == null) {
      List<String> near = Spelling.nearest(name, program.getSubcommands().keySet());
      throw usage(
          "there is no command '"
              + name
              + "'"
              + (near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?"));
    }
    String text = asked.getUsageMessage();
    return new Report(text, Map.of("usage", text));
  }
}
