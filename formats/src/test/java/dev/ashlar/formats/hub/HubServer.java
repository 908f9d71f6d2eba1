package dev.ashlar.formats.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.ashlar.io.json.JsonWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;

/**
 * A hub on this machine with the addresses, headers and redirections of the real one, as far as
 * they were seen in huggingface_hub 2.4: small files come from the hub itself, large ones from a
 * second server on another port, of which no token must hear.
 */
final class HubServer implements AutoCloseable {
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final Pattern LIST = Pattern.compile("/api/models/(.+)/(revision|tree)/([^/]+)");
  private static final Pattern FILE = Pattern.compile("/(.+)/resolve/([^/]+)/(.+)");
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  /** What was asked of one of the two. */
  record Request(
      boolean hub, String method, String path, String range, String authorization, long nanos) {}

  /** Does something else than answering well. */
  @FunctionalInterface
  interface Fault {
    /** Whether it did. */
    boolean answer(HttpExchange exchange, Request request) throws IOException;
  }

  final Map<String, Map<String, byte[]>> repositories = new ConcurrentHashMap<>();
  final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
  volatile Fault fault = (exchange, request) -> false;

  /** Whether the list says sizes and checksums. */
  volatile boolean withBlobs = true;

  /** Whether ranges are sent. */
  volatile boolean ranges = true;

  volatile String commit = COMMIT;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final String scheme;
  private final HttpServer hub;
  private final HttpServer store;
  private final Map<byte[], String> etags = new IdentityHashMap<>();

  HubServer(int port) throws IOException {
    this(port, Optional.empty());
  }

  /**
   * A hub that is encrypted.
   *
   * @param tls shows who it is: {@code localhost} and 127.0.0.1
   */
  HubServer(int port, Optional<SSLContext> tls) throws IOException {
    scheme = tls.isPresent() ? "https" : "http";
    hub = server(port, tls);
    store = server(0, tls);
    for (HttpServer server : List.of(hub, store)) {
      server.setExecutor(threads);
      server.createContext("/", e -> handle(e, server == hub));
      server.start();
    }
  }

