package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which files of a repository a model is: a GGUF file with all its parts where one is asked for or
 * nothing else is there, else the safetensors with what lies beside them. Pickles are never taken.
 */
final class FileChoice {
  static final String CONFIG = "config.json";
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  private static final String SAFETENSORS = ".safetensors";
  private static final String GGUF = ".gguf";
  private static final String TEMPLATES = "additional_chat_templates/";
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})");
  private static final Pattern PICKLE =
      Pattern.compile(".*\\.(bin|pt|pth|ckpt|h5|msgpack)(\\.index\\.json)?");
  private static final Pattern LICENCE = Pattern.compile("(LICEN[CS]E|NOTICE)[^/]*");

  /** GGUF files that are no language models. */
  private static final Pattern OTHER_GGUF = Pattern.compile("(.*/)?(mmproj|imatrix)[^/]*");

  private static final Set<String> ENDINGS =
      Set.of("json", "txt", "model", "jinja", "tiktoken", "bpe", "spm");

  private FileChoice() {}

  /** The files of each GGUF model among some, by the name without ending and part. */
  private static Map<String, List<String>> ggufs(Collection<String> paths) {
    Map<String, List<String>> sets = new TreeMap<>();
    for (String path : paths) {
      if (isGguf(path)) {
        sets.computeIfAbsent(stem(path), s -> new ArrayList<>()).add(path);
      }
    }
    sets.values().forEach(files -> files.sort(null));
    return sets;
  }

  private static boolean isGguf(String path) {
    String lower = path.toLowerCase(Locale.ROOT);
    return lower.endsWith(GGUF) && !OTHER_GGUF.matcher(lower).matches();
  }

  private static String stem(String path) {
    String bare = path.substring(0, path.length() - GGUF.length());
    Matcher m = PART.matcher(bare);
    return m.matches() ? m.group(1) : bare;
  }

  /** Whether a GGUF model's parts are all there. */
  private static boolean isWhole(List<String> files) {
    String first = files.getFirst();
    Matcher m = PART.matcher(first.substring(0, first.length() - GGUF.length()));
    return !m.matches() || files.size() == Integer.parseInt(m.group(3));
  }

  /**
   * The files of the GGUF model that is selected, the first part first; none if there is none such,
   * or not all of its parts.
   *
   * @param paths of all files that there are
   * @param selected a type as file names have it, such as {@code Q4_K_M}, or the name of a file
   * @throws InputException if several are meant
   */
  static List<String> gguf(Collection<String> paths, String selected, String repository) {
    Map<String, List<String>> sets = ggufs(paths);
    sets.keySet().removeIf(stem -> !isSelected(stem, sets.get(stem), selected));
    if (sets.size() > 1) {
      throw InputException.in(repository)
          .problem("'" + selected + "' may be " + String.join(" or ", names(sets)))
          .hint("name the file behind the colon")
          .exception();
    }
    return sets.values().stream().filter(FileChoice::isWhole).findFirst().orElse(List.of());
  }

  /** The files of the only GGUF model, the first part first; none if there are several, or none. */
  static List<String> onlyGguf(Collection<String> paths) {
    Map<String, List<String>> sets = ggufs(paths);
    return sets.size() == 1 && isWhole(sets.values().iterator().next())
        ? sets.values().iterator().next()
        : List.of();
  }

  private static boolean isSelected(String stem, List<String> files, String selected) {
    if (selected.toLowerCase(Locale.ROOT).endsWith(GGUF)) {
      return files.stream().anyMatch(f -> f.equals(selected) || f.endsWith("/" + selected));
    }
    String quoted = Pattern.quote(selected.toLowerCase(Locale.ROOT));
    String name = stem.substring(stem.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    return Pattern.compile("(^|[-._])" + quoted + "($|[-.])").matcher(name).find();
  }

  private static List<String> names(Map<String, List<String>> sets) {
    return sets.values().stream().map(List::getFirst).toList();
  }

  /**
   * The GGUF files of a repository that is to be fetched.
   *
   * @throws InputException if there is none such, or several
   */
  static List<HubFile> requireGguf(HubListing listing, HubReference reference) {
    List<String> paths = listing.files().stream().map(HubFile::path).toList();
    List<String> found = gguf(paths, reference.selected(), reference.toString());
    if (found.isEmpty()) {
      Map<String, List<String>> sets = ggufs(paths);
      throw InputException.in(reference.toString())
          .problem(
              sets.isEmpty()
                  ? "there are no GGUF files in this repository"
                  : "no GGUF file of this repository is called so")
          .hint(sets.isEmpty() ? "leave out what is behind the colon" : thereAre(sets))
          .exception();
    }
    return named(listing, found);
  }

  private static String thereAre(Map<String, List<String>> sets) {
    return "there are " + String.join(", ", names(sets));
  }

  private static List<HubFile> named(HubListing listing, List<String> paths) {
    return listing.files().stream().filter(f -> paths.contains(f.path())).toList();
  }

  /**
   * The files of a model in safetensors, without the shards that its index names; or of the only
   * GGUF model where there are no safetensors.
   *
   * @throws InputException if there are neither, or several GGUF models
   */
  static List<HubFile> model(HubListing listing, HubReference reference) {
    List<HubFile> weights = weights(listing.files());
    if (weights.isEmpty()) {
      return List.of(onlyGguf(listing, reference).toArray(HubFile[]::new));
    }
    List<HubFile> files =
        new ArrayList<>(listing.files().stream().filter(FileChoice::isBeside).toList());
    weights.stream().filter(w -> !files.contains(w)).forEach(files::add);
    return files;
  }

  /** The weights that a folder's loader takes, of a set its index. */
  private static List<HubFile> weights(List<HubFile> files) {
    for (String name : List.of(SINGLE, INDEX)) {
      for (HubFile file : files) {
        if (file.path().equals(name)) {
          return List.of(file);
        }
      }
    }
    List<HubFile> all =
        files.stream().filter(f -> f.atTop() && f.path().endsWith(SAFETENSORS)).toList();
    return all.size() == 1 ? all : List.of();
  }

  private static boolean isBeside(HubFile file) {
    String path = file.path();
    boolean place = file.atTop() || path.startsWith(TEMPLATES);
    String ending = path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return place
        && (ENDINGS.contains(ending) || LICENCE.matcher(path).matches())
        && !PICKLE.matcher(path).matches();
  }

  private static List<HubFile> onlyGguf(HubListing listing, HubReference reference) {
    List<String> paths = listing.files().stream().map(HubFile::path).toList();
    Map<String, List<String>> sets = ggufs(paths);
    if (sets.size() == 1) {
      return named(listing, sets.values().iterator().next());
    }
    if (sets.size() > 1) {
      throw InputException.in(reference.toString())
          .problem("has several GGUF files")
          .hint("name one behind a colon, like " + reference.id() + ":Q4_K_M; " + thereAre(sets))
          .exception();
    }
    List<String> pickles = paths.stream().filter(p -> PICKLE.matcher(p).matches()).toList();
    throw InputException.in(reference.toString())
        .problem(
            pickles.isEmpty()
                ? "has no weights that can be read"
                : "has its weights as pickles only (" + pickles.getFirst() + "), which run code")
        .hint("look for a repository or a revision with safetensors or GGUF files")
        .exception();
  }
}
