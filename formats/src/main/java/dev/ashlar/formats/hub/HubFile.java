package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import java.util.regex.Pattern;

/**
 * A file of a repository.
 *
 * @param path with slashes, below the repository's folder
 * @param size bytes
 * @param etag the name of its blob: SHA-256 of the content of large files (64 hexadecimal digits),
 *     or the hash that git gives small ones (SHA-1, 40 digits)
 */
record HubFile(String path, long size, String etag) {
  private static final Pattern ETAG = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
  private static final int LONGEST_NAME = 255;
  private static final int LONGEST_PATH = 1000;

  /** Whether a text can be checked against what was downloaded, and be a file's name. */
  static boolean isEtag(String text) {
    return ETAG.matcher(text).matches();
  }

  /** Whether the etag is a SHA-256 and not git's hash. */
  boolean isLarge() {
    return etag.length() == 64;
  }

  /** The last part of the path. */
  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Whether it lies in no folder of the repository. */
  boolean atTop() {
    return path.indexOf('/') < 0;
  }

  /**
   * A path that the hub says, if it stays below the repository's folder on any system.
   *
   * @throws InputException if not
   */
  static String requireInside(String path, String repository) {
    boolean good = !path.isEmpty() && path.length() <= LONGEST_PATH;
    for (String part : path.split("/", -1)) {
      good &= !part.isEmpty() && part.length() <= LONGEST_NAME;
      good &= !part.equals(".") && !part.equals("..");
      good &= part.chars().noneMatch(c -> c < ' ' || c == 127 || c == '\\' || c == ':');
    }
    if (!good) {
      throw InputException.in(repository)
          .place(path)
          .problem("is not a name that a file of a repository may have")
          .hint("nothing was downloaded")
          .exception();
    }
    return path;
  }
}
