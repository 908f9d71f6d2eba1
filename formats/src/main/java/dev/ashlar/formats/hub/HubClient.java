package dev.ashlar.formats.hub;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks a hub over HTTP. Redirections are followed here and not by the JDK's client, so that the
 * token goes to the endpoint's host alone and nothing goes from HTTPS to HTTP.
 */
final class HubClient implements AutoCloseable {
  /** Redirections in a row of which the last is one too many. */
  static final int HOPS = 10;

  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final long LOOK_MILLIS = 50;
  private static final int FEW = 2;
  private static final Set<Integer> REDIRECTIONS = Set.of(301, 302, 303, 307, 308);
  private static final String UNRESERVED = "-._~";

  private final HubSettings settings;
  private final Patience patience;
  private final HubListener listener;
  private final Optional<String> token;
  private final HttpClient http;

  HubClient(HubSettings settings, Patience patience, HubListener listener) {
    this.settings = settings;
    this.patience = patience;
    this.listener = listener;
    this.token = settings.token().get();
    // One connection for each range: HTTP/2 would send all of them through one.
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT);
    Optional<HubProxies> proxies = settings.proxies().get();
    proxies.ifPresent(builder::proxy);
    proxies.filter(HubProxies::hasAccount).ifPresent(p -> builder.authenticator(p.authenticator()));
    this.http = builder.build();
  }

  HubSettings settings() {
    return settings;
  }

  Patience patience() {
    return patience;
  }

  HubListener listener() {
    return listener;
  }

  /** The address of the interface for programs that lists the files of a revision. */
  URI listingAddress(RepositoryKind kind, HubReference reference) {
    return URI.create(
        settings.endpoint()
            + "/api/"
            + kind.plural
            + "/"
            + reference.id()
            + "/revision/"
            + escaped(reference.revision(), "")
            + "?blobs=true");
  }

  /** The address of a file. */
  URI fileAddress(RepositoryKind kind, String id, String commit, String path) {
    return URI.create(
        settings.endpoint()
            + "/"
            + kind.prefix
            + id
            + "/resolve/"
            + commit
            + "/"
            + escaped(path, "/"));
  }

  private static String escaped(String text, String kept) {
    StringBuilder s = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      boolean plain = c < 128 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0);
      if (plain || kept.indexOf(c) >= 0) {
        s.append(c);
      } else {
        s.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      }
    }
    return s.toString();
  }

  /**
   * The body of an answer, of at most {@code most} bytes.
   *
   * @throws InputException if there is none
   */
  byte[] get(URI uri, HubFaults faults, long most) {
    return exchange("GET", uri, faults, most).body();
  }

  /** What the hub says of a file; of one that lies elsewhere the redirection to it says that. */
  HttpResponse<byte[]> head(URI uri, HubFaults faults) {
    return exchange("HEAD", uri, faults, 0);
  }

  private HttpResponse<byte[]> exchange(String method, URI start, HubFaults faults, long most) {
    for (int failures = 1; ; failures++) {
      Optional<Duration> pause;
      InputException fault;
      try {
        HttpResponse<byte[]> answer = followed(method, start, faults, most);
        int status = answer.statusCode();
        if (status / 100 == 2 || isRedirection(status)) {
          return answer;
        }
        fault = faults.of(status, answer.headers());
        pause =
            Patience.mayPass(status)
                ? patience.pause(failures, answer.headers())
                : Optional.empty();
      } catch (IOException e) {
        fault = faults.unreachable(start, e);
        pause = isHopeless(e, failures) ? Optional.empty() : patience.pause(failures);
      }
      if (pause.isEmpty()) {
        throw fault;
      }
      sleep(pause.get());
    }
  }

  /** A host that is not there or not the one that it should be will be neither in a minute. */
  static boolean isHopeless(Throwable e, int failures) {
    return HubFaults.isUntrusted(e) || e instanceof ConnectException && failures >= FEW;
  }

  private HttpResponse<byte[]> followed(String method, URI start, HubFaults faults, long most)
      throws IOException {
    URI uri = start;
    for (int hop = 0; ; hop++) {
      HttpRequest request =
          request(uri).method(method, HttpRequest.BodyPublishers.noBody()).build();
      HttpResponse<byte[]> answer =
          await(
              http.sendAsync(
                  request, i -> BodySubscribers.limiting(BodySubscribers.ofByteArray(), most)),
              faults,
              most);
      if (!isRedirection(answer.statusCode())) {
        return answer;
      }
      URI next = target(uri, answer, faults);
      if (method.equals("HEAD") && !isEndpoint(next)) {
        return answer;
      }
      if (hop == HOPS) {
        throw faults.nonsense("leads from one address to the next without an end");
      }
      uri = next;
    }
  }

  private HttpResponse<byte[]> await(
      CompletableFuture<HttpResponse<byte[]>> future, HubFaults faults, long most)
      throws IOException {
    while (true) {
      try {
        return future.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (listener.cancelled()) {
          future.cancel(true);
          throw new CancellationException("cancelled");
        }
      } catch (InterruptedException e) {
        future.cancel(true);
        throw interrupted();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException io) {
          if (io.getMessage() != null && io.getMessage().contains("body exceeds capacity")) {
            throw faults.nonsense("is longer than " + most + " bytes");
          }
          throw io;
        }
        throw new IOException(e.getCause());
      }
    }
  }

  /** The end of work whose thread was interrupted. */
  static CancellationException interrupted() {
    Thread.currentThread().interrupt();
    return new CancellationException("interrupted");
  }

  private void sleep(Duration pause) {
    long end = System.nanoTime() + pause.toNanos();
    for (long left = pause.toNanos(); left > 0; left = end - System.nanoTime()) {
      if (listener.cancelled()) {
        throw new CancellationException("cancelled");
      }
      try {
        TimeUnit.NANOSECONDS.sleep(Math.min(left, TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)));
      } catch (InterruptedException e) {
        throw interrupted();
      }
    }
  }

  /**
   * Asks for bytes of a file without waiting for them.
   *
   * @param range as the header has it, or empty for all
   * @param body takes the answer's body, whatever the status
   */
  <T> CompletableFuture<HttpResponse<T>> range(
      URI uri,
      String range,
      java.util.function.Function<HttpResponse.ResponseInfo, BodySubscriber<T>> body) {
    HttpRequest.Builder request = request(uri);
    if (!range.isEmpty()) {
      request.header("Range", range);
    }
    return http.sendAsync(request.GET().build(), body::apply);
  }

  private HttpRequest.Builder request(URI uri) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(ANSWER)
            .header("User-Agent", "ashlar")
            .header("Accept-Encoding", "identity");
    if (isEndpoint(uri)) {
      token.ifPresent(t -> request.header("Authorization", "Bearer " + t));
    }
    return request;
  }

  static boolean isRedirection(int status) {
    return REDIRECTIONS.contains(status);
  }

  /** Whether an address is one of the endpoint's own host, which alone is told the token. */
  boolean isEndpoint(URI uri) {
    URI own = settings.endpoint();
    return own.getScheme().equalsIgnoreCase(uri.getScheme())
        && own.getHost().equalsIgnoreCase(uri.getHost())
        && port(own) == port(uri);
  }

  /** The port that is meant where none is said. */
  static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  /** Where an answer sends whoever asked at {@code from}. */
  URI target(URI from, HttpResponse<?> answer, HubFaults faults) {
    String location = answer.headers().firstValue("Location").orElse("");
    URI next;
    try {
      next = from.resolve(URI.create(location));
    } catch (IllegalArgumentException e) {
      throw faults.nonsense("leads to what is no address");
    }
    String scheme = String.valueOf(next.getScheme()).toLowerCase(Locale.ROOT);
    boolean web = scheme.equals("https") || scheme.equals("http");
    if (location.isEmpty() || !web || next.getHost() == null) {
      throw faults.nonsense("leads to what is no address");
    }
    if (scheme.equals("http") && "https".equalsIgnoreCase(from.getScheme())) {
      throw faults.nonsense("leads from an encrypted connection to an open one");
    }
    return next;
  }

  /** Ends whatever is under way, without waiting for connections to be closed. */
  @Override
  public void close() {
    http.shutdownNow();
  }
}
