package dev.ashlar.text.tokenizer;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.decode.ByteFallbackDecoder;
import dev.ashlar.text.tokenizer.model.PieceEncoder;
import dev.ashlar.text.tokenizer.model.ScoredBpe;
import dev.ashlar.text.tokenizer.model.TokenIds;
import dev.ashlar.text.tokenizer.model.TokenModel;
import dev.ashlar.text.tokenizer.model.Unigram;
import dev.ashlar.text.tokenizer.model.Work;
import dev.ashlar.text.tokenizer.normalize.CharsMap;
import dev.ashlar.text.tokenizer.sentencepiece.SentencePieceModel;
import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Sentencepiece as its own library does it: control pieces written in a text are plain text, and
 * only user-defined ones are found as wholes.
 */
final class SentencePieceTokenizer implements Tokenizer {
  private static final String MARK = String.valueOf(SentencePieceNormalizer.MARK);

  private final SentencePieceModel spec;
  private final TokenIds tokens;
  private final PieceEncoder encoder;
  private final TokenFinder userDefined;
  private final SentencePieceNormalizer normalizer;
  private final int unknown;

  private SentencePieceTokenizer(SentencePieceModel spec) {
    this.spec = spec;
    tokens = TokenIds.of(spec.pieces().toArray(String[]::new));
    int found = -1;
    List<AddedToken> defined = new ArrayList<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (spec.type(id) == SentencePieceModel.UNKNOWN) {
        found = id;
      } else if (spec.type(id) == SentencePieceModel.USER_DEFINED) {
        defined.add(AddedToken.plain(id, tokens.token(id), false));
      }
    }
    if (found < 0) {
      throw new IllegalArgumentException("there is no piece for unknown characters");
    }
    unknown = found;
    userDefined =
        defined.isEmpty()
            ? null
            : new TokenFinder(defined, defined.stream().map(AddedToken::content).toList());
    CharsMap map = spec.charsMap().length == 0 ? null : CharsMap.of(spec.charsMap());
    normalizer = new SentencePieceNormalizer(spec, map, userDefined);
    TokenModel model =
        switch ((int) spec.modelType()) {
          case 1 -> unigram();
          case 2 -> bpe();
          default ->
              throw new IllegalArgumentException(
                  "the model type " + spec.modelType() + " is not supported");
        };
    encoder = model.overText();
  }

  /** The tokenizer of a model file's bytes, called {@code file} in messages. */
  static Tokenizer read(byte[] bytes, String file) {
    try {
      return new SentencePieceTokenizer(SentencePieceModel.parse(bytes));
    } catch (IllegalArgumentException e) {
      throw InputException.in(file)
          .problem("is not a usable sentencepiece model (" + e.getMessage() + ")")
          .cause(e)
          .exception();
    }
  }

  private TokenModel unigram() {
    float smallest = Float.MAX_VALUE;
    float largest = -Float.MAX_VALUE;
    for (int id = 0; id < tokens.size(); id++) {
      if (spec.type(id) == SentencePieceModel.NORMAL) {
        smallest = Math.min(smallest, spec.score(id));
        largest = Math.max(largest, spec.score(id));
      }
    }
    double[] scores = new double[tokens.size()];
    for (int id = 0; id < scores.length; id++) {
      scores[id] =
          switch (spec.type(id)) {
            case SentencePieceModel.NORMAL -> spec.score(id);
            // So that they always win, by sentencepiece's formula.
            case SentencePieceModel.USER_DEFINED ->
                (float) (Utf8.bytes(tokens.token(id)).length * largest - 0.1);
            default -> Double.NaN;
          };
    }
    return new Unigram(
        new Unigram.Settings(
            tokens, scores, unknown, smallest, spec.byteFallback(), true, "tokenizer.model"));
  }

  private TokenModel bpe() {
    double[] scores = IntStream.range(0, spec.size()).mapToDouble(spec::score).toArray();
    return ScoredBpe.of(tokens, scores, this::isMergeable, unknown, spec.byteFallback());
  }

  private boolean isMergeable(int id) {
    int type = spec.type(id);
    if (type == SentencePieceModel.UNUSED && tokens.token(id).length() > 1) {
      throw new IllegalArgumentException("unused pieces are not supported in a BPE model");
    }
    return type == SentencePieceModel.NORMAL || type == SentencePieceModel.USER_DEFINED;
  }

  @Override
  public int[] encode(String text) {
    char[] chars = normalizer.normalize(new String(Utf8.wellFormed(text))).toCharArray();
    IntList out = new IntList(chars.length / 3);
    Work work = new Work();
    if (chars.length > 0 && (userDefined == null || spec.modelType() == 1)) {
      encoder.encode(chars, 0, chars.length, work, out);
    } else if (chars.length > 0) {
      userDefined.find(
          chars,
          (start, end, id) -> {
            if (id >= 0) {
              out.add(id);
            } else {
              encoder.encode(chars, start, end, work, out);
            }
          });
    }
    return out.toArray();
  }

  @Override
  public int[] encode(String text, boolean addSpecial) {
    int[] ids = encode(text);
    if (!addSpecial || bos().isEmpty()) {
      return ids;
    }
    int[] opened = new int[ids.length + 1];
    opened[0] = bos().getAsInt();
    System.arraycopy(ids, 0, opened, 1, ids.length);
    return opened;
  }

  @Override
  public String decode(int[] ids) {
    return decode(ids, false);
  }

  @Override
  public String decode(int[] ids, boolean keepSpecial) {
    StringBuilder out = new StringBuilder();
    ByteArrayOutputStream run = new ByteArrayOutputStream();
    boolean begun = false;
    for (int id : ids) {
      String piece = token(id);
      if (piece == null) {
        continue;
      }
      if (spec.type(id) == SentencePieceModel.BYTE) {
        run.write(Math.max(0, ByteFallbackDecoder.byteOf(piece)));
        begun = true;
        continue;
      }
      flush(run, out);
      boolean atStart = !begun && out.isEmpty() && stripsPrefix() && piece.startsWith(MARK);
      begun |= atStart && !spec.removeExtraSpace();
      out.append(surface(id, atStart ? piece.substring(1) : piece, keepSpecial));
    }
    flush(run, out);
    return out.toString();
  }

  private boolean stripsPrefix() {
    return spec.dummyPrefix() || spec.removeExtraSpace();
  }

  private String surface(int id, String piece, boolean keepSpecial) {
    return switch (spec.type(id)) {
      case SentencePieceModel.CONTROL -> keepSpecial ? piece : "";
      case SentencePieceModel.UNKNOWN -> keepSpecial ? piece : spec.unknownSurface();
      default -> piece.replace(MARK, " ");
    };
  }

  /** Appends the text of bytes; each that is part of no character is a mark of error. */
  private static void flush(ByteArrayOutputStream run, StringBuilder out) {
    byte[] bytes = run.toByteArray();
    run.reset();
    for (int i = 0; i < bytes.length; ) {
      int width = Math.min(Utf8.width(bytes[i]), bytes.length - i);
      byte[] character = Arrays.copyOfRange(bytes, i, i + width);
      Optional<String> text = Utf8.strict(character, width);
      out.append(text.orElse("\uFFFD"));
      i += text.isPresent() ? width : 1;
    }
  }

  @Override
  public StreamDecoder stream() {
    return new WindowStreamDecoder(this);
  }

  @Override
  public int vocabSize() {
    return tokens.size();
  }

  @Override
  public OptionalInt bos() {
    return control(spec.bos());
  }

  @Override
  public OptionalInt eos() {
    return control(spec.eos());
  }

  private OptionalInt control(int id) {
    return spec.existing(id) < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public OptionalInt id(String token) {
    int id = tokens.id(token);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public boolean isSpecial(int id) {
    int type = spec.type(id);
    return type == SentencePieceModel.CONTROL || type == SentencePieceModel.UNKNOWN;
  }

  @Override
  public String token(int id) {
    return tokens.token(id);
  }

  @Override
  public Optional<String> chatTemplate() {
    return Optional.empty();
  }
}
