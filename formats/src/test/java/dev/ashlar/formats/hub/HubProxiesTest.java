package dev.ashlar.formats.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Proxies as the environment names them, and a download through one. */
class HubProxiesTest {
  @TempDir Path temp;

  private static String proxy(Map<String, String> environment, String uri) {
    return HubProxies.of(environment).flatMap(p -> p.name(URI.create(uri))).orElse("none");
  }

  @Test
  void variablesAreThoseOfOtherTools() {
    String hub = "https://hub.example/x";
    assertEquals("none", proxy(Map.of(), hub));
    assertEquals("none", proxy(Map.of("HTTPS_PROXY", " "), hub));
    assertEquals("p:3128", proxy(Map.of("HTTPS_PROXY", "http://p:3128/"), hub));
    assertEquals("p:3128", proxy(Map.of("https_proxy", "p:3128", "HTTPS_PROXY", "q:1"), hub));
    assertEquals("p:80", proxy(Map.of("ALL_PROXY", "http://p"), hub));
    assertEquals("none", proxy(Map.of("http_proxy", "p:3128"), hub));
    assertEquals("p:3128", proxy(Map.of("http_proxy", "p:3128"), "http://hub.example/"));
    assertEquals("p:1", proxy(Map.of("https_proxy", "http://me:se%40cret@p:1"), hub));
  }

  @Test
  void someHostsAreAskedDirectly() {
    for (String no :
        new String[] {
          "hub.example", "EXAMPLE", ".example", "*.hub.example", "a, hub.example:443 b", "*"
        }) {
      Map<String, String> environment = Map.of("https_proxy", "p:1", "no_proxy", no);
      assertEquals("none", proxy(environment, "https://hub.example/x"), no);
    }
    for (String no : new String[] {"", "ub.example", "hub.example:444", "hub.example.org"}) {
      Map<String, String> environment = Map.of("https_proxy", "p:1", "NO_PROXY", no);
      assertEquals("p:1", proxy(environment, "https://hub.example/x"), no);
    }
  }

  @Test
  void whatCannotBeUsedIsNamedWithoutItsPassword() {
    for (String value : new String[] {"socks5h://me:secret@p:1", "https://me:secret@p:1", "::"}) {
      InputException e =
          assertThrows(
              InputException.class, () -> HubProxies.of(Map.of("ALL_PROXY", value)), value);
      assertTrue(e.getMessage().startsWith("ALL_PROXY "), e.getMessage());
      assertFalse(e.getMessage().contains("secret"), e.getMessage());
    }
    Optional<HubProxies> proxies = HubProxies.of(Map.of("ALL_PROXY", "http://me:secret@p:1"));
    assertFalse(proxies.orElseThrow().toString().contains("secret"));
    // Who asks for nothing does not hear of it.
    HubSettings.of(Map.of("ALL_PROXY", "socks5://p:1"));
  }

  private HubSettings through(Tunnel tunnel, String account, String endpoint) {
    return HubSettings.of(
        Map.of(
            "HF_HOME",
            temp.toString(),
            "HF_ENDPOINT",
            endpoint,
            "HTTP_PROXY",
            "http://" + account + "localhost:" + tunnel.port()));
  }

  @Test
  void aModelComesThroughAProxyThatKnowsTheWay() throws IOException {
    byte[] weights = HubTest.random(50_000);
    try (HubServer server = new HubServer(0);
        Tunnel tunnel =
            new Tunnel(
                Map.of(
                    "hub.invalid:80",
                    server.endpoint().getPort(),
                    "hub.invalid",
                    server.endpoint().getPort()),
                Optional.of("me:se@cret"))) {
      server.put(HubTest.MODEL, "config.json", "{}");
      server.put(HubTest.MODEL, "model.safetensors", weights);
      HubSettings known = through(tunnel, "me:se%40cret@", "http://hub.invalid");
      Path folder =
          new Hub(known, HubTest.QUICK, HubTest.RANGE)
              .model(HubReference.of(HubTest.MODEL), HubListener.SILENT);
      assertArrayEquals(weights, Files.readAllBytes(folder.resolve("model.safetensors")));
      assertEquals(server.requests.size(), tunnel.asked.size());
      HubSettings unknown = through(tunnel, "", "http://hub.invalid");
      Hub hub = new Hub(unknown, HubTest.QUICK, HubTest.RANGE);
      InputException e =
          assertThrows(
              InputException.class,
              () -> hub.model(HubReference.of("org/other"), HubListener.SILENT));
      assertTrue(e.getMessage().contains("the proxy wants a name and a password"), e.getMessage());
    }
  }

  @Test
  void aProxyThatIsNotThereIsNamed() throws IOException {
    int port;
    try (Tunnel tunnel = new Tunnel(Map.of(), Optional.empty())) {
      port = tunnel.port();
    }
    HubSettings settings =
        HubSettings.of(
            Map.of("HF_HOME", temp.toString(), "https_proxy", "http://localhost:" + port));
    Hub hub = new Hub(settings, HubTest.QUICK, HubTest.RANGE);
    InputException e =
        assertThrows(
            InputException.class, () -> hub.model(HubReference.of("a/b"), HubListener.SILENT));
    assertTrue(e.getMessage().contains("through the proxy localhost:" + port), e.getMessage());
    assertTrue(e.getMessage().contains("check the connection and HTTPS_PROXY"), e.getMessage());
  }
}
