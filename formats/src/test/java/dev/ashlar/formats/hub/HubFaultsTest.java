package dev.ashlar.formats.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What servers and connections do wrong, and what becomes of it. */
class HubFaultsTest {
  private static final HubReference MODEL = HubReference.of(HubTest.MODEL);
  private static final int SIZE = 95_000;

  @TempDir Path temp;
  private HubServer server;
  private final byte[] weights = HubTest.random(SIZE);

  @BeforeEach
  void serve() throws IOException {
    server = new HubServer(0);
    server.put(MODEL.id(), "config.json", "{}");
    server.put(MODEL.id(), "tokenizer.json", "[]");
    server.put(MODEL.id(), "model.safetensors", weights);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Hub hub(Optional<String> token) {
    return hub(token, HubTest.QUICK);
  }

  private Hub hub(Optional<String> token, Patience patience) {
    HubSettings settings =
        new HubSettings(temp.resolve("hub"), server.endpoint(), () -> token, false, true);
    return new Hub(settings, patience, HubTest.RANGE);
  }

  private Hub hub() {
    return hub(Optional.of("hf_secret"));
  }

  private Path model() {
    return hub().model(MODEL, HubListener.SILENT);
  }

  private String fault() {
    return fault(hub());
  }

  private static String fault(Hub hub) {
    String message =
        assertThrows(InputException.class, () -> hub.model(MODEL, HubListener.SILENT)).getMessage();
    assertFalse(message.contains("hf_secret"));
    assertEquals(1, message.lines().count());
    return message;
  }

  private void requireWhole(Path folder) throws IOException {
    assertArrayEquals(weights, Files.readAllBytes(folder.resolve("model.safetensors")));
  }

  private void failing(
      Predicate<HubServer.Request> which, int status, String header, String value) {
    server.fault =
        (e, r) -> {
          if (!which.test(r)) {
            return false;
          }
          e.getResponseHeaders().set(header, value);
          e.sendResponseHeaders(status, -1);
          return true;
        };
  }

  private List<HubServer.Request> ofStore() {
    return server.files().stream().filter(r -> !r.hub()).toList();
  }

  /** Each range breaks off in its middle, once. */
  @Test
  void aConnectionThatBreaksGoesOnWhereItWas() throws IOException {
    Set<String> broken = new HashSet<>();
    server.fault =
        (e, r) -> {
          boolean first = !r.hub() && broken.add(r.range()) && broken.size() <= 10;
          if (first) {
            HubServer.send(e, r, weights, 4000, true);
          }
          return first;
        };
    requireWhole(model());
    assertTrue(
        ofStore().stream().anyMatch(r -> r.range().equals("bytes=4000-9999")),
        ofStore().toString());
  }

  @Test
  void aConnectionThatBreaksForEverEndsAndGoesOnWithTheNextRun() throws IOException {
    AtomicInteger good = new AtomicInteger(4);
    server.fault =
        (e, r) -> {
          if (r.hub() || good.getAndDecrement() > 0) {
            return false;
          }
          HubServer.send(e, r, weights, 0, true);
          return true;
        };
    String fault = fault();
    assertTrue(fault.contains("model.safetensors: the connection broke"), fault);
    assertTrue(fault.contains("goes on where it was"), fault);
    assertEquals(Optional.empty(), hub().cached(MODEL));
    assertFalse(Files.exists(temp.resolve("hub/models--org--model/refs/main")));
    HubFile file =
        new HubFile("model.safetensors", SIZE, HubServer.etag("model.safetensors", weights));
    Path blob = temp.resolve("hub/models--org--model/blobs").resolve(file.etag());
    long there = PartFile.left(blob, file, HubTest.RANGE) / HubTest.RANGE;
    assertTrue(there > 0 && there <= 4, there + "");
    server.fault = (e, r) -> false;
    server.requests.clear();
    requireWhole(model());
    // Only those of the ten that were not there. Each counts once: a request of the run that failed
    // may have been on its way when it ended, and come to the server after the list was cleared.
    long asked = ofStore().stream().map(HubServer.Request::range).distinct().count();
    assertEquals(10 - there, asked, ofStore().toString());
  }

  @Test
  void aConnectionThatStallsIsMadeAgain() throws IOException {
    AtomicInteger stalls = new AtomicInteger(1);
    server.fault =
        (e, r) -> {
          if (r.hub() || stalls.getAndDecrement() <= 0) {
            return false;
          }
          e.getResponseHeaders()
              .set("Content-Range", r.range().replace('=', ' ') + "/" + weights.length);
          e.sendResponseHeaders(206, 10_000);
          e.getResponseBody().write(weights, 0, 100);
          e.getResponseBody().flush();
          sleep(5000);
          return true;
        };
    Patience little = new Patience(Duration.ofMillis(5), Duration.ofMillis(900));
    requireWhole(hub(Optional.empty(), little).model(MODEL, HubListener.SILENT));
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aWrongChecksumIsFetchedAgainAndThenRefused() throws IOException {
    AtomicInteger wrong = new AtomicInteger(1);
    server.fault =
        (e, r) -> {
          if (r.hub() || wrong.getAndDecrement() <= 0) {
            return false;
          }
          HubServer.send(e, r, new byte[SIZE], SIZE, true);
          return true;
        };
    requireWhole(model());
    hub().remove(MODEL, HubListener.SILENT);
    wrong.set(1000);
    String fault = fault();
    assertTrue(
        fault.contains("model.safetensors: what was downloaded has another checksum"), fault);
    assertEquals(Optional.empty(), hub().cached(MODEL));
    wrong.set(0);
    requireWhole(model());
  }

  @Test
  void smallFilesAreCheckedToo() {
    server.fault =
        (e, r) -> {
          if (!r.path().endsWith("/config.json")) {
            return false;
          }
          HubServer.send(e, r, "[]".getBytes(StandardCharsets.UTF_8), SIZE, true);
          return true;
        };
    assertTrue(fault().contains("config.json: what was downloaded has another checksum"));
  }

  @Test
  void otherSizesThanTheHubSaysAreRefused() {
    for (int size : new int[] {SIZE - 1, SIZE + 1}) {
      server.fault =
          (e, r) -> {
            if (!r.hub()) {
              HubServer.send(e, r, new byte[size], size, true);
            }
            return !r.hub();
          };
      String fault = fault();
      assertTrue(fault.contains("has 95000 bytes by the hub's list"), fault);
    }
    hub().remove(MODEL, HubListener.SILENT);
    // Without a length, more is told by what comes.
    server.fault =
        (e, r) -> {
          if (!r.path().endsWith("/config.json")) {
            return false;
          }
          e.sendResponseHeaders(200, 0);
          try (OutputStream out = e.getResponseBody()) {
            out.write(new byte[3000]);
          }
          return true;
        };
    String fault = fault();
    assertTrue(fault.contains("config.json: has 2 bytes by the hub's list"), fault);
  }

  @Test
  void aServerWithoutRangesSendsTheFileAtOnce() throws IOException {
    server.ranges = false;
    requireWhole(model());
  }

  @Test
  void aServerThatIsBusyIsWaitedFor() throws IOException {
    AtomicInteger busy = new AtomicInteger(2);
    server.fault =
        (e, r) -> {
          if (busy.getAndDecrement() <= 0) {
            return false;
          }
          e.getResponseHeaders().set("Retry-After", busy.get() == 1 ? "1" : "0");
          e.sendResponseHeaders(429, -1);
          return true;
        };
    requireWhole(model());
    long waited = server.requests.get(1).nanos() - server.requests.get(0).nanos();
    assertTrue(waited >= Duration.ofMillis(990).toNanos(), waited + " ns");
    hub().remove(MODEL, HubListener.SILENT);
    failing(r -> true, 429, "Retry-After", "3600");
    String fault = fault(hub(Optional.empty()));
    assertTrue(fault.contains("too many requests; try again in 3600 s, or set HF_TOKEN"), fault);
    server.requests.clear();
    failing(r -> !r.hub(), 503, "X-Error-Message", "maintenance");
    fault = fault();
    assertTrue(fault.contains("status 503"), fault);
    // Once it says so, all of its connections wait.
    assertTrue(ofStore().size() <= 6 * Patience.TRIES, ofStore().size() + ": " + ofStore());
  }

  @Test
  void eachRefusalSaysWhatToDo() {
    failing(r -> true, 401, "X-Error-Code", "RepoNotFound");
    assertTrue(fault().contains("not for this token; check the spelling, or renew the token"));
    String open = fault(hub(Optional.empty()));
    assertTrue(open.contains("check the spelling, or set HF_TOKEN"), open);
    failing(r -> true, 404, "X-Error-Code", "RepoNotFound");
    assertTrue(fault().contains("is not at " + server.endpoint() + "; check the spelling"));
    failing(r -> true, 403, "X-Error-Code", "GatedRepo");
    assertTrue(
        fault(hub(Optional.empty()))
            .contains("accept them at " + server.endpoint() + "/org/model and set HF_TOKEN"));
    failing(r -> !r.path().startsWith("/api"), 403, "X-Error-Message", "no way");
    assertTrue(fault().contains("(no way)"));
  }

  @Test
  void anAddressThatRanOutIsAskedForAgain() throws IOException {
    AtomicInteger gone = new AtomicInteger(3);
    server.fault =
        (e, r) -> {
          boolean old = !r.hub() && gone.getAndDecrement() > 0;
          if (old) {
            e.sendResponseHeaders(403, -1);
          }
          return old;
        };
    requireWhole(model());
  }

  @Test
  void redirectionsWithoutEndOrToOtherKindsOfAddressesAreRefused() {
    failing(r -> r.path().startsWith("/api"), 302, "Location", "/api/again");
    assertTrue(fault().contains("without an end"));
    failing(
        r -> r.path().endsWith("/model.safetensors"),
        302,
        "Location",
        "/org/model/resolve/x/model.safetensors");
    assertTrue(fault().contains("without an end"));
    failing(r -> true, 302, "Location", "file:///etc/passwd");
    assertTrue(fault().contains("is no address"));
    HubSettings safe =
        new HubSettings(
            temp, URI.create("https://hub.example"), () -> Optional.of("t"), false, true);
    try (HubClient client = new HubClient(safe, HubTest.QUICK, HubListener.SILENT)) {
      assertTrue(client.isEndpoint(URI.create("https://HUB.example:443/a")));
      for (String other :
          List.of("http://hub.example/", "https://cdn.hub.example/", "https://hub.example:444/")) {
        assertFalse(client.isEndpoint(URI.create(other)), other);
      }
    }
  }

  @Test
  void answersThatAreNoListsAreRefused() {
    for (String body : List.of("", "[]", "{}", "<html>", "{\"sha\": \"x\"}")) {
      server.fault =
          (e, r) -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            e.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
            e.getResponseBody().write(bytes);
            return true;
          };
      fault();
    }
  }

  @Test
  void aHubThatIsNotThereIsToldFromAModelThatIsNot() {
    server.close();
    String fault = fault();
    assertTrue(
        fault.contains("localhost:" + server.endpoint().getPort() + " cannot be reached"), fault);
    assertTrue(fault.contains("HF_ENDPOINT"), fault);
  }

  @Test
  void aListenerHearsAndMayEndIt() throws IOException {
    List<String> heard = new ArrayList<>();
    AtomicInteger looks = new AtomicInteger();
    HubListener ending =
        new HubListener() {
          @Override
          public boolean cancelled() {
            return looks.incrementAndGet() > 3;
          }
        };
    assertThrows(CancellationException.class, () -> hub().model(MODEL, ending));
    HubListener hearing =
        new HubListener() {
          @Override
          public void note(String sentence) {
            heard.add(sentence);
          }

          @Override
          public Progress begin(String what, long bytes) {
            heard.add(what + " " + bytes);
            return new Progress() {
              @Override
              public void at(long there, String file) {
                heard.add(there + "");
              }

              @Override
              public void finished(String file) {
                heard.add(file);
              }
            };
          }
        };
    requireWhole(hub().model(MODEL, hearing));
    assertEquals("downloading org/model from " + server.endpoint(), heard.get(0));
    assertTrue(heard.get(1).startsWith("org/model "), heard.get(1));
    assertTrue(heard.contains("model.safetensors"));
    // Small files may be there from the time before.
    assertEquals(heard.get(1), "org/model " + heard.getLast());
  }
}
