package dev.ashlar.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Headers that are well formed and absurd. */
class SafetensorsLimitsTest {
  @TempDir Path temp;

  private Path file(String header) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    return Files.write(temp.resolve("x.safetensors"), bytes.array());
  }

  private static String shape(int rank) {
    String ones = String.join(",", Collections.nCopies(rank, "1"));
    return "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + ones + "],\"data_offsets\":[0,4]}}";
  }

  private String refused(String header) throws IOException {
    Path file = file(header);
    return assertThrows(InputException.class, () -> SafetensorsFile.open(file)).getMessage();
  }

  @Test
  void dimensionsAreFew() throws IOException {
    for (int rank : new int[] {9, 33, 65, 100_000}) {
      String message = refused(shape(rank));
      assertTrue(message.contains("a: expected at most 8 dimensions but found " + rank), message);
    }
    try (SafetensorsFile open = SafetensorsFile.open(file(shape(8)))) {
      assertEquals(8, open.tensor("a").shape().rank());
    }
  }

  @Test
  void tensorsAreCounted() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 400_000; i++) {
      header.append("\"t").append(i);
      header.append("\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},");
    }
    header.append(shape(1).substring(1));
    String message = refused(header.toString());
    assertTrue(message.contains("at most 250000 tensors"), message);
    assertTrue(message.contains("found 400001"), message);
  }

  @Test
  void theHeaderIsOneObject() throws IOException {
    for (String header : new String[] {"{", "{}{}", "{\"a\":{}} 1", "{\"a\":1,\"a\":1}", "{]"}) {
      refused(header);
    }
  }
}
