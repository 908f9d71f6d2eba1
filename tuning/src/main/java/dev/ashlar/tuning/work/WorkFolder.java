package dev.ashlar.tuning.work;

import dev.ashlar.tuning.method.UnitResult;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A folder with what a job has finished so far. It is locked while it is open; files appear under
 * their names only when they are whole and on disk (temporary name, sync, rename, folder sync).
 *
 * <p>Files of others may lie in it and are left alone; one that has a name which is needed is
 * refused.
 */
public final class WorkFolder implements UnitStore, AutoCloseable {
  private final Path folder;
  private final WorkFiles files;
  private final Job job;
  private final FileChannel lockChannel;
  private final FileLock lock;

  /**
   * @param lockChannel holds {@code lock}; both null for a folder that was joined
   */
  private WorkFolder(Path folder, Job job, FileChannel lockChannel, FileLock lock) {
    this.folder = folder;
    this.files = new WorkFiles(folder);
    this.job = job;
    this.lockChannel = lockChannel;
    this.lock = lock;
  }

  /**
   * The folder of {@code job}, made if it is not there.
   *
   * @param restart whether the units of another job are removed rather than refused
   * @throws WorkFolderException if another run has it open, it belongs to another job, something
   *     that no run made is in the way, or it cannot be written
   */
  public static WorkFolder open(Path folder, Job job, boolean restart) {
    try {
      new WorkFiles(folder).make();
      FileChannel channel = WorkFiles.openLock(folder.resolve(WorkFiles.LOCK));
      WorkFolder opened = null;
      try {
        WorkFolder locked = new WorkFolder(folder, job, channel, lock(folder, channel));
        locked.adopt(restart);
        opened = locked;
        return opened;
      } finally {
        if (opened == null) {
          channel.close();
        }
      }
    } catch (IOException e) {
      throw WorkFolderException.of(folder, "cannot be used as a work folder", e);
    }
  }

  /**
   * The folder of {@code job}, which somebody has opened or will go on with, for working on units
   * of it beside others: leases alone keep workers apart.
   *
   * @throws WorkFolderException if it is not there or belongs to another job
   */
  public static WorkFolder join(Path folder, Job job) {
    WorkFolder joined = new WorkFolder(folder, job, null, null);
    if (!WorkFiles.exists(joined.files.job())) {
      throw new WorkFolderException(folder, "holds no job to join", null);
    }
    try {
      joined.requireSame(joined.files.readJob());
      return joined;
    } catch (IOException e) {
      throw WorkFolderException.of(folder, "holds no job to join", e);
    }
  }

  /** Whether a run began in {@code folder}, and whether it ended or not is not known. */
  public static boolean isBegun(Path folder) {
    return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
        && WorkFiles.isFile(new WorkFiles(folder).job());
  }

  /** Whether such a run had begun to put its result in place; see {@link #markPublishing}. */
  public static boolean isPublishing(Path folder) {
    return isBegun(folder) && WorkFiles.isFile(folder.resolve(WorkFiles.PUBLISHING));
  }

  /**
   * Removes everything that runs made in {@code folder}, and the folder itself if nothing else is
   * in it.
   *
   * @throws WorkFolderException if that cannot be done
   */
  public static void remove(Path folder) {
    try {
      new WorkFiles(folder).removeAll();
    } catch (IOException e) {
      throw WorkFolderException.of(folder, "cannot be removed", e);
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
    boolean begun = WorkFiles.exists(files.job());
    Optional<Job> found = begun ? Optional.of(files.readJob()) : Optional.empty();
    boolean same = found.isPresent() && found.get().hash().equals(job.hash());
    if (begun && !restart) {
      requireSame(found.get());
    }
    files.removeTemporary();
    if (begun && !same) {
      files.removeUnits();
      files.removePublishing();
    }
    if (!same) {
      files.publish(files.job(), out -> out.write(job.json().getBytes(StandardCharsets.UTF_8)));
    }
  }

  private void requireSame(Job found) {
    if (!found.hash().equals(job.hash())) {
      throw new WorkFolderException(
          folder,
          "holds the work of an interrupted run with other settings ("
              + String.join(", ", found.differences(job))
              + "); give the earlier settings to go on with it, --restart to begin anew,"
              + " or choose another folder",
          null);
    }
  }

  /** Whether no unit is finished yet. */
  public boolean isEmpty() {
    try {
      return !files.hasUnits();
    } catch (IOException e) {
      throw WorkFolderException.of(folder, "cannot be read", e);
    }
  }

  /** Notes that the result begins to appear in its place: a later run may then replace it. */
  public void markPublishing() {
    Path mark = folder.resolve(WorkFiles.PUBLISHING);
    try {
      if (!WorkFiles.exists(mark)) {
        Files.createFile(mark);
      }
    } catch (IOException e) {
      throw WorkFolderException.of(mark, "cannot be written", e);
    }
  }

  @Override
  public Optional<UnitResult> find(int index, String unit, long weights) {
    Path file = files.unit(index);
    if (!WorkFiles.exists(file)) {
      return Optional.empty();
    }
    if (!WorkFiles.isFile(file)) {
      throw WorkFiles.foreign(file);
    }
    try {
      return Optional.of(UnitFile.read(file, job.hash(), unit, weights));
    } catch (UnitFile.Stale e) {
      System.getLogger("dev.ashlar")
          .log(System.Logger.Level.DEBUG, file + " is made again: " + e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw WorkFolderException.of(file, "cannot be read", e);
    }
  }

  @Override
  public boolean seemsToHave(int index) {
    return WorkFiles.isFile(files.unit(index));
  }

  /**
   * {@inheritDoc}
   *
   * <p>A lease is a locked file: the system takes the lock back from a process that dies.
   */
  @Override
  public Optional<Lease> lease(int index) {
    Path file = files.lease(index);
    Path unit = files.unit(index);
    if (WorkFiles.exists(unit) && !files.isOwnUnit(unit)) {
      // Said now, not when the unit has been made for it.
      throw WorkFiles.foreign(unit);
    }
    try {
      FileChannel channel = WorkFiles.openLock(file);
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
      throw WorkFolderException.of(file, "cannot be locked", e);
    }
  }

  private final class FileLease implements Lease {
    private final int index;
    private final FileChannel channel;

    FileLease(int index, FileChannel channel) {
      this.index = index;
      this.channel = channel;
    }

    /** When this returns, the unit is on disk. */
    @Override
    public void publish(String unit, long weights, UnitResult result) {
      Path file = files.unit(index);
      try {
        files.publish(file, out -> UnitFile.write(out, job.hash(), unit, weights, result));
      } catch (IOException e) {
        throw WorkFolderException.of(file, "cannot be written", e);
      }
    }

    /** The file stays: were it removed, a second one could be locked beside it. */
    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw WorkFolderException.of(folder, "cannot be unlocked", e);
      }
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
      throw WorkFolderException.of(folder, "cannot be unlocked", e);
    }
  }
}
