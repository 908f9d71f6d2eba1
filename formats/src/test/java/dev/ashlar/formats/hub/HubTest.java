package dev.ashlar.formats.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files are fetched, where they lie then, and what is said where there are none. */
class HubTest {
  static final Patience QUICK = new Patience(Duration.ofMillis(5), Duration.ofSeconds(20));
  static final int RANGE = 10_000;
  static final String MODEL = "org/model";

  @TempDir Path temp;
  private HubServer server;

  @BeforeEach
  void serve() throws IOException {
    server = new HubServer(0);
    server.put(MODEL, "config.json", "{\"model_type\": \"llama\"}");
    server.put(MODEL, "tokenizer.json", "{}");
    server.put(MODEL, "model.safetensors", random(95_000));
    server.put(MODEL, "pytorch_model.bin", random(100));
    server.put(MODEL, "README.md", "# read me");
    server.put(MODEL, "LICENSE", "do as you like");
    server.put(MODEL, "onnx/model.safetensors", random(100));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private HubSettings settings(boolean offline, boolean links, Optional<String> token) {
    return new HubSettings(temp.resolve("hub"), server.endpoint(), () -> token, offline, links);
  }

  private Hub hub() {
    return new Hub(settings(false, true, Optional.of("hf_secret")), QUICK, RANGE);
  }

  private static HubReference named(String text) {
    return HubReference.parse(text).orElseThrow();
  }

  private String fault(Hub hub, String name) {
    return assertThrows(InputException.class, () -> hub.model(named(name), HubListener.SILENT))
        .getMessage();
  }

  private static List<String> below(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(f -> folder.relativize(f).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void safetensorsAreTakenWithWhatLiesBesideThem() throws IOException {
    Path folder = hub().model(HubReference.of(MODEL), HubListener.SILENT);
    Path repository = temp.resolve("hub/models--org--model");
    assertEquals(repository.resolve("snapshots").resolve(HubServer.COMMIT), folder);
    assertEquals(
        List.of("LICENSE", "config.json", "model.safetensors", "tokenizer.json"), below(folder));
    byte[] weights = random(95_000);
    assertArrayEquals(weights, Files.readAllBytes(folder.resolve("model.safetensors")));
    String etag = HubServer.etag("model.safetensors", weights);
    assertEquals(
        Path.of("../../blobs", etag), Files.readSymbolicLink(folder.resolve("model.safetensors")));
    assertEquals(HubServer.COMMIT, Files.readString(repository.resolve("refs/main")));
    assertEquals(4, HubCache.children(repository.resolve("blobs")).size());
    // Ranges of the second server; no token for it.
    List<HubServer.Request> store = server.files().stream().filter(r -> !r.hub()).toList();
    assertEquals(10, store.stream().map(HubServer.Request::range).distinct().count());
    assertTrue(store.stream().allMatch(r -> r.authorization() == null));
    assertTrue(
        server.requests.stream()
            .filter(HubServer.Request::hub)
            .allMatch(r -> "Bearer hf_secret".equals(r.authorization())));
  }

  @Test
  void whatIsInTheCacheIsNotAskedFor() throws IOException {
    Path folder = hub().model(HubReference.of(MODEL), HubListener.SILENT);
    server.requests.clear();
    assertEquals(folder, hub().model(HubReference.of(MODEL), HubListener.SILENT));
    assertEquals(folder, hub().model(named(MODEL + "@" + HubServer.COMMIT), HubListener.SILENT));
    Hub offline = new Hub(settings(true, true, Optional.empty()));
    assertEquals(folder, offline.model(HubReference.of(MODEL), HubListener.SILENT));
    assertEquals(List.of(), server.requests);
    assertTrue(fault(offline, "org/other").contains("HF_HUB_OFFLINE"));
    assertThrows(
        InputException.class, () -> offline.pull(HubReference.of(MODEL), HubListener.SILENT));
    // Asked for by name it is looked after, and nothing is downloaded again.
    Pulled again = hub().pull(HubReference.of(MODEL), HubListener.SILENT);
    assertEquals(new Pulled(folder, HubServer.COMMIT, 0), again);
    assertEquals(List.of(), server.files());
  }

  @Test
  void aNewCommitSharesBlobs() throws IOException {
    hub().model(HubReference.of(MODEL), HubListener.SILENT);
    server.requests.clear();
    server.commit = "f".repeat(40);
    server.put(MODEL, "config.json", "{\"model_type\": \"llama\", \"hidden_size\": 8}");
    Pulled pulled = hub().pull(HubReference.of(MODEL), HubListener.SILENT);
    assertEquals(server.repositories.get(MODEL).get("config.json").length, pulled.bytes());
    assertEquals(1, server.files().size());
    assertTrue(pulled.path().endsWith("snapshots/" + "f".repeat(40)));
    CachedModel cached = hub().cache().models().getFirst();
    assertEquals(List.of(HubServer.COMMIT, "f".repeat(40)), cached.commits());
    assertEquals(Map.of("main", "f".repeat(40)), cached.references());
    // The old one goes with its own blob, and no other.
    long freed = hub().remove(named(MODEL + "@" + HubServer.COMMIT), HubListener.SILENT);
    assertTrue(freed >= 23 && freed < 95_000, freed + "");
    assertEquals(4, below(pulled.path()).size());
    assertEquals(4, HubCache.children(cached.folder().resolve("blobs")).size());
    hub().remove(HubReference.of(MODEL), HubListener.SILENT);
    assertFalse(Files.exists(cached.folder()));
    assertThrows(
        InputException.class, () -> hub().remove(HubReference.of(MODEL), HubListener.SILENT));
  }

  @Test
  void revisionsHaveReferencesOfTheirOwn() throws IOException {
    Path folder = hub().model(named(MODEL + "@v1"), HubListener.SILENT);
    Path refs = temp.resolve("hub/models--org--model/refs");
    assertEquals(HubServer.COMMIT, Files.readString(refs.resolve("v1")));
    assertFalse(Files.exists(refs.resolve("main")));
    assertEquals(Optional.of(folder), hub().cached(named(MODEL + "@v1")));
    assertTrue(fault(hub(), MODEL + "@v2").contains("no revision 'v2'"));
  }

  @Test
  void anIndexSaysWhichShardsThereAre() throws IOException {
    String id = "org/sharded";
    server.put(id, "config.json", "{}");
    server.put(id, "tokenizer.json", "{}");
    server.put(
        id,
        "model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\","
            + " \"b\": \"model-00002-of-00002.safetensors\"}}");
    server.put(id, "model-00001-of-00002.safetensors", random(1000));
    server.put(id, "consolidated.safetensors", random(2000));
    assertTrue(fault(hub(), id).contains("model-00002-of-00002.safetensors"));
    assertEquals(Optional.empty(), hub().cached(HubReference.of(id)));
    server.put(id, "model-00002-of-00002.safetensors", random(1001));
    Path folder = hub().model(HubReference.of(id), HubListener.SILENT);
    assertEquals(5, below(folder).size());
    assertFalse(Files.exists(folder.resolve("consolidated.safetensors")));
    // A snapshot of which a shard is gone is made whole again.
    Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
    assertEquals(folder, hub().model(HubReference.of(id), HubListener.SILENT));
    assertEquals(5, below(folder).size());
  }

  @Test
  void aGgufFileIsNamedByItsType() throws IOException {
    String id = "org/gguf";
    server.put(id, "m-Q4_K_M.gguf", random(100));
    server.put(id, "m-Q4_K_S.gguf", random(101));
    server.put(id, "mmproj-Q4_K_M.gguf", random(102));
    server.put(id, "big/m-Q8_0-00001-of-00002.gguf", random(103));
    server.put(id, "big/m-Q8_0-00002-of-00002.gguf", random(104));
    Path file = hub().model(named(id + ":q4_k_m"), HubListener.SILENT);
    assertTrue(file.endsWith("m-Q4_K_M.gguf"));
    Path first = hub().model(named(id + ":Q8_0"), HubListener.SILENT);
    assertTrue(first.endsWith("big/m-Q8_0-00001-of-00002.gguf"));
    assertEquals(3, below(file.getParent()).size());
    assertEquals(file, hub().model(named(id + ":m-Q4_K_M.gguf"), HubListener.SILENT));
    assertTrue(fault(hub(), id + ":Q2_K").contains("there are big/m-Q8_0-00001-of-00002.gguf, m-"));
    assertTrue(fault(hub(), id + ":Q4_K").contains("no GGUF file"));
    assertTrue(fault(hub(), MODEL + ":Q4_K_M").contains("no GGUF files in this repository"));
    assertTrue(fault(hub(), id).contains("several GGUF files"));
    Path repository = hub().cache().models().getFirst().folder();
    hub().remove(named(id + ":Q8_0"), HubListener.SILENT);
    assertEquals(List.of("m-Q4_K_M.gguf"), below(file.getParent()));
    assertEquals(1, HubCache.children(repository.resolve("blobs")).size());
    hub().remove(named(id + ":Q4_K_M"), HubListener.SILENT);
    assertFalse(Files.exists(repository));
  }

  @Test
  void theOnlyGgufFileNeedsNoName() throws IOException {
    server.put("org/one", "m-Q4_0.gguf", random(100));
    Path file = hub().model(HubReference.of("org/one"), HubListener.SILENT);
    assertTrue(file.endsWith("m-Q4_0.gguf"));
    server.requests.clear();
    assertEquals(file, hub().model(HubReference.of("org/one"), HubListener.SILENT));
    assertEquals(List.of(), server.requests);
  }

  @Test
  void picklesAreRefusedBeforeAnythingIsFetched() {
    server.put("org/pickle", "config.json", "{}");
    server.put("org/pickle", "pytorch_model.bin", random(10));
    String fault = fault(hub(), "org/pickle");
    assertTrue(fault.contains("pickles only (pytorch_model.bin)"), fault);
    assertEquals(List.of(), server.files());
  }

  @Test
  void sizesAndChecksumsMayBeAskedForOneByOne() throws IOException {
    server.withBlobs = false;
    Path folder = hub().model(HubReference.of(MODEL), HubListener.SILENT);
    assertArrayEquals(random(95_000), Files.readAllBytes(folder.resolve("model.safetensors")));
    assertTrue(server.files().stream().anyMatch(r -> r.method().equals("HEAD")));
  }

  @Test
  void withoutLinksFilesLieInTheSnapshot() throws IOException {
    server.put(MODEL, "vocab.txt", "{}"); // the same blob as tokenizer.json
    Hub hub = new Hub(settings(false, false, Optional.empty()), QUICK, RANGE);
    Path folder = hub.model(HubReference.of(MODEL), HubListener.SILENT);
    assertFalse(Files.isSymbolicLink(folder.resolve("model.safetensors")));
    assertEquals("{}", Files.readString(folder.resolve("vocab.txt")));
    assertEquals("{}", Files.readString(folder.resolve("tokenizer.json")));
    Path blobs = temp.resolve("hub/models--org--model/blobs");
    assertEquals(List.of(), HubCache.children(blobs));
    assertEquals(0, hub.pull(HubReference.of(MODEL), HubListener.SILENT).bytes());
  }

  /** What another tool fetched of a model is used, and what it left out added. */
  @Test
  void aSnapshotInPartIsCompleted() throws IOException {
    Path repository = temp.resolve("hub/models--org--model");
    Path snapshot = Files.createDirectories(repository.resolve("snapshots/" + HubServer.COMMIT));
    Path blobs = Files.createDirectories(repository.resolve("blobs"));
    Files.createDirectories(repository.resolve("refs"));
    Files.writeString(repository.resolve("refs/main"), HubServer.COMMIT);
    byte[] weights = random(95_000);
    String etag = HubServer.etag("model.safetensors", weights);
    Files.write(blobs.resolve(etag), weights);
    Files.createSymbolicLink(snapshot.resolve("model.safetensors"), Path.of("../../blobs", etag));
    assertEquals(Optional.empty(), hub().cached(HubReference.of(MODEL)));
    assertEquals(snapshot, hub().model(HubReference.of(MODEL), HubListener.SILENT));
    assertTrue(server.files().stream().noneMatch(r -> r.path().endsWith("model.safetensors")));
    // Without a tokenizer it is asked for once more, and taken as it is if the hub is away.
    Files.delete(snapshot.resolve("tokenizer.json"));
    server.fault =
        (e, r) -> {
          HubServer.fail(e, 404, "RepoNotFound");
          return true;
        };
    assertEquals(snapshot, hub().model(HubReference.of(MODEL), HubListener.SILENT));
  }

  @Test
  void roomIsLookedForFirst() {
    server.fault =
        (e, r) -> {
          String file = "{\"rfilename\": \"%s\", \"size\": %d, \"blobId\": \"" + "a".repeat(40);
          String list =
              "{\"sha\": \""
                  + HubServer.COMMIT
                  + "\", \"siblings\": ["
                  + String.format(file, "config.json", 2)
                  + "\"}, "
                  + String.format(file, "model.safetensors", 1L << 50)
                  + "\"}]}";
          e.sendResponseHeaders(200, list.length());
          e.getResponseBody().write(list.getBytes(StandardCharsets.US_ASCII));
          return true;
        };
    assertTrue(fault(hub(), MODEL).contains("needs 1125899.91 GB more, and "));
    assertEquals(List.of(), server.files());
  }

  @Test
  void twoWhoWantTheSameWaitForEachOther() throws Exception {
    Callable<Path> fetch = () -> hub().model(HubReference.of(MODEL), HubListener.SILENT);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<Path>> both = threads.invokeAll(List.of(fetch, fetch));
      assertEquals(both.getFirst().get(), both.getLast().get());
    }
    assertEquals(1, server.files().stream().filter(r -> r.path().endsWith("/LICENSE")).count());
  }

  @Test
  void namesThatLeaveTheCacheAreRefused() {
    for (String path : List.of("../x.json", "a/../../x.json", "/etc/x.json", "a\\x.json")) {
      server.repositories.remove("org/evil");
      server.put("org/evil", "config.json", "{}");
      server.put("org/evil", "model.safetensors", random(8));
      server.put("org/evil", path, "{}");
      assertTrue(fault(hub(), "org/evil").contains("not a name that a file"), path);
    }
    server.commit = "../../../../x";
    assertTrue(fault(hub(), MODEL).contains("names no commit"));
    assertFalse(Files.exists(temp.resolve("hub")));
  }
}
