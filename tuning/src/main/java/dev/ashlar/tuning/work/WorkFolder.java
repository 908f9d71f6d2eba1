package dev.ashlar.tuning.work;

import dev.ashlar.tuning.method.UnitResult;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A folder with what a job has finished so far. It is locked while it is open; files appear under
 * their names only when they are whole and on disk (temporary name, sync, rename, folder sync).
 */
public final class WorkFolder implements UnitStore, AutoCloseable {
  private static final String JOB = "job.json";
  private static final String LOCK = "lock";
  private static final String TEMPORARY = ".tmp";
  private static final String LEASE = ".lease";

  private final Path folder;
  private final Job job;
  private final FileChannel lockChannel;
  private final FileLock lock;

  /**
   * @param lockChannel holds {@code lock}; both null for a folder that was joined
   */
  private WorkFolder(Path folder, Job job, FileChannel lockChannel, FileLock lock) {
    this.folder = folder;
    this.job = job;
    this.lockChannel = lockChannel;
    this.lock = lock;
  }

  /**
   * The folder of {@code job}, made if it is not there.
   *
   * @param restart whether a folder of another job is emptied rather than refused
   * @throws WorkFolderException if another run has it open, it belongs to another job, or it cannot
   *     be written
   */
  public static WorkFolder open(Path folder, Job job, boolean restart) {
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      WorkFolder opened = null;
      try {
        opened = new WorkFolder(folder, job, channel, lock(folder, channel));
        opened.adopt(restart);
        return opened;
      } finally {
        if (opened == null) {
          channel.close();
        }
      }
    } catch (IOException e) {
      throw new WorkFolderException(folder, "cannot be used as a work folder (" + e + ")", e);
    }
  }

  /**
   * The folder of {@code job}, which somebody has opened or will go on with, for working on units
   * of it beside others: leases alone keep workers apart.
   *
   * @throws WorkFolderException if it is not there or belongs to another job
   */
  public static WorkFolder join(Path folder, Job job) {
    try {
      String found = Files.readString(folder.resolve(JOB));
      if (!found.equals(job.json())) {
        throw new WorkFolderException(
            folder,
            "it holds the work of another job (" + firstDifference(found, job.json()) + ")",
            null);
      }
      return new WorkFolder(folder, job, null, null);
    } catch (IOException e) {
      throw new WorkFolderException(folder, "holds no job to join (" + e + ")", e);
    }
  }

  private static FileLock lock(Path folder, FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
    } catch (OverlappingFileLockException e) {
      throw new WorkFolderException(folder, "another run in this process is using it", e);
    }
    throw new WorkFolderException(
        folder, "another run is using it; wait for it or choose another folder", null);
  }

  private void adopt(boolean restart) throws IOException {
    Path file = folder.resolve(JOB);
    String wanted = job.json();
    String found = Files.exists(file) ? Files.readString(file) : wanted;
    if (!found.equals(wanted) && !restart) {
      String difference = firstDifference(found, wanted);
      close();
      throw new WorkFolderException(
          folder,
          "it holds the work of another job ("
              + difference
              + "); choose another folder or delete this one",
          null);
    }
    removeAll("*" + TEMPORARY);
    if (!found.equals(wanted)) {
      removeAll("unit-*");
    }
    if (!Files.exists(file) || !found.equals(wanted)) {
      publish(JOB, out -> out.write(wanted.getBytes(StandardCharsets.UTF_8)));
    }
  }

  private static String firstDifference(String found, String wanted) {
    String[] a = found.split("\n");
    String[] b = wanted.split("\n");
    for (int i = 0; i < Math.min(a.length, b.length); i++) {
      if (!a[i].equals(b[i])) {
        return "there " + a[i].strip() + " now " + b[i].strip();
      }
    }
    return "its " + JOB + " is incomplete";
  }

  private void removeAll(String glob) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
      for (Path p : files) {
        Files.deleteIfExists(p);
      }
    }
  }

  private static String name(int index) {
    return String.format("unit-%04d", index);
  }

  @Override
  public Optional<UnitResult> find(int index, String unit, long weights) {
    Path file = folder.resolve(name(index));
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(UnitFile.read(file, job.hash(), unit, weights));
    } catch (UnitFile.Stale e) {
      System.getLogger("dev.ashlar")
          .log(System.Logger.Level.DEBUG, file + " is made again: " + e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw new WorkFolderException(file, "cannot be read (" + e + ")", e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>A lease is a locked file: the system takes the lock back from a process that dies.
   */
  @Override
  public Optional<Lease> lease(int index) {
    Path file = folder.resolve(name(index) + LEASE);
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock held = null;
      try {
        held = channel.tryLock();
      } catch (OverlappingFileLockException e) {
        // Another thread of this process has it.
      } finally {
        if (held == null) {
          channel.close();
        }
      }
      return held == null ? Optional.empty() : Optional.of(new FileLease(index, channel));
    } catch (IOException e) {
      throw new WorkFolderException(file, "cannot be locked (" + e + ")", e);
    }
  }

  private final class FileLease implements Lease {
    private final int index;
    private final FileChannel channel;

    FileLease(int index, FileChannel channel) {
      this.index = index;
      this.channel = channel;
    }

    @Override
    public void publish(String unit, long weights, UnitResult result) {
      WorkFolder.this.publish(index, unit, weights, result);
    }

    /** The file stays: were it removed, a second one could be locked beside it. */
    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw new WorkFolderException(folder, "cannot be unlocked (" + e + ")", e);
      }
    }
  }

  /** Keeps a finished unit; when this returns, it is on disk. */
  private void publish(int index, String unit, long weights, UnitResult result) {
    try {
      publish(name(index), out -> UnitFile.write(out, job.hash(), unit, weights, result));
    } catch (IOException e) {
      throw new WorkFolderException(
          folder.resolve(name(index)), "cannot be written (" + e + ")", e);
    }
  }

  @FunctionalInterface
  private interface Content {
    void write(OutputStream out) throws IOException;
  }

  private void publish(String name, Content content) throws IOException {
    Path temporary = folder.resolve(name + TEMPORARY);
    try (FileChannel channel =
        FileChannel.open(
            temporary,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      content.write(Channels.newOutputStream(channel));
      channel.force(true);
    }
    Files.move(
        temporary,
        folder.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    syncFolder();
  }

  private void syncFolder() {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException ignored) {
      // Windows cannot open a folder; there a rename is as durable as it gets.
    }
  }

  /** Lets other runs use the folder. */
  @Override
  public void close() {
    try {
      if (lockChannel != null) {
        lock.release();
        lockChannel.close();
      }
    } catch (IOException e) {
      throw new WorkFolderException(folder, "cannot be unlocked (" + e + ")", e);
    }
  }
}
