package dev.ashlar.text.tokenizer.decode;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.normalize.Replace;
import dev.ashlar.text.tokenizer.split.PreTokenizers;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The list of decoders by the name they have in tokenizer files. */
public final class Decoders {
  private static final Map<String, Function<Node, Decoder>> ALL =
      Map.ofEntries(
          Map.entry("Sequence", node -> sequence(node.each("decoders", Decoders::read))),
          Map.entry("ByteLevel", node -> new ByteLevelDecoder()),
          Map.entry("ByteFallback", node -> new ByteFallbackDecoder()),
          Map.entry("Fuse", node -> tokens -> List.of(String.join("", tokens))),
          Map.entry("Strip", StripDecoder::read),
          Map.entry("Replace", Decoders::replace),
          Map.entry("Metaspace", Decoders::metaspace),
          Map.entry("WordPiece", WordPieceDecoder::read),
          Map.entry("BPEDecoder", node -> suffix(node.string("suffix"))),
          Map.entry("CTC", CtcDecoder::read));

  private Decoders() {}

  /** The decoder an object describes; null stands for joining the tokens with spaces. */
  public static Decoder read(Node node) {
    return node.isNull()
        ? tokens -> List.of(String.join(" ", tokens))
        : node.component("decoder", ALL);
  }

  private static Decoder sequence(List<Decoder> steps) {
    return tokens -> {
      List<String> t = tokens;
      for (Decoder step : steps) {
        t = step.decode(t);
      }
      return t;
    };
  }

  private static Decoder replace(Node node) {
    Replace replace = Replace.read(node);
    return tokens -> tokens.stream().map(replace::normalize).toList();
  }

  private static Decoder metaspace(Node node) {
    String mark = Character.toString(node.character("replacement"));
    boolean prefix = !PreTokenizers.metaspaceScheme(node).equals("never");
    return new MetaspaceDecoder(mark, prefix);
  }

  private static Decoder suffix(String suffix) {
    return new SuffixDecoder(suffix);
  }
}
