package dev.ashlar.bench.fuzz;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs Jazzer on the readers, each in a process of its own, and prints a line for each.
 *
 * <p>Arguments: seconds for each reader, folder of inputs to begin with, folder to keep what is
 * found and the inputs that reached something new, readers (all if none is named). What was kept is
 * where the next run goes on. Exits with 1 if anything was found.
 */
public final class FuzzReaders {
  /** Longest time of one input: a second's work of a template takes ten and more when watched. */
  private static final int LIMIT_SECONDS = 30;

  private static final int LARGEST_INPUT = 256 << 10;
  private static final int MOST_FINDINGS = 20;

  /** Less than a damaged length may ask for. */
  private static final String HEAP = "-Xmx512m";

  private static final Pattern DONE =
      Pattern.compile("^#(\\d+)\\s+DONE\\s+cov: (\\d+) .*exec/s: (\\d+).*");
  private static final Pattern FOUND =
      Pattern.compile("^== Java Exception: (.*)|^SUMMARY: libFuzzer: (timeout|out-of-memory).*");

  private final int seconds;
  private final Path seeds;
  private final Path keep;

  FuzzReaders(int seconds, Path seeds, Path keep) {
    this.seconds = seconds;
    this.seeds = seeds;
    this.keep = keep;
  }

  /** See the class. */
  public static void main(String[] args) throws IOException, InterruptedException {
    FuzzReaders fuzz =
        new FuzzReaders(
            Integer.parseInt(args[0]), Path.of(args[1]), Path.of(args[2]).toAbsolutePath());
    List<FuzzTarget> targets =
        args.length == 3
            ? List.of(FuzzTarget.values())
            : Stream.of(args).skip(3).map(FuzzTarget::named).toList();
    boolean clean = true;
    for (FuzzTarget target : targets) {
      Result result = fuzz.run(List.of(target));
      System.out.println(result);
      clean &= result.isClean();
    }
    System.exit(clean ? 0 : 1);
  }

  /**
   * What came of a run.
   *
   * @param name of the reader, or {@code several}
   * @param inputs tried
   * @param covered edges of the program that were reached
   * @param perSecond inputs
   * @param found first lines of what may not be thrown
   * @param log everything that was said
   */
  record Result(
      String name, long inputs, long covered, long perSecond, List<String> found, Path log) {
    boolean isClean() {
      return found.isEmpty() && inputs > 0;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%-16s %9d inputs %6d/s %5d edges %3d found%s",
          name,
          inputs,
          perSecond,
          covered,
          found.size(),
          isClean() ? "" : ": " + String.join("; ", found) + " (" + log + ")");
    }
  }

  /** Fuzzes a reader, or several in one process, for the time of this object. */
  Result run(List<FuzzTarget> targets) throws IOException, InterruptedException {
    String name =
        targets.size() == 1 ? targets.getFirst().name().toLowerCase(Locale.ROOT) : "several";
    Path corpus = Files.createDirectories(keep.resolve("corpus").resolve(name));
    Path log = keep.resolve(name + ".log");
    addSeeds(targets, corpus);
    Path scratch = Files.createTempDirectory("fuzz");
    try {
      Process process =
          new ProcessBuilder(command(name, targets, scratch, corpus))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      int status = process.waitFor();
      return result(name, log, status);
    } finally {
      remove(scratch);
    }
  }

  private List<String> command(String name, List<FuzzTarget> targets, Path scratch, Path corpus) {
    String names = targets.stream().map(FuzzTarget::name).collect(Collectors.joining(","));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            HEAP,
            "--add-modules=jdk.incubator.vector",
            // Jazzer's driver and its hooks are native and look into classes.
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+EnableDynamicAgentLoading",
            "-Dashlar.threads=1",
            "-D" + FuzzEntry.TARGETS + "=" + names,
            "-D" + FuzzEntry.SCRATCH + "=" + scratch.resolve("files"),
            "-Djava.io.tmpdir=" + scratch,
            "-cp",
            System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + FuzzEntry.class.getName(),
            "--instrumentation_includes=dev.ashlar.**",
            // Tokenizers bring patterns of their own: to compile one is no injection.
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.RegexInjection",
            "--keep_going=" + MOST_FINDINGS,
            "--reproducer_path=" + scratch,
            "-artifact_prefix=" + keep.resolve(name + "-"),
            "-max_total_time=" + seconds,
            "-timeout=" + LIMIT_SECONDS,
            "-max_len=" + LARGEST_INPUT,
            "-print_final_stats=1",
            corpus.toString()));
    return command;
  }

  private void addSeeds(List<FuzzTarget> targets, Path corpus) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(seeds)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      for (int i = 0; i < targets.size(); i++) {
        if (targets.get(i).takes(file) && Files.size(file) < LARGEST_INPUT) {
          byte[] data = Files.readAllBytes(file);
          Files.write(
              corpus.resolve(seeds.relativize(file).toString().replace('/', '_')),
              targets.size() == 1 ? data : FuzzEntry.chosen(i, data));
        }
      }
    }
  }

  private static Result result(String name, Path log, int status) throws IOException {
    long inputs = 0;
    long covered = 0;
    long rate = 0;
    List<String> found = new ArrayList<>();
    String last = "";
    try (BufferedReader lines = Files.newBufferedReader(log, StandardCharsets.ISO_8859_1)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        last = line.isBlank() ? last : line;
        Matcher done = DONE.matcher(line);
        Matcher exception = FOUND.matcher(line);
        if (done.matches()) {
          inputs = Long.parseLong(done.group(1));
          covered = Long.parseLong(done.group(2));
          rate = Long.parseLong(done.group(3));
        } else if (exception.matches()) {
          String what = exception.group(1) == null ? exception.group(2) : exception.group(1);
          found.add(shortened(what));
        }
      }
    }
    if (inputs == 0 && found.isEmpty()) {
      found.add("ended with " + status + ": " + shortened(last));
    }
    return new Result(name, inputs, covered, rate, List.copyOf(found), log);
  }

  private static String shortened(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "…";
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
