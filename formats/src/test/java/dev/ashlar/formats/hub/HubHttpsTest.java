package dev.ashlar.formats.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Downloads over encrypted connections, directly and through a proxy, by a Java of its own that
 * trusts the hub's certificate or does not.
 */
class HubHttpsTest {
  private static final String PASSWORD = "changeit";

  @TempDir Path temp;
  private Path store;

  /** What the other Java runs. */
  static final class Pull {
    private Pull() {}

    /** Prints the folder of a model, or what is wrong. */
    public static void main(String... args) {
      try {
        Hub hub = new Hub(HubSettings.ofProcess(), HubTest.QUICK, HubTest.RANGE);
        System.out.println(hub.model(HubReference.of(args[0]), HubListener.SILENT));
      } catch (InputException e) {
        System.out.println(e.getMessage());
        System.exit(1);
      }
    }
  }

  @BeforeEach
  void certify() throws IOException, InterruptedException {
    store = temp.resolve("store.p12");
    run(
        Map.of(),
        List.of(
            java("keytool"),
            "-genkeypair",
            "-alias",
            "hub",
            "-keyalg",
            "EC",
            "-dname",
            "CN=localhost",
            "-ext",
            "san=dns:localhost,dns:hub.invalid,ip:127.0.0.1",
            "-keystore",
            store.toString(),
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD));
  }

  private static String java(String tool) {
    return Path.of(System.getProperty("java.home"), "bin", tool).toString();
  }

  private SSLContext context() throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  /** The output of a process that ends well or not. */
  private String run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    Path said = temp.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
    builder.environment().keySet().removeIf(k -> k.toLowerCase().endsWith("_proxy"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), Files.readString(said));
    return Files.readString(said);
  }

  private String pull(String endpoint, boolean trusted, Map<String, String> more) throws Exception {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("HF_ENDPOINT", endpoint);
    environment.put("HF_HOME", temp.resolve("home").toString());
    List<String> command = new ArrayList<>(List.of(java("java")));
    if (trusted) {
      command.add("-Djavax.net.ssl.trustStore=" + store);
      command.add("-Djavax.net.ssl.trustStorePassword=" + PASSWORD);
    }
    command.add("-Djdk.http.auth.tunneling.disabledSchemes=");
    command.add("-cp");
    command.add(classPath());
    command.add(Pull.class.getName());
    command.add(HubTest.MODEL);
    return run(environment, command).strip();
  }

  /** Modules and all on one path; tests run in their module's folder. */
  private static String classPath() {
    return String.join(
        File.pathSeparator,
        System.getProperty("jdk.module.path", ""),
        System.getProperty("java.class.path", ""),
        Path.of("target", "test-classes").toAbsolutePath().toString());
  }

  @Test
  void filesComeEncryptedAndOnlyFromWhoCanShowWhoItIs() throws Exception {
    byte[] weights = HubTest.random(50_000);
    try (HubServer server = new HubServer(0, Optional.of(context()));
        Tunnel tunnel =
            new Tunnel(
                Map.of("hub.invalid:443", server.endpoint().getPort()), Optional.of("me:secret"))) {
      server.put(HubTest.MODEL, "config.json", "{}");
      server.put(HubTest.MODEL, "model.safetensors", weights);
      String refused = pull(server.endpoint().toString(), false, Map.of());
      assertTrue(refused.contains("the certificates of this Java"), refused);
      assertEquals(List.of(), server.requests);
      Map<String, String> proxy =
          Map.of("HTTPS_PROXY", "http://me:secret@localhost:" + tunnel.port());
      String through = pull("https://hub.invalid", true, proxy);
      assertArrayEquals(
          weights, Files.readAllBytes(Path.of(through).resolve("model.safetensors")), through);
      assertTrue(tunnel.asked.contains("hub.invalid:443"), tunnel.asked.toString());
      int tunnels = tunnel.asked.size();
      Files.move(temp.resolve("home"), temp.resolve("old"));
      String direct = pull(server.endpoint().toString(), true, Map.of());
      assertArrayEquals(
          weights, Files.readAllBytes(Path.of(direct).resolve("model.safetensors")), direct);
      assertEquals(tunnels, tunnel.asked.size());
    }
  }
}
