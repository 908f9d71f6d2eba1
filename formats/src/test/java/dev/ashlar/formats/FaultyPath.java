package dev.ashlar.formats;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/** A path that is worked on through a {@link FaultyDisk}. */
record FaultyPath(FaultyDisk disk, Path path) implements Path {
  private Path with(Path other) {
    return other == null ? null : new FaultyPath(disk, other);
  }

  @Override
  public FileSystem getFileSystem() {
    return disk;
  }

  @Override
  public boolean isAbsolute() {
    return path.isAbsolute();
  }

  @Override
  public Path getRoot() {
    return with(path.getRoot());
  }

  @Override
  public Path getFileName() {
    return with(path.getFileName());
  }

  @Override
  public Path getParent() {
    return with(path.getParent());
  }

  @Override
  public int getNameCount() {
    return path.getNameCount();
  }

  @Override
  public Path getName(int index) {
    return with(path.getName(index));
  }

  @Override
  public Path subpath(int from, int to) {
    return with(path.subpath(from, to));
  }

  @Override
  public boolean startsWith(Path other) {
    return path.startsWith(FaultyDisk.real(other));
  }

  @Override
  public boolean endsWith(Path other) {
    return path.endsWith(FaultyDisk.real(other));
  }

  @Override
  public Path normalize() {
    return with(path.normalize());
  }

  @Override
  public Path resolve(Path other) {
    return with(path.resolve(FaultyDisk.real(other)));
  }

  @Override
  public Path relativize(Path other) {
    return with(path.relativize(FaultyDisk.real(other)));
  }

  @Override
  public URI toUri() {
    return path.toUri();
  }

  @Override
  public Path toAbsolutePath() {
    return with(path.toAbsolutePath());
  }

  @Override
  public Path toRealPath(LinkOption... options) throws IOException {
    return with(path.toRealPath(options));
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int compareTo(Path other) {
    return path.compareTo(FaultyDisk.real(other));
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
