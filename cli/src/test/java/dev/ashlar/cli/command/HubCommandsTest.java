package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import dev.ashlar.io.json.JsonWriter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hub's commands and names of models, on a hub that is a folder of this machine. */
class HubCommandsTest {
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final List<String> FILES =
      List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json");

  @TempDir Path temp;
  private HttpServer server;
  private String offline;

  @BeforeEach
  void serve() throws Exception {
    Path root = temp.resolve("hub");
    Path files = Files.createDirectories(root.resolve("org/demo/resolve/" + COMMIT));
    List<Object> siblings = new ArrayList<>();
    for (String name : FILES) {
      byte[] content = Files.readAllBytes(Path.of("../demo", name));
      Files.write(files.resolve(name), content);
      String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
      siblings.add(
          Map.of("rfilename", name, "lfs", Map.of("sha256", sum, "size", (long) content.length)));
    }
    Path list = Files.createDirectories(root.resolve("api/models/org/demo/revision"));
    Files.writeString(
        list.resolve("main"), JsonWriter.pretty(Map.of("sha", COMMIT, "siblings", siblings)));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = SimpleFileServer.createFileServer(any, root, SimpleFileServer.OutputLevel.NONE);
    server.start();
    offline = System.setProperty("HF_HUB_OFFLINE", "0");
    System.setProperty("HF_HUB_CACHE", temp.resolve("cache").toString());
    System.setProperty("HF_ENDPOINT", "http://localhost:" + server.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    System.clearProperty("HF_HUB_CACHE");
    System.clearProperty("HF_ENDPOINT");
    if (offline == null) {
      System.clearProperty("HF_HUB_OFFLINE");
    } else {
      System.setProperty("HF_HUB_OFFLINE", offline);
    }
    server.stop(0);
  }

  private static List<?> models() {
    return (List<?>) CommandRun.succeed("list", "models", "--json").json().get("models");
  }

  @Test
  void aModelIsFetchedByItsNameListedAndRemoved() throws IOException {
    CommandRun run = CommandRun.succeed("inspect", "org/demo", "--json");
    assertTrue(run.err().contains("downloading org/demo from http://localhost:"), run.err());
    Path snapshot = temp.resolve("cache/models--org--demo/snapshots").resolve(COMMIT);
    assertEquals(snapshot.toString(), run.json().get("path"));
    assertEquals("", CommandRun.succeed("inspect", "org/demo").err());

    Map<?, ?> model = (Map<?, ?>) models().getFirst();
    assertEquals("org/demo", model.get("name"));
    assertEquals(Map.of("main", COMMIT), model.get("references"));
    assertEquals(true, model.get("whole"));
    assertTrue(CommandRun.succeed("list", "models").out().contains("org/demo  5.27 MB, main is"));

    CommandRun again = CommandRun.succeed("pull", "org/demo");
    assertTrue(again.out().contains("all of it was there already"), again.out());
    assertTrue((Long) CommandRun.succeed("rm", "org/demo", "--json").json().get("bytes") > 5e6);
    assertEquals(List.of(), models());
    assertTrue(CommandRun.succeed("list", "models").out().contains("there are none"));
    assertTrue(CommandRun.refused("rm", "org/demo").contains("not in the cache"));
    assertTrue((Long) CommandRun.succeed("pull", "org/demo", "--json").json().get("bytes") > 5e6);
  }

  @Test
  void whatIsNotThereIsSaidInOneSentence() {
    String pull = CommandRun.refused("pull", "nobody/none");
    assertTrue(pull.contains("nobody/none: is not at http://localhost:"), pull);
    String local = CommandRun.refused("inspect", "models/none");
    assertTrue(local.contains("models/none: no such file or folder; as a hub id: is not"), local);
    assertTrue(CommandRun.refused("pull", "a/b/c").contains("is not a name on the hub"));
    System.setProperty("HF_HUB_OFFLINE", "1");
    assertTrue(CommandRun.refused("pull", "org/demo").contains("HF_HUB_OFFLINE"));
    assertFalse(Files.exists(temp.resolve("cache")));
  }
}
