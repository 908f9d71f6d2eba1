package dev.ashlar.formats;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The machine's files seen through a disk that fails: it is full, or may not be written to, or the
 * process dies there. Paths of it write to the very files that other paths read.
 */
public final class FaultyDisk extends FileSystem {
  /** What happens when a run has done as much as it may. */
  public enum Fault {
    /** No byte more can be written; files can be made, renamed and removed. */
    FULL,
    /** Nothing can be changed. */
    READ_ONLY,
    /** Nothing happens any more, as if the process had been killed: not even cleaning up. */
    KILLED
  }

  /** Not caught by anyone who handles failures of files. */
  public static final class Killed extends Error {
    private static final long serialVersionUID = 1;

    private Killed() {}
  }

  private final FileSystem real = FileSystems.getDefault();
  private final Provider provider = new Provider(this);
  private final List<FileChannel> open = new ArrayList<>();
  private final Fault fault;
  private final long room;
  private long done;

  /**
   * @param room bytes that can be written before the fault; where it kills, any change of a folder
   *     and any sync counts as one more
   */
  public FaultyDisk(Fault fault, long room) {
    this.fault = fault;
    this.room = room;
  }

  /** A path of this disk. */
  public Path path(Path path) {
    return new FaultyPath(this, path);
  }

  /** What was done so far, as room counts it. */
  public long done() {
    return done;
  }

  /** Closes what a dead process had open, as the system does. */
  public void bury() throws IOException {
    for (FileChannel channel : open) {
      channel.close();
    }
  }

  void change(Path path) throws IOException {
    if (fault == Fault.READ_ONLY) {
      throw new AccessDeniedException(path.toString());
    }
    if (fault == Fault.KILLED) {
      if (done >= room) {
        throw new Killed();
      }
      done++;
    }
  }

  /** How many of so many bytes can be written. */
  int writable(int bytes) throws IOException {
    int n = (int) Math.min(bytes, room - done);
    done += n;
    if (n > 0 || bytes == 0) {
      return n;
    }
    if (fault == Fault.KILLED) {
      throw new Killed();
    }
    throw new IOException("No space left on device");
  }

  static Path real(Path path) {
    return path instanceof FaultyPath f ? f.path() : path;
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public void close() {}

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public String getSeparator() {
    return real.getSeparator();
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic");
  }

  @Override
  public Path getPath(String first, String... more) {
    return path(real.getPath(first, more));
  }

  @Override
  public PathMatcher getPathMatcher(String pattern) {
    PathMatcher matcher = real.getPathMatcher(pattern);
    return p -> matcher.matches(real(p));
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException();
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException();
  }

  private static final class Provider extends FileSystemProvider {
    private final FaultyDisk disk;
    private final FileSystemProvider real = FileSystems.getDefault().provider();

    Provider(FaultyDisk disk) {
      this.disk = disk;
    }

    @Override
    public String getScheme() {
      return "faulty";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Path getPath(URI uri) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel newFileChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      boolean exists = Files.exists(real(path), LinkOption.NOFOLLOW_LINKS);
      boolean makes = !exists && options.contains(StandardOpenOption.CREATE);
      boolean writes = options.contains(StandardOpenOption.WRITE);
      if (makes
          || options.contains(StandardOpenOption.CREATE_NEW)
          || writes && disk.fault == Fault.READ_ONLY) {
        disk.change(path);
      }
      FileChannel channel =
          new FaultyChannel(disk, path, real.newFileChannel(real(path), options, attributes));
      disk.open.add(channel);
      return channel;
    }

    @Override
    public SeekableByteChannel newByteChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      return newFileChannel(path, options, attributes);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
        Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
      DirectoryStream<Path> all =
          real.newDirectoryStream(real(folder), p -> filter.accept(disk.path(p)));
      return new DirectoryStream<>() {
        @Override
        public Iterator<Path> iterator() {
          Iterator<Path> paths = all.iterator();
          return new Iterator<>() {
            @Override
            public boolean hasNext() {
              return paths.hasNext();
            }

            @Override
            public Path next() {
              return disk.path(paths.next());
            }
          };
        }

        @Override
        public void close() throws IOException {
          all.close();
        }
      };
    }

    @Override
    public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
      if (!Files.exists(real(folder))) {
        disk.change(folder);
      }
      real.createDirectory(real(folder), attributes);
    }

    @Override
    public void delete(Path path) throws IOException {
      if (Files.exists(real(path), LinkOption.NOFOLLOW_LINKS)) {
        disk.change(path);
      }
      real.delete(real(path));
    }

    @Override
    public void copy(Path from, Path to, CopyOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void move(Path from, Path to, CopyOption... options) throws IOException {
      disk.change(to);
      real.move(real(from), real(to), options);
    }

    @Override
    public boolean isSameFile(Path a, Path b) throws IOException {
      return real.isSameFile(real(a), real(b));
    }

    @Override
    public boolean isHidden(Path path) throws IOException {
      return real.isHidden(real(path));
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
      return real.getFileStore(real(path));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
      real.checkAccess(real(path), modes);
    }

    @Override
    public <V extends FileAttributeView> V getFileAttributeView(
        Path path, Class<V> type, LinkOption... options) {
      return real.getFileAttributeView(real(path), type, options);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
        Path path, Class<A> type, LinkOption... options) throws IOException {
      return real.readAttributes(real(path), type, options);
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
        throws IOException {
      return real.readAttributes(real(path), names, options);
    }

    @Override
    public void setAttribute(Path path, String name, Object value, LinkOption... options) {
      throw new UnsupportedOperationException();
    }
  }
}
