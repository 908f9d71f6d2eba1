package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import dev.ashlar.io.file.WholeFile;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Where the hub and its cache are, by the environment variables of Hugging Face's own tools.
 *
 * @param cache the folder of {@code models--ORG--NAME} folders: {@code HF_HUB_CACHE}, {@code
 *     HF_HOME/hub}, {@code XDG_CACHE_HOME/huggingface/hub} or {@code ~/.cache/huggingface/hub}
 * @param endpoint {@code HF_ENDPOINT}, without a slash at its end
 * @param token says who asks: {@code HF_TOKEN}, or the content of {@code HF_TOKEN_PATH} or {@code
 *     HF_HOME/token}; looked up when the hub is asked, and sent to the endpoint's host alone
 * @param offline {@code HF_HUB_OFFLINE} or {@code TRANSFORMERS_OFFLINE}: nothing is asked for
 * @param links whether snapshots are links to blobs where the file system has links; not with
 *     {@code HF_HUB_DISABLE_SYMLINKS}
 * @param proxies those of the environment, looked at when the hub is asked; empty: the JDK's
 */
public record HubSettings(
    Path cache,
    URI endpoint,
    Supplier<Optional<String>> token,
    boolean offline,
    boolean links,
    Supplier<Optional<HubProxies>> proxies) {
  private static final String ENDPOINT = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,4096}");
  private static final long LONGEST_TOKEN_FILE = 8192;
  private static final List<String> NAMES =
      List.of(
          "HF_HUB_CACHE",
          "HF_HOME",
          "XDG_CACHE_HOME",
          "HF_ENDPOINT",
          "HF_TOKEN",
          "HUGGING_FACE_HUB_TOKEN",
          "HF_TOKEN_PATH",
          "HF_HUB_DISABLE_IMPLICIT_TOKEN",
          "HF_HUB_OFFLINE",
          "TRANSFORMERS_OFFLINE",
          "HF_HUB_DISABLE_SYMLINKS");

  /** Through the JDK's proxies. */
  public HubSettings(
      Path cache, URI endpoint, Supplier<Optional<String>> token, boolean offline, boolean links) {
    this(cache, endpoint, token, offline, links, Optional::empty);
  }

  /**
   * Those of this process: its environment, of which system properties of the same names replace
   * variables, since a Java program cannot set those.
   *
   * @throws InputException if a variable has a value that cannot be used
   */
  public static HubSettings ofProcess() {
    return of(environment());
  }

  /** Environment variables, and the properties that come before them. */
  static Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    for (String name : NAMES) {
      String property = System.getProperty(name);
      if (property != null) {
        environment.put(name, property);
      }
    }
    return environment;
  }

  /**
   * Those that environment variables say.
   *
   * @throws InputException if one has a value that cannot be used
   */
  public static HubSettings of(Map<String, String> environment) {
    boolean unasked = isTrue(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN");
    return new HubSettings(
        cache(environment),
        endpoint(environment.getOrDefault("HF_ENDPOINT", "")),
        () -> unasked ? Optional.empty() : token(environment, home(environment)),
        isTrue(environment, "HF_HUB_OFFLINE") || isTrue(environment, "TRANSFORMERS_OFFLINE"),
        !isTrue(environment, "HF_HUB_DISABLE_SYMLINKS"),
        () -> HubProxies.of(environment));
  }

  /** The folder of the cache, which is needed by those too who never ask the hub. */
  static Path cache(Map<String, String> environment) {
    String hub = environment.getOrDefault("HF_HUB_CACHE", "");
    return hub.isEmpty() ? home(environment).resolve("hub") : path("HF_HUB_CACHE", hub);
  }

  private static boolean isTrue(Map<String, String> environment, String name) {
    return TRUE.contains(environment.getOrDefault(name, "").toUpperCase(Locale.ROOT));
  }

  private static Path home(Map<String, String> environment) {
    String home = environment.getOrDefault("HF_HOME", "");
    if (!home.isEmpty()) {
      return path("HF_HOME", home);
    }
    String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path base =
        cache.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : path("XDG_CACHE_HOME", cache);
    return base.resolve("huggingface");
  }

  private static Path path(String variable, String value) {
    try {
      return value.equals("~") || value.startsWith("~/")
          ? Path.of(System.getProperty("user.home"))
              .resolve(value.substring(1).replaceFirst("^/", ""))
          : Path.of(value);
    } catch (InvalidPathException e) {
      throw new InputException(variable + " is not a path: '" + value + "'", e);
    }
  }

  private static URI endpoint(String value) {
    String text = value.isEmpty() ? ENDPOINT : value.replaceFirst("/+$", "");
    try {
      URI uri = new URI(text);
      boolean web = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
      boolean plain = uri.getQuery() == null && uri.getFragment() == null;
      if (web && plain && uri.getHost() != null && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Said below, with an example.
    }
    throw new InputException(
        "HF_ENDPOINT is not the address of a hub: '" + value + "'; give one like " + ENDPOINT);
  }

  private static Optional<String> token(Map<String, String> environment, Path home) {
    for (String name : List.of("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")) {
      String value = environment.getOrDefault(name, "").strip();
      if (!value.isEmpty()) {
        return Optional.of(checked(value, name));
      }
    }
    String named = environment.getOrDefault("HF_TOKEN_PATH", "");
    Path file = named.isEmpty() ? home.resolve("token") : path("HF_TOKEN_PATH", named);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    String value = WholeFile.text(file, LONGEST_TOKEN_FILE).strip();
    return value.isEmpty() ? Optional.empty() : Optional.of(checked(value, file.toString()));
  }

  /** The value itself is a secret and in no message. */
  private static String checked(String token, String where) {
    if (!TOKEN.matcher(token).matches()) {
      throw new InputException(
          "the token in " + where + " has characters that no token of the hub has; set it again");
    }
    return token;
  }

  /** Without the token, which is a secret. */
  @Override
  public String toString() {
    return "HubSettings[cache="
        + cache
        + ", endpoint="
        + endpoint
        + (offline ? ", offline" : "")
        + "]";
  }
}
