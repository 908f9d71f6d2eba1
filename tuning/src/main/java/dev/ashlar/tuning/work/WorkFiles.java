package dev.ashlar.tuning.work;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The files of a work folder, which may hold files of others too: nothing is replaced or removed
 * but what a run made, and nothing is written through a link.
 */
final class WorkFiles {
  static final String JOB = "job.json";
  static final String LOCK = "lock";
  static final String PUBLISHING = "publishing";
  private static final String LEASE = ".lease";
  private static final long LONGEST_JOB = 4L << 20;
  private static final Pattern UNIT = Pattern.compile("unit-\\d{4,9}");
  private static final Pattern TEMPORARY =
      Pattern.compile("\\.([a-z0-9.-]+)-([0-9a-f]{32})([0-9a-f]{8})\\.tmp");

  private final Path folder;

  WorkFiles(Path folder) {
    this.folder = folder;
  }

  Path job() {
    return folder.resolve(JOB);
  }

  Path unit(int index) {
    return folder.resolve(String.format(Locale.ROOT, "unit-%04d", index));
  }

  Path lease(int index) {
    return folder.resolve(unit(index).getFileName() + LEASE);
  }

  /** Whether there is anything of that name, be it a link that leads nowhere. */
  static boolean exists(Path file) {
    return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
  }

  static boolean isFile(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * The text of {@code job.json}.
   *
   * @throws WorkFolderException if it is not what a run writes
   */
  Job readJob() throws IOException {
    if (!isFile(job()) || Files.size(job()) > LONGEST_JOB) {
      throw foreign(job());
    }
    String text = new String(Files.readAllBytes(job()), StandardCharsets.UTF_8);
    return Job.parse(text).orElseThrow(() -> foreign(job()));
  }

  static WorkFolderException foreign(Path file) {
    return new WorkFolderException(
        file,
        "is in the way: no run made it, so it is not replaced; choose another work folder",
        null);
  }

  /** Opens a file for locking; it may be there already. */
  static FileChannel openLock(Path file) throws IOException {
    if (exists(file) && !isFile(file)) {
      // Opening a pipe would wait, and what a link leads to is not ours.
      throw foreign(file);
    }
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  /** Whether a run made the unit's file: by what it begins with, or since it had a lease on it. */
  boolean isOwnUnit(Path unit) {
    return isFile(unit)
        && (isEmptyFile(folder.resolve(unit.getFileName() + LEASE)) || UnitFile.isOne(unit));
  }

  private static boolean isEmptyFile(Path file) {
    try {
      return isFile(file) && Files.size(file) == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Removes temporary files that a killed run left. */
  void removeTemporary() throws IOException {
    for (Path file : entries()) {
      Matcher m = TEMPORARY.matcher(file.getFileName().toString());
      if (m.matches() && checksum(m.group(1), m.group(2)).equals(m.group(3)) && isFile(file)) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Removes all units that runs have finished. */
  void removeUnits() throws IOException {
    for (Path file : entries()) {
      if (UNIT.matcher(file.getFileName().toString()).matches() && isOwnUnit(file)) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Removes the mark that a run's result begins to appear: another job has put nothing there. */
  void removePublishing() throws IOException {
    Path mark = folder.resolve(PUBLISHING);
    if (isEmptyFile(mark)) {
      Files.deleteIfExists(mark);
    }
  }

  boolean hasUnits() throws IOException {
    return entries().stream().anyMatch(f -> UNIT.matcher(f.getFileName().toString()).matches());
  }

  /** Removes everything that runs made, and the folder if nothing else is in it. */
  void removeAll() throws IOException {
    removeTemporary();
    removeUnits();
    for (Path file : entries()) {
      String name = file.getFileName().toString();
      boolean lease =
          name.endsWith(LEASE)
              && UNIT.matcher(name.substring(0, name.length() - LEASE.length())).matches();
      if ((lease || name.equals(LOCK) || name.equals(PUBLISHING)) && isEmptyFile(file)) {
        Files.deleteIfExists(file);
      }
    }
    if (exists(job())) {
      readJob();
      Files.deleteIfExists(job());
    }
    if (entries().isEmpty()) {
      Files.deleteIfExists(folder);
    }
  }

  private List<Path> entries() throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      all.forEach(entries::add);
    }
    return entries;
  }

  @FunctionalInterface
  interface Content {
    void write(OutputStream out) throws IOException;
  }

  /** Writes a file whole, in place of an older one; when this returns, it is on disk. */
  void publish(Path file, Content content) throws IOException {
    String name = file.getFileName().toString();
    String random = UUID.randomUUID().toString().replace("-", "");
    Path temporary = folder.resolve("." + name + "-" + random + checksum(name, random) + ".tmp");
    boolean published = false;
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE,
              LinkOption.NOFOLLOW_LINKS)) {
        content.write(Channels.newOutputStream(channel));
        channel.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      published = true;
    } finally {
      if (!published) {
        // On a full disk above all, it is in the way of the rest.
        Files.deleteIfExists(temporary);
      }
    }
    syncFolder(folder);
  }

  /** By it a name that was made here is known from one that others thought of. */
  private static String checksum(String name, String random) {
    CRC32C sum = new CRC32C();
    sum.update((name + random).getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", sum.getValue());
  }

  /** Makes the folder and those above it, so that they stay. */
  void make() throws IOException {
    List<Path> made = new ArrayList<>();
    for (Path p = folder.toAbsolutePath(); p != null && !Files.exists(p); p = p.getParent()) {
      made.add(p);
    }
    Files.createDirectories(folder);
    for (Path p : made) {
      syncFolder(p.getParent());
    }
  }

  private static void syncFolder(Path folder) throws IOException {
    FileChannel opened;
    try {
      opened = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException ignored) {
      // Windows cannot open a folder; there a rename is as durable as it gets.
      return;
    }
    try (FileChannel channel = opened) {
      channel.force(true);
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage());
      // Shares of the network and the like have no such thing; a disk that fails says otherwise.
      if (!reason.contains("Invalid argument") && !reason.contains("not supported")) {
        throw e;
      }
    }
  }
}
