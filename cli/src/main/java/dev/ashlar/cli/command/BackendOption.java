package dev.ashlar.cli.command;

import dev.ashlar.engine.ModelOptions;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.device.DeviceProvider;
import dev.ashlar.nn.device.Devices;
import dev.ashlar.tensor.kernel.Backends;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** What computes. */
final class BackendOption extends OptionGroup {
  /** What the process could choose by itself; others may come with providers. */
  private static final Set<String> OF_PROCESSOR = Set.of("vector", "reference");

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = ModelOptions.AUTO,
      description =
          "What computes: vector or reference, on the processor, or tornado[:DEVICE], a device"
              + " through TornadoVM, where generate, chat and eval run and signround tunes; 'ashlar doctor' shows what"
              + " there is (default: ${DEFAULT-VALUE}, the processor's fastest, or in generate,"
              + " chat and eval a device that 'ashlar doctor --measure' found faster for the"
              + " model).")
  String name;

  @Option(
      names = "--device-memory",
      paramLabel = "SIZE",
      description =
          "What a model may take of the device, as in 6g; its last blocks, and its head, are"
              + " computed on the processor where they do not fit, and it is said which (default:"
              + " what it needs).")
  String memory;

  /** The same options with the backend that is asked for. */
  ModelOptions in(ModelOptions options) {
    requireName();
    if (memory != null) {
      requireUsage(
          !isAuto() && provider().isPresent(),
          noEffect(List.of("--device-memory"), " without the --backend of a device"));
      long bytes = bytes("--device-memory", memory);
      requireUsage(bytes > 0, "--device-memory must be more than nothing: " + memory);
      return options.withBackend(name).withDeviceMemory(bytes);
    }
    return isAuto() ? options : options.withBackend(name);
  }

  /** Says which device was named, and that the first token takes its time. */
  void announce(Consumer<String> notes) {
    if (isAuto()) {
      return;
    }
    int index = name.contains(":") ? Integer.parseInt(name.replaceFirst(".*:", "")) : 0;
    provider().stream()
        .flatMap(p -> p.devices().stream())
        .filter(d -> d.index() == index)
        .forEach(
            d ->
                notes.accept(
                    "ashlar: on "
                        + d.name()
                        + "; kernels are compiled first, which takes some seconds"));
  }

  /**
   * The name of what provides the device that is asked for, if one is; for work that takes the
   * first one only.
   */
  Optional<String> device() {
    if (isAuto() || provider().isEmpty()) {
      return Optional.empty();
    }
    requireName();
    requireUsage(memory == null, noEffect(List.of("--device-memory"), " but where a model is run"));
    requireUsage(
        !name.contains(":") || name.endsWith(":0"),
        "--backend " + name + ": tuning takes the first device, " + provider().get().name() + ":0");
    return provider().map(DeviceProvider::name);
  }

  private boolean isAuto() {
    return name.equals(ModelOptions.AUTO);
  }

  private Optional<DeviceProvider> provider() {
    return Devices.ofProcess().named(name.replaceFirst(":.*", ""));
  }

  private void requireName() {
    if (isAuto()) {
      return;
    }
    boolean device = provider().isPresent();
    if (device) {
      requireUsage(
          name.matches("[^:]+(:[0-9]{1,4})?"),
          "--backend takes the number of a device behind the colon, as in tornado:0: " + name);
      return;
    }
    requireUsage(
        OF_PROCESSOR.contains(name)
            || Backends.candidates().stream().anyMatch(c -> c.name().equals(name)),
        "--backend must be "
            + Stream.concat(
                    Stream.of(ModelOptions.AUTO, "vector", "reference"),
                    Devices.ofProcess().providers().stream().map(p -> p.name() + "[:DEVICE]"))
                .collect(Collectors.joining(", "))
            + ": "
            + name);
    requireRunning();
  }

  private void requireRunning() {
    try {
      Backends.named(name);
    } catch (IllegalArgumentException e) {
      throw new InputException(e.getMessage(), e);
    }
  }

  /**
   * Makes it the backend of the whole process, for work that is done on the processor.
   *
   * @param work that no device does, as a sentence begins
   */
  void ofProcess(String work) {
    requireUsage(
        memory == null, noEffect(List.of("--device-memory"), " where the processor computes"));
    if (isAuto()) {
      return;
    }
    if (provider().isPresent()) {
      throw new InputException(
          work
              + " on the processor only: --backend "
              + name
              + " is for generate, chat, eval and quantize --method signround");
    }
    // Read once, by whoever asks first, which nobody has in a process of one command.
    System.setProperty(Backends.PROPERTY, name);
    requireName();
    if (!Backends.chosen().name().equals(name)) {
      throw new InputException(
          "--backend " + name + ": this process computes by " + Backends.chosen().name());
    }
  }
}
