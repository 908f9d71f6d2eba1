package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.decode.ByteLevelDecoder;
import dev.ashlar.text.tokenizer.model.PieceEncoder;
import dev.ashlar.text.tokenizer.model.Work;
import dev.ashlar.text.tokenizer.split.PreTokenizer;
import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The pipeline of Hugging Face's tokenizers: added tokens are found, the text between them is
 * normalized, those that are to be found in normalized text are, the rest is split, and the model
 * sees the pieces.
 */
final class PipelineTokenizer implements Tokenizer {
  private final TokenizerParts parts;
  private final Extras extras;
  private final PreTokenizer preTokenizer;
  private final PieceEncoder encoder;
  private final TokenFinder plainFinder;
  private final TokenFinder normalizedFinder;
  private final Map<Integer, AddedToken> addedById = new HashMap<>();
  private final Map<Integer, String> normalForms = new HashMap<>();
  private final Map<String, Integer> addedIds = new HashMap<>();
  private final Set<String> specials = new HashSet<>();
  private final int size;

  PipelineTokenizer(TokenizerParts parts, Extras extras) {
    this.parts = parts;
    this.extras = extras;
    PreTokenizer unspelled = parts.preTokenizer().beforeSpelling();
    PieceEncoder overBytes = unspelled == null ? null : parts.model().overBytes();
    preTokenizer = overBytes == null ? parts.preTokenizer() : unspelled;
    encoder = overBytes == null ? parts.model().overText() : overBytes;
    List<AddedToken> plain = new ArrayList<>();
    List<AddedToken> normalized = new ArrayList<>();
    List<String> spellings = new ArrayList<>();
    int largest = parts.model().tokens().size() - 1;
    for (AddedToken token : parts.added()) {
      String spelling = token.content();
      if (token.normalized()) {
        spelling = parts.normalizer().normalize(spelling);
        normalized.add(token);
        spellings.add(spelling);
        normalForms.put(token.id(), spelling);
      } else {
        plain.add(token);
      }
      addedById.put(token.id(), token);
      addedIds.put(token.content(), token.id());
      if (token.special()) {
        specials.add(token.content());
      }
      largest = Math.max(largest, token.id());
    }
    size = largest + 1;
    plainFinder = new TokenFinder(plain, plain.stream().map(AddedToken::content).toList());
    normalizedFinder = new TokenFinder(normalized, spellings);
  }

  @Override
  public int[] encode(String text) {
    char[] chars = Utf8.wellFormed(text);
    IntList out = new IntList(chars.length / 3);
    Work work = new Work();
    PreTokenizer.Sink toModel = (t, start, end, first) -> encoder.encode(t, start, end, work, out);
    plainFinder.find(
        chars,
        (start, end, id) -> {
          if (id >= 0) {
            out.add(id);
          } else {
            encodeBetween(chars, start, end, toModel, out);
          }
        });
    return out.toArray();
  }

  private void encodeBetween(
      char[] chars, int from, int to, PreTokenizer.Sink toModel, IntList out) {
    String section = new String(chars, from, to - from);
    String normal = parts.normalizer().normalize(section);
    char[] text = normal.toCharArray();
    normalizedFinder.find(
        text,
        (start, end, id) -> {
          if (id >= 0) {
            out.add(id);
          } else {
            preTokenizer.split(text, start, end, from == 0 && start == 0, toModel);
          }
        });
  }

  @Override
  public int[] encode(String text, boolean addSpecial) {
    int[] ids = encode(text);
    return addSpecial ? parts.postProcessor().process(ids) : ids;
  }

  @Override
  public String decode(int[] ids) {
    return decode(ids, false);
  }

  @Override
  public String decode(int[] ids, boolean keepSpecial) {
    List<String> tokens = new ArrayList<>(ids.length);
    for (int id : ids) {
      String token = spelling(id);
      if (token != null && (keepSpecial || !specials.contains(token))) {
        tokens.add(token);
      }
    }
    return String.join("", parts.decoder().decode(tokens));
  }

  /** The token as decoders take it, or null. */
  private String spelling(int id) {
    String normal = normalForms.get(id);
    return normal != null ? normal : token(id);
  }

  @Override
  public StreamDecoder stream() {
    return parts.decoder() instanceof ByteLevelDecoder
        ? new ByteStreamDecoder(
            id -> {
              String token = spelling(id);
              return token == null || specials.contains(token)
                  ? new byte[0]
                  : ByteLevelDecoder.bytes(token);
            })
        : new WindowStreamDecoder(this);
  }

  @Override
  public int vocabSize() {
    return size;
  }

  @Override
  public OptionalInt bos() {
    return optional(extras.bos());
  }

  @Override
  public OptionalInt eos() {
    return optional(extras.eos());
  }

  @Override
  public OptionalInt id(String token) {
    Integer added = addedIds.get(token);
    return optional(added != null ? added : parts.model().tokens().id(token));
  }

  private static OptionalInt optional(int id) {
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public boolean isSpecial(int id) {
    String token = spelling(id);
    return token != null && specials.contains(token);
  }

  @Override
  public String token(int id) {
    AddedToken added = addedById.get(id);
    return added != null ? added.content() : parts.model().tokens().token(id);
  }

  @Override
  public Optional<String> chatTemplate() {
    return Optional.ofNullable(extras.chatTemplate());
  }
}
