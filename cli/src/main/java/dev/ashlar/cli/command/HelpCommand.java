package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Parameters;

/** Explains the program, or a command. */
@CommandLine.Command(
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
      Optional<String> question = Spelling.question(name, program.getSubcommands().keySet());
      throw usage("there is no command '" + name + "'" + question.map(q -> "; " + q).orElse(""));
    }
    String text = asked.getUsageMessage();
    return new Report(text, Map.of("usage", text));
  }
}