  private static HttpServer server(int port, Optional<SSLContext> tls) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    if (tls.isEmpty()) {
      return HttpServer.create(address, 0);
    }
    HttpsServer server = HttpsServer.create(address, 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls.get()));
    return server;
  }

  URI endpoint() {
    return URI.create(scheme + "://localhost:" + hub.getAddress().getPort());
  }

  void put(String id, String path, byte[] content) {
    repositories.computeIfAbsent(id, i -> new ConcurrentHashMap<>()).put(path, content);
  }

  void put(String id, String path, String content) {
    put(id, path, content.getBytes(StandardCharsets.UTF_8));
  }

  List<Request> files() {
    synchronized (requests) {
      return requests.stream().filter(r -> !r.path().startsWith("/api/")).toList();
    }
  }

  static boolean isLarge(String path) {
    return path.endsWith(".safetensors") || path.endsWith(".gguf");
  }

  /** The etag, computed once for each content: large files are asked for in many ranges. */
  private String known(String path, byte[] content) {
    synchronized (etags) {
      return etags.computeIfAbsent(content, c -> etag(path, c));
    }
  }

  static String etag(String path, byte[] content) {
    try {
      if (isLarge(path)) {
        return hex(MessageDigest.getInstance("SHA-256").digest(content));
      }
      MessageDigest git = MessageDigest.getInstance("SHA-1");
      git.update(("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII));
      return hex(git.digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private void handle(HttpExchange e, boolean ofHub) throws IOException {
    String range = e.getRequestHeaders().getFirst("Range");
    String authorization = e.getRequestHeaders().getFirst("Authorization");
    String path = e.getRequestURI().getPath();
    Request r =
        new Request(ofHub, e.getRequestMethod(), path, range, authorization, System.nanoTime());
    requests.add(r);
    try (e) {
      if (fault.answer(e, r)) {
        return;
      }
      if (!ofHub) {
        sent(e, r, found(path.substring(1)));
        return;
      }
      Matcher list = LIST.matcher(path);
      Matcher file = FILE.matcher(path);
      if (list.matches()) {
        list(e, list.group(1), list.group(2), list.group(3));
      } else if (file.matches()) {
        file(e, r, file.group(1), file.group(3));
      } else {
        e.sendResponseHeaders(404, -1);
      }
    }
  }

  private void list(HttpExchange e, String id, String what, String revision) throws IOException {
    Map<String, byte[]> files = repositories.get(id);
    if (files == null) {
      fail(e, 401, "RepoNotFound");
    } else if (!List.of("main", commit, "v1").contains(revision)) {
      fail(e, 404, "RevisionNotFound");
    } else {
      List<Object> entries = new ArrayList<>();
      files.forEach((p, c) -> entries.add(what.equals("tree") ? leaf(p, c) : sibling(p, c)));
      byte[] body;
      if (what.equals("tree")) {
        body = array(entries).getBytes(StandardCharsets.UTF_8);
      } else {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("id", id);
        answer.put("sha", commit);
        answer.put("siblings", entries);
        body = JsonWriter.pretty(answer).getBytes(StandardCharsets.UTF_8);
      }
      e.getResponseHeaders().set("Content-Type", "application/json");
      e.sendResponseHeaders(200, body.length);
      e.getResponseBody().write(body);
    }
  }

  private static String array(List<Object> entries) {
    String object = JsonWriter.pretty(Map.of("a", entries)).strip();
    return object.substring(object.indexOf('['), object.lastIndexOf(']') + 1);
  }

  private Map<String, Object> sibling(String path, byte[] content) {
    Map<String, Object> s = new LinkedHashMap<>();
    s.put("rfilename", path);
    if (withBlobs) {
      s.put("size", (long) content.length);
      s.put("blobId", isLarge(path) ? etag("pointer", content) : etag(path, content));
      if (isLarge(path)) {
        Map<String, Object> lfs = new LinkedHashMap<>();
        lfs.put("sha256", etag(path, content));
        lfs.put("size", (long) content.length);
        lfs.put("pointerSize", 134L);
        s.put("lfs", lfs);
      }
    }
    return s;
  }

  private static Map<String, Object> leaf(String path, byte[] content) {
    Map<String, Object> leaf = new LinkedHashMap<>();
    leaf.put("type", "file");
    leaf.put("path", path);
    leaf.put("size", (long) content.length);
    leaf.put("oid", isLarge(path) ? etag("pointer", content) : etag(path, content));
    if (isLarge(path)) {
      leaf.put(
          "lfs",
          Map.of("oid", etag(path, content), "size", (long) content.length, "pointerSize", 134L));
    }
    return leaf;
  }

  private void file(HttpExchange e, Request r, String id, String path) throws IOException {
    byte[] content = repositories.getOrDefault(id, Map.of()).get(path);
    e.getResponseHeaders().set("X-Repo-Commit", commit);
    if (content == null) {
      fail(e, 404, "EntryNotFound");
      return;
    }
    String etag = known(path, content);
    if (isLarge(path)) {
      e.getResponseHeaders().set("X-Linked-Etag", '"' + etag + '"');
      e.getResponseHeaders().set("X-Linked-Size", Integer.toString(content.length));
      // The name of the same machine, so that it is another host too.
      e.getResponseHeaders()
          .set("Location", scheme + "://127.0.0.1:" + store.getAddress().getPort() + "/" + etag);
      e.sendResponseHeaders(302, -1);
    } else {
      e.getResponseHeaders().set("ETag", '"' + etag + '"');
      sent(e, r, content);
    }
  }

  private byte[] found(String etag) {
    for (Map<String, byte[]> files : repositories.values()) {
      for (Map.Entry<String, byte[]> f : files.entrySet()) {
        if (isLarge(f.getKey()) && known(f.getKey(), f.getValue()).equals(etag)) {
          return f.getValue();
        }
      }
    }
    throw new IllegalStateException("not stored: " + etag);
  }

  private void sent(HttpExchange e, Request r, byte[] content) throws IOException {
    send(e, r, content, Integer.MAX_VALUE, ranges);
  }

  /** Sends what a request asks for, but breaks off behind {@code most} bytes. */
  static void send(HttpExchange e, Request r, byte[] content, int most, boolean ranges)
      throws IOException {
    Matcher m = RANGE.matcher(ranges && r.range() != null ? r.range() : "");
    int from = 0;
    int end = content.length;
    int status = 200;
    if (m.matches()) {
      from = Integer.parseInt(m.group(1));
      end = m.group(2).isEmpty() ? end : Integer.parseInt(m.group(2)) + 1;
      status = 206;
      e.getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (end - 1) + "/" + content.length);
    }
    if (r.method().equals("HEAD")) {
      e.getResponseHeaders().set("Content-Length", Integer.toString(end - from));
      e.sendResponseHeaders(status, -1);
      return;
    }
    e.sendResponseHeaders(status, end == from ? -1 : end - from);
    // Not closed here: whoever closes the exchange then breaks the connection if too little came.
    OutputStream out = e.getResponseBody();
    try {
      out.write(content, from, Math.min(most, end - from));
      out.flush();
    } catch (IOException broken) {
      // Whoever asked is gone.
    }
  }

  static void fail(HttpExchange e, int status, String code) throws IOException {
    e.getResponseHeaders().set("X-Error-Code", code);
    e.sendResponseHeaders(status, -1);
  }

  @Override
  public void close() {
    hub.stop(0);
    store.stop(0);
    threads.shutdownNow();
  }

  /** Serves a model folder to whoever wants to try other tools: PORT ORG/NAME FOLDER. */
  public static void main(String... args) throws IOException {
    HubServer server = new HubServer(Integer.parseInt(args[0]));
    Path folder = Path.of(args[2]);
    try (Stream<Path> files = Files.list(folder)) {
      files
          .filter(Files::isRegularFile)
          .forEach(
              f -> {
                try {
                  server.put(args[1], f.getFileName().toString(), Files.readAllBytes(f));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
