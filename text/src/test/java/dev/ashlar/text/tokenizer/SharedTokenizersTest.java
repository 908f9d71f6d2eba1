package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.Shared;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every tokenizer in the shared folder, against what the peers' libraries make of the same text.
 */
class SharedTokenizersTest {
  @TestFactory
  List<DynamicTest> cases() throws IOException {
    Path folder = Shared.path("fixtures/tokenizers");
    List<DynamicTest> tests = new ArrayList<>();
    for (Path cases : Cases.list(folder, Cases.SUFFIX)) {
      String name = cases.getFileName().toString().replace(Cases.SUFFIX, "");
      tests.add(DynamicTest.dynamicTest(name, () -> Cases.check(Cases.open(folder, name), cases)));
    }
    assertFalse(tests.isEmpty());
    return tests;
  }

  @TestFactory
  List<DynamicTest> texts() throws IOException {
    Path folder = Shared.path("fixtures/tokenizers");
    Path text = Shared.path("text");
    List<DynamicTest> tests = new ArrayList<>();
    Json.readObject(folder.resolve("text-ids.json"))
        .forEach(
            (name, files) ->
                tests.add(
                    DynamicTest.dynamicTest(
                        name,
                        () -> checkTexts(Cases.open(folder, name), text, (Map<?, ?>) files))));
    assertFalse(tests.isEmpty());
    return tests;
  }

  private static void checkTexts(Tokenizer tokenizer, Path folder, Map<?, ?> files)
      throws IOException {
    for (Map.Entry<?, ?> e : files.entrySet()) {
      String text = Files.readString(folder.resolve((String) e.getKey()), StandardCharsets.UTF_8);
      Map<?, ?> expected = (Map<?, ?>) e.getValue();
      int[] ids = tokenizer.encode(text);
      assertEquals(
          ((Number) expected.get("count")).intValue(), ids.length, "count of " + e.getKey());
      assertEquals(expected.get("sha256"), sha256(ids), "hash of " + e.getKey());
    }
  }

  private static String sha256(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(ids);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
