package dev.ashlar.cli.command;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Report;
import dev.ashlar.cli.doctor.Examination;
import dev.ashlar.engine.device.DeviceName;
import dev.ashlar.engine.device.SpeedFile;
import dev.ashlar.engine.device.SpeedTrial;
import dev.ashlar.engine.job.Faults;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.kernel.Availability;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Says what the machine offers and how fast the two things are that all speed comes from. */
@CommandLine.Command(
    description = "Shows what this machine offers: JVM, backend, devices, threads, memory, speed.",
    footer = {"  ashlar doctor", "  ashlar doctor --measure", "  ashlar doctor --json --threads 1"})
final class DoctorCommand extends Command {
  private static final String FIRST = "";

  @Option(
      names = "--measure",
      arity = "0..1",
      fallbackValue = FIRST,
      paramLabel = "DEVICE",
      description =
          "Measure a device beside the processor, the first one or tornado:1, in a minute or two,"
              + " and keep the figures in the user's cache: --backend auto then takes it where it"
              + " is faster (default: nothing is measured for it).")
  String measured;

  DoctorCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    if (measured != null) {
      requireUsage(
          threads == null, "--measure takes all threads that the process has; leave out --threads");
      measure(device());
    }
    return Examination.run(Version.text());
  }

  private void measure(DeviceName device) {
    device.requireThere();
    console.note(
        "ashlar: measuring " + device + " beside the processor, which takes a minute or two");
    SpeedFile.write(
        SpeedFile.ofUser(),
        Faults.translated(() -> SpeedTrial.of(device, s -> console.note("ashlar: " + s))));
  }

  private DeviceName device() {
    Devices devices = Devices.ofProcess();
    if (!measured.equals(FIRST)) {
      try {
        Optional<DeviceName> named = DeviceName.of(measured, devices);
        return named.orElseThrow(
            () -> usage("--measure takes the name of a device, as in tornado:0: " + measured));
      } catch (IllegalArgumentException e) {
        throw usage("--measure: " + e.getMessage());
      }
    }
    Stream<DeviceProvider> ready =
        devices.providers().stream()
            .filter(p -> !(p.availability() instanceof Availability.Absent));
    return ready
        .findFirst()
        .or(() -> devices.providers().stream().findFirst())
        .map(p -> new DeviceName(p, 0))
        .orElseThrow(() -> new InputException("there is nothing here that drives devices"));
  }
}
