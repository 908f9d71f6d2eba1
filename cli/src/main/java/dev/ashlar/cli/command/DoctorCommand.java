package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import dev.ashlar.cli.doctor.Examination;
import picocli.CommandLine;

/** Says what the machine offers and how fast the two things are that all speed comes from. */
@CommandLine.Command(
    description = "Shows what this machine offers: JVM, backend, threads, memory, speed.",
    footer = {"  ashlar doctor", "  ashlar doctor --json --threads 1"})
final class DoctorCommand extends Command {
  DoctorCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    return Examination.run(Version.text());
  }
}
