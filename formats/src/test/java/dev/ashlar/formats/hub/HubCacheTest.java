package dev.ashlar.formats.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubCacheTest {
  @TempDir Path temp;

  @Test
  void findsTheSnapshotOfMain() throws IOException {
    Path model = temp.resolve("hub/models--org--a.b-1");
    Path snapshot = Files.createDirectories(model.resolve("snapshots/0123abcd"));
    Files.createDirectories(model.resolve("refs"));
    Files.writeString(model.resolve("refs/main"), "0123abcd\n");
    HubCache cache = HubCache.of(Map.of("HF_HOME", temp.toString()));
    assertEquals(Optional.of(snapshot), cache.find("org/a.b-1"));
    assertEquals(
        Optional.of(snapshot),
        HubCache.of(Map.of("HF_HUB_CACHE", temp.resolve("hub").toString())).find("org/a.b-1"));
    assertEquals(Optional.empty(), cache.find("org/other"));
    Files.writeString(model.resolve("refs/main"), "../../..");
    assertEquals(Optional.empty(), cache.find("org/a.b-1"));
  }

  @Test
  void idsAreNotPaths() {
    assertTrue(HubCache.isId("HuggingFaceTB/SmolLM2-135M"));
    assertTrue(HubCache.isId("gpt2"));
    for (String text : new String[] {"", "/a", "a/", "../a", "a/../b", "a/b/c", "a\\b", "a--b/c"}) {
      assertFalse(HubCache.isId(text), text);
    }
  }
}
