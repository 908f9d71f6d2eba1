package dev.ashlar.bench.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * A folder that can be thrown away: the peers' own installation, our scripts, and what the peers
 * have to say.
 */
final class PeerFolder {
  private static final String JLAMA = "com.github.tjake:jlama-core:0.8.4";

  /** The version whose internals {@code Llama3Peer} knows. */
  private static final String LLAMA3 = "commit 8cf392d";

  private static final String RELEASE = "" + Runtime.version().feature();
  private static final List<String> SHARED = List.of("peer.py", "torch_block.py");

  private final Path folder;
  private final Path python;

  /**
   * @param folder is made if it does not exist
   * @param environment an existing Python environment, or null to make one in the folder
   */
  PeerFolder(Path folder, Path environment, Set<Peer> peers) throws IOException {
    this.folder = Files.createDirectories(folder);
    Path home = environment == null ? folder.resolve("venv") : environment;
    this.python = home.resolve("bin/python");
    Set<String> packages = new LinkedHashSet<>();
    for (Peer p : peers) {
      unpack(p.script());
      packages.addAll(p.packages());
    }
    for (String name : SHARED) {
      unpack(name);
    }
    if (environment == null && !packages.isEmpty()) {
      install(home, packages);
    }
    if (peers.contains(Peer.JLAMA)) {
      fetchJlama();
    }
    if (peers.contains(Peer.LLAMA3_JAVA)) {
      compileLlama3();
    }
  }

  private void unpack(String name) throws IOException {
    try (InputStream in = PeerFolder.class.getResourceAsStream(name)) {
      Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private void install(Path home, Set<String> packages) throws IOException {
    if (!Files.exists(python)) {
      run(List.of("python3", "-m", "venv", home.toString()));
    }
    List<String> command = new ArrayList<>();
    command.addAll(List.of(python.toString(), "-m", "pip", "install", "--quiet"));
    command.addAll(packages);
    run(command);
  }

  private Path classPath() {
    return folder.resolve("jlama.classpath");
  }

  private void fetchJlama() throws IOException {
    if (Files.exists(classPath())) {
      return;
    }
    String[] coordinates = JLAMA.split(":");
    Path pom = folder.resolve("pom.xml");
    Files.writeString(
        pom,
        """
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <modelVersion>4.0.0</modelVersion>
          <groupId>peers</groupId><artifactId>jlama</artifactId><version>1</version>
          <dependencies><dependency>
            <groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>
          </dependency></dependencies>
        </project>
        """
            .formatted((Object[]) coordinates));
    run(
        List.of(
            "mvn",
            "-B",
            "-q",
            "-f",
            pom.toString(),
            "dependency:build-classpath",
            "-Dmdep.outputFile=" + classPath()));
  }

  /** Its one file has to lie in the folder: no registry has it. */
  private void compileLlama3() throws IOException {
    Path source = folder.resolve("Llama3.java");
    if (!Files.exists(source)) {
      throw new IOException(
          source
              + " is missing; get it from https://github.com/mukel/llama3.java ("
              + LLAMA3
              + ")");
    }
    List<String> command = new ArrayList<>(List.of(program("javac"), "-nowarn"));
    command.addAll(List.of("--add-modules", "jdk.incubator.vector", "-d", classes().toString()));
    command.addAll(List.of(source.toString(), folder.resolve("Llama3Peer.java").toString()));
    run(command);
  }

  private Path classes() {
    return folder.resolve("llama3-classes");
  }

  private static String program(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  private static List<String> java() {
    return List.of(program("java"), "--add-modules", "jdk.incubator.vector");
  }

  private void run(List<String> command) throws IOException {
    System.err.println("compare: " + String.join(" ", command));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log("install").toFile()))
            .start();
    try {
      if (!process.waitFor(1, TimeUnit.HOURS) || process.exitValue() != 0) {
        process.destroy();
        throw new IOException("failed, see " + log("install") + ": " + String.join(" ", command));
      }
    } catch (InterruptedException e) {
      process.destroy();
      throw new IOException("interrupted: " + String.join(" ", command), e);
    }
  }

  private Path log(String name) {
    return folder.resolve(name + ".log");
  }

  /** A file that both sides read; gone with the folder. */
  Path file(String name) {
    return folder.resolve(name);
  }

  /** Starts a peer on a number of threads. */
  PeerProcess start(Peer peer, int threads, List<String> arguments) {
    List<String> command = new ArrayList<>();
    try {
      switch (peer) {
        case JLAMA -> {
          command.addAll(java());
          command.addAll(List.of("--enable-preview", "--source", RELEASE));
          command.addAll(List.of("-cp", Files.readString(classPath()).strip()));
          command.add(folder.resolve(peer.script()).toString());
        }
        case LLAMA3_JAVA -> {
          command.addAll(java());
          // What its own notes tell users to give; parallel streams work on their caller as well.
          command.add("-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0");
          command.add("-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + (threads - 1));
          command.addAll(List.of("-cp", classes().toString(), "com.llama4j.Llama3Peer"));
        }
        default -> {
          command.add(python.toString());
          command.add(folder.resolve(peer.script()).toString());
        }
      }
      command.add("" + threads);
      command.addAll(arguments);
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("OPENBLAS_NUM_THREADS", "" + threads);
      builder.environment().put("OMP_NUM_THREADS", "" + threads);
      builder.redirectError(ProcessBuilder.Redirect.appendTo(log(peer.name()).toFile()));
      return new PeerProcess(peer.title(), builder.start(), log(peer.name()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
