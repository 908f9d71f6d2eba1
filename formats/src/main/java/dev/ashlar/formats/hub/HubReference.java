package dev.ashlar.formats.hub;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a user names on the hub: {@code ORG/NAME}, {@code ORG/NAME@REVISION}, {@code
 * ORG/NAME:Q4_K_M} or both.
 *
 * @param id such as {@code org/model}
 * @param revision a branch, tag or commit; {@code main} if none was named
 * @param selected the type or the name of a GGUF file, or empty
 */
public record HubReference(String id, String revision, String selected) {
  /** The revision of those who name none. */
  public static final String MAIN = "main";

  private static final Pattern ID =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?");
  private static final Pattern TEXT = Pattern.compile("([^@:]+)(?:@([^:]+))?(?::(.+))?");
  private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}");
  private static final Pattern SELECTED = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/ +-]{0,199}");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /**
   * One of a known form.
   *
   * @throws IllegalArgumentException if a part has another form
   */
  public HubReference {
    if (!isId(id) || !isRevision(revision) || !(selected.isEmpty() || isSelected(selected))) {
      throw new IllegalArgumentException(
          "not a name of the hub: " + id + "@" + revision + ":" + selected);
    }
  }

  /** The files of {@code main}. */
  public static HubReference of(String id) {
    return new HubReference(id, MAIN, "");
  }

  /** The reference that a text spells; empty if it is none. */
  public static Optional<HubReference> parse(String text) {
    Matcher m = TEXT.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    String revision = m.group(2) == null ? MAIN : m.group(2);
    String selected = m.group(3) == null ? "" : m.group(3);
    boolean good =
        isId(m.group(1)) && isRevision(revision) && (selected.isEmpty() || isSelected(selected));
    return good ? Optional.of(new HubReference(m.group(1), revision, selected)) : Optional.empty();
  }

  /** Whether a text has the form of a hub id, such as {@code org/model}. */
  public static boolean isId(String text) {
    return ID.matcher(text).matches() && !text.contains("..") && !text.contains("--");
  }

  /** Whether the name of a revision is one that may become a path below {@code refs}. */
  static boolean isRevision(String text) {
    return REVISION.matcher(text).matches() && !strays(text);
  }

  private static boolean isSelected(String text) {
    return SELECTED.matcher(text).matches() && !strays(text);
  }

  private static boolean strays(String text) {
    return text.contains("..") || text.contains("//") || text.endsWith("/") || text.contains("/.");
  }

  /** Whether the revision is a commit, which never changes. */
  boolean isCommit() {
    return isCommit(revision);
  }

  /** Whether a text is the full hash of a commit. */
  static boolean isCommit(String text) {
    return COMMIT.matcher(text).matches();
  }

  /** Whether the id names an owner too: others are names of ages ago, and of local folders. */
  public boolean hasOwner() {
    return id.contains("/");
  }

  @Override
  public String toString() {
    return id
        + (revision.equals(MAIN) ? "" : "@" + revision)
        + (selected.isEmpty() ? "" : ":" + selected);
  }
}
