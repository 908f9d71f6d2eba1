package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The proxies that environment variables name, as Python's and the shell's tools read them: {@code
 * https_proxy}, {@code http_proxy}, {@code all_proxy} and {@code no_proxy}, in small letters or in
 * capitals. The JDK itself knows its own system properties only; where those are set, they count.
 */
public final class HubProxies extends ProxySelector {
  private static final List<String> PROPERTIES =
      List.of("https.proxyHost", "http.proxyHost", "socksProxyHost");
  private static final int USUAL_PORT = 80;

  private final Map<String, One> byScheme;
  private final List<String> direct;

  /**
   * One proxy.
   *
   * @param account name and password, or empty
   */
  private record One(InetSocketAddress address, Optional<PasswordAuthentication> account) {}

  private HubProxies(Map<String, One> byScheme, List<String> direct) {
    this.byScheme = byScheme;
    this.direct = direct;
  }

  /**
   * Those of an environment; empty if it names none, or the JDK was told of others.
   *
   * @throws InputException if what it names cannot be used
   */
  static Optional<HubProxies> of(Map<String, String> environment) {
    if (PROPERTIES.stream().anyMatch(p -> System.getProperty(p) != null)) {
      return Optional.empty();
    }
    Map<String, One> byScheme = new HashMap<>();
    for (String scheme : List.of("http", "https")) {
      Stream.of(scheme + "_proxy", "all_proxy")
          .flatMap(name -> Stream.of(name, name.toUpperCase(Locale.ROOT)))
          .filter(name -> !environment.getOrDefault(name, "").isBlank())
          .findFirst()
          .ifPresent(name -> byScheme.put(scheme, one(name, environment.get(name).strip())));
    }
    String no = environment.getOrDefault("no_proxy", environment.getOrDefault("NO_PROXY", ""));
    List<String> direct =
        Stream.of(no.toLowerCase(Locale.ROOT).split("[,\\s]+")).filter(s -> !s.isEmpty()).toList();
    return byScheme.isEmpty() ? Optional.empty() : Optional.of(new HubProxies(byScheme, direct));
  }

  private static One one(String variable, String value) {
    URI uri;
    try {
      uri = new URI(value.contains("://") ? value : "http://" + value);
    } catch (URISyntaxException e) {
      // The value may hold a password.
      throw new InputException(variable + " is not the address of a proxy; give http://HOST:PORT");
    }
    if (!"http".equalsIgnoreCase(uri.getScheme())) {
      throw new InputException(
          variable
              + " names a proxy of the kind '"
              + uri.getScheme()
              + "', which cannot be used; give http://HOST:PORT");
    }
    if (uri.getHost() == null) {
      throw new InputException(variable + " is not the address of a proxy; give http://HOST:PORT");
    }
    int port = uri.getPort() < 0 ? USUAL_PORT : uri.getPort();
    return new One(
        InetSocketAddress.createUnresolved(uri.getHost(), port),
        Optional.ofNullable(uri.getRawUserInfo()).map(HubProxies::account));
  }

  private static PasswordAuthentication account(String raw) {
    int colon = raw.indexOf(':');
    String name = colon < 0 ? raw : raw.substring(0, colon);
    String password = colon < 0 ? "" : raw.substring(colon + 1);
    return new PasswordAuthentication(decoded(name), decoded(password).toCharArray());
  }

  /** Percent signs alone are special here, and not the plus. */
  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** The proxy for an address; empty if it is asked directly. */
  private Optional<One> find(URI uri) {
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    return Optional.ofNullable(byScheme.get(scheme)).filter(p -> !isDirect(uri));
  }

  private boolean isDirect(URI uri) {
    String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
    String withPort = host + ":" + HubClient.port(uri);
    return direct.stream()
        .map(entry -> entry.replaceFirst("^\\*?\\.", ""))
        .anyMatch(
            e ->
                e.equals("*")
                    || Stream.of(host, withPort).anyMatch(h -> h.equals(e) || h.endsWith("." + e)));
  }

  /** HOST:PORT of the proxy for an address; empty if it is asked directly. */
  Optional<String> name(URI uri) {
    return find(uri).map(p -> p.address().getHostString() + ":" + p.address().getPort());
  }

  /** Whether a proxy is told who asks. */
  boolean hasAccount() {
    return byScheme.values().stream().anyMatch(p -> p.account().isPresent());
  }

  @Override
  public List<Proxy> select(URI uri) {
    return List.of(
        find(uri)
            .map(p -> new Proxy(Proxy.Type.HTTP, resolved(p.address())))
            .orElse(Proxy.NO_PROXY));
  }

  private static InetSocketAddress resolved(InetSocketAddress address) {
    return new InetSocketAddress(address.getHostString(), address.getPort());
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException e) {
    // Whoever asked has the fault, too.
  }

  /** Tells proxies who asks, and nobody else. */
  Authenticator authenticator() {
    return new Authenticator() {
      @Override
      protected PasswordAuthentication getPasswordAuthentication() {
        return getRequestorType() != RequestorType.PROXY
            ? null
            : byScheme.values().stream()
                .filter(p -> p.address().getPort() == getRequestingPort())
                .filter(p -> p.address().getHostString().equalsIgnoreCase(getRequestingHost()))
                .flatMap(p -> p.account().stream())
                .findFirst()
                .orElse(null);
      }
    };
  }

  /** Hosts without accounts. */
  @Override
  public String toString() {
    return "HubProxies" + byScheme.values().stream().map(One::address).distinct().toList();
  }
}
