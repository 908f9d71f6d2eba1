package dev.ashlar.text.tokenizer.decode;

import dev.ashlar.text.tokenizer.text.ByteAlphabet;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.io.ByteArrayOutputStream;
import java.util.List;

/** Turns tokens spelled in GPT-2's alphabet into bytes, and these into text. */
public record ByteLevelDecoder() implements TokenDecoder {
  @Override
  public List<String> decode(List<String> tokens) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(8 * tokens.size());
    for (String token : tokens) {
      out.writeBytes(bytes(token));
    }
    byte[] bytes = out.toByteArray();
    return List.of(Utf8.lossy(bytes, 0, bytes.length));
  }

  /** The bytes a token stands for; one with a character outside the alphabet stands for itself. */
  public static byte[] bytes(String token) {
    byte[] spelled = ByteAlphabet.bytesOf(token);
    return spelled != null ? spelled : Utf8.bytes(token);
  }
}
