package dev.ashlar.formats.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubSettingsTest {
  @TempDir Path temp;

  @Test
  void theEnvironmentIsThatOfPythonsTools() throws IOException {
    HubSettings usual = HubSettings.of(Map.of("HF_HOME", temp.toString()));
    assertEquals(temp.resolve("hub"), usual.cache());
    assertEquals(URI.create("https://huggingface.co"), usual.endpoint());
    assertEquals(Optional.empty(), usual.token().get());
    assertFalse(usual.offline());
    assertTrue(usual.links());
    Files.writeString(temp.resolve("token"), " hf_file\n");
    String home = temp.toString();
    assertEquals(Optional.of("hf_file"), HubSettings.of(Map.of("HF_HOME", home)).token().get());
    HubSettings all =
        HubSettings.of(
            Map.of(
                "HF_HOME", home,
                "HF_HUB_CACHE", home + "/c",
                "HF_ENDPOINT", "http://localhost:81/hf/",
                "HF_TOKEN", "hf_own",
                "HF_HUB_DISABLE_SYMLINKS", "true"));
    assertEquals(temp.resolve("c"), all.cache());
    assertEquals(URI.create("http://localhost:81/hf"), all.endpoint());
    assertEquals(Optional.of("hf_own"), all.token().get());
    assertFalse(all.links());
    assertFalse(all.toString().contains("hf_own"));
    for (String offline : List.of("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")) {
      assertTrue(HubSettings.of(Map.of("HF_HOME", home, offline, "1")).offline());
      assertFalse(HubSettings.of(Map.of("HF_HOME", home, offline, "0")).offline());
    }
  }

  @Test
  void valuesThatCannotBeAreNamed() {
    for (String endpoint :
        List.of("huggingface.co", "ftp://x", "https://u:p@x", "https://x?q", ":")) {
      String fault =
          assertThrows(
                  InputException.class,
                  () -> HubSettings.of(Map.of("HF_ENDPOINT", endpoint, "HF_HOME", "/none")))
              .getMessage();
      assertTrue(fault.startsWith("HF_ENDPOINT"), fault);
    }
    String fault =
        assertThrows(
                InputException.class,
                () -> HubSettings.of(Map.of("HF_TOKEN", "a\nb: secret")).token().get())
            .getMessage();
    assertTrue(fault.contains("HF_TOKEN") && !fault.contains("secret"), fault);
  }

  @Test
  void referencesHaveThreeParts() {
    assertEquals(
        Optional.of(new HubReference("org/n.a", "refs/pr/1", "Q4_K_M")),
        HubReference.parse("org/n.a@refs/pr/1:Q4_K_M"));
    assertEquals(Optional.of(HubReference.of("gpt2")), HubReference.parse("gpt2"));
    assertEquals("org/n@v1:f.gguf", HubReference.parse("org/n@v1:f.gguf").orElseThrow().toString());
    for (String text :
        List.of(
            "",
            "a/b/c",
            "a/b@",
            "a/b:",
            "a/b@..",
            "a/b@x//y",
            "a/b@x/",
            "a/b@x/../y",
            "a/b:../x",
            "C:\\models",
            "a/b@.git",
            "a b/c",
            "a--b/c")) {
      assertEquals(Optional.empty(), HubReference.parse(text), text);
    }
  }

  @Test
  void pausesDoubleAndAreNotShorterThanAsked() {
    Patience patience = new Patience(Duration.ofSeconds(1), Duration.ZERO);
    HttpHeaders none = HttpHeaders.of(Map.of(), (a, b) -> true);
    assertEquals(Optional.of(Duration.ofSeconds(8)), patience.pause(4, none));
    assertEquals(Optional.empty(), patience.pause(5, none));
    assertEquals(
        Optional.of(Duration.ofSeconds(40)), patience.pause(1, header("Retry-After", "40")));
    assertEquals(Optional.empty(), patience.pause(1, header("Retry-After", "301")));
    String soon =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            Instant.now().plusSeconds(100).atOffset(ZoneOffset.UTC));
    Duration asked = Patience.asked(header("Retry-After", soon));
    assertTrue(asked.toSeconds() >= 97 && asked.toSeconds() <= 100, asked.toString());
    assertEquals(Duration.ofSeconds(55), Patience.asked(header("RateLimit", "\"api\";r=0;t=55")));
    assertEquals(Duration.ZERO, Patience.asked(header("Retry-After", "soon")));
  }

  private static HttpHeaders header(String name, String value) {
    return HttpHeaders.of(Map.of(name, List.of(value)), (a, b) -> true);
  }
}
