package dev.ashlar.text.tokenizer.decode;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.normalize.Replace;
import dev.ashlar.text.tokenizer.split.PreTokenizers;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The list of decoders by the name they have in tokenizer files. */
public final class TokenDecoders {
  private static final Map<String, Function<Node, TokenDecoder>> ALL =
      Map.ofEntries(
          Map.entry("Sequence", node -> sequence(node.each("decoders", TokenDecoders::read))),
          Map.entry("ByteLevel", node -> new ByteLevelDecoder()),
          Map.entry("ByteFallback", node -> new ByteFallbackDecoder()),
          Map.entry("Fuse", node -> tokens -> List.of(String.join("", tokens))),
          Map.entry("Strip", StripDecoder::read),
          Map.entry("Replace", TokenDecoders::replace),
          Map.entry("Metaspace", TokenDecoders::metaspace),
          Map.entry("WordPiece", WordPieceDecoder::read),
          Map.entry("BPEDecoder", node -> suffix(node.string("suffix"))),
          Map.entry("CTC", CtcDecoder::read));

  private TokenDecoders() {}

  /** The decoder an object describes; null stands for joining the tokens with spaces. */
  public static TokenDecoder read(Node node) {
    return node.isNull()
        ? tokens -> List.of(String.join(" ", tokens))
        : node.component("decoder", ALL);
  }

  private static TokenDecoder sequence(List<TokenDecoder> steps) {
    return tokens -> {
      List<String> t = tokens;
      for (TokenDecoder step : steps) {
        t = step.decode(t);
      }
      return t;
    };
  }

  private static TokenDecoder replace(Node node) {
    Replace replace = Replace.read(node);
    return tokens -> tokens.stream().map(replace::normalize).toList();
  }

  private static TokenDecoder metaspace(Node node) {
    String mark = Character.toString(node.character("replacement"));
    boolean prefix = !PreTokenizers.metaspaceScheme(node).equals("never");
    return new MetaspaceDecoder(mark, prefix);
  }

  private static TokenDecoder suffix(String suffix) {
    return new SuffixDecoder(suffix);
  }
}
