package dev.ashlar.text.tokenizer.model;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.IntList;
import dev.ashlar.text.tokenizer.text.LongIntMap;
import dev.ashlar.text.tokenizer.text.Utf8;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The unigram language model: the tokens of highest total score, by Viterbi's algorithm.
 *
 * <p>"Subword Regularization", Kudo, 2018, section 3.2.
 */
public final class Unigram implements TokenModel, PieceEncoder {
  private static final double UNKNOWN_PENALTY = 10;

  private final TokenIds tokens;
  private final double[] scores;
  private final boolean singlePrecision;
  private final boolean fuseBytes;
  private final int unknown;
  private final double unknownScore;
  private final int[] byteIds;
  private final LongIntMap edges;
  private final int[] idAt;
  private final String file;

  /**
   * What a unigram model is made of.
   *
   * @param scores by id; NaN for tokens that text never becomes
   * @param unknown the id for unknown characters, or -1
   * @param file what to call the model's origin in messages
   * @param smallest the lowest score that counts, from which that of unknown characters follows
   * @param byteFallback whether unknown characters become bytes
   * @param singlePrecision whether sums are rounded to float, as sentencepiece does
   */
  public record Settings(
      TokenIds tokens,
      double[] scores,
      int unknown,
      double smallest,
      boolean byteFallback,
      boolean singlePrecision,
      String file) {}

  /** The model of these settings. */
  public Unigram(Settings s) {
    tokens = s.tokens;
    file = s.file;
    scores = s.scores;
    singlePrecision = s.singlePrecision;
    fuseBytes = !s.singlePrecision;
    unknown = s.unknown;
    unknownScore =
        s.singlePrecision ? (float) (s.smallest - UNKNOWN_PENALTY) : s.smallest - UNKNOWN_PENALTY;
    byteIds = s.byteFallback ? tokens.byteIds() : null;
    edges = new LongIntMap(tokens.size() * 4);
    IntList ids = new IntList(tokens.size() * 4);
    ids.add(-1);
    for (int id = 0; id < tokens.size(); id++) {
      if (!Double.isNaN(scores[id])) {
        insert(Utf8.bytes(tokens.token(id)), id, ids);
      }
    }
    idAt = ids.toArray();
  }

  private void insert(byte[] token, int id, IntList ids) {
    int node = 0;
    for (byte b : token) {
      long edge = (long) node << 8 | b & 0xFF;
      int next = edges.get(edge);
      if (next < 0) {
        next = ids.size();
        ids.add(-1);
        edges.put(edge, next);
      }
      node = next;
    }
    ids.set(node, id);
  }

  static TokenModel read(Node node) {
    Node vocab = node.get("vocab");
    List<?> list = vocab.list();
    TokenIds.requireSize(vocab, list.size());
    String[] tokens = new String[list.size()];
    double[] scores = new double[list.size()];
    double smallest = Double.POSITIVE_INFINITY;
    for (int id = 0; id < tokens.length; id++) {
      Node entry = new Node(vocab.file(), vocab.path() + "[" + id + "]", list.get(id));
      if (!(entry.value() instanceof List<?> pair
          && pair.size() == 2
          && pair.get(0) instanceof String token
          && pair.get(1) instanceof Number score)) {
        throw entry.expected("a token and its score");
      }
      tokens[id] = token;
      scores[id] = score.doubleValue();
      smallest = Math.min(smallest, scores[id]);
    }
    Node unknown = node.get("unk_id");
    int unknownId = unknown.isNull() ? -1 : unknown.count();
    if (unknownId >= tokens.length) {
      throw unknown.fault("the id " + unknownId + " is beyond the vocabulary");
    }
    boolean byteFallback = node.flag("byte_fallback", false);
    return new Unigram(
        new Settings(
            TokenIds.of(tokens), scores, unknownId, smallest, byteFallback, false, node.file()));
  }

  @Override
  public TokenIds tokens() {
    return tokens;
  }

  @Override
  public PieceEncoder overText() {
    return this;
  }

  @Override
  public void encode(char[] text, int start, int end, Work work, IntList out) {
    work.reserve(end - start);
    byte[] bytes = work.bytes;
    int n = Utf8.encode(text, start, end, bytes, 0);
    work.reservePaths(n + 1);
    search(bytes, n, work);
    int count = 0;
    int[] path = new int[n];
    for (int at = n; at > 0; at = work.starts[at]) {
      path[count++] = at;
    }
    int from = 0;
    for (int k = count - 1; k >= 0; k--) {
      int to = path[k];
      int id = work.symbols[to];
      if (id == unknown) {
        // The peer joins adjacent unknown characters before it asks for their bytes.
        while (fuseBytes && k > 0 && work.symbols[path[k - 1]] == unknown) {
          to = path[--k];
        }
        unknown(bytes, from, to, out);
      } else {
        out.add(id);
      }
      from = to;
    }
  }

  /** Fills the scores, starts and ids of the best paths to each place. */
  private void search(byte[] bytes, int n, Work work) {
    double[] best = work.scores;
    int[] starts = work.starts;
    int[] ids = work.symbols;
    Arrays.fill(starts, 0, n + 1, -1);
    best[0] = 0;
    for (int at = 0; at < n; ) {
      int width = Utf8.width(bytes[at]);
      boolean known = false;
      int node = 0;
      for (int i = at; i < n; i++) {
        node = edges.get((long) node << 8 | bytes[i] & 0xFF);
        if (node < 0) {
          break;
        }
        int id = idAt[node];
        if (id >= 0) {
          known |= i + 1 - at == width;
          double score = rounded(scores[id] + best[at]);
          if (starts[i + 1] < 0 || score > best[i + 1]) {
            best[i + 1] = score;
            starts[i + 1] = at;
            ids[i + 1] = id;
          }
        }
      }
      if (!known) {
        relaxUnknown(bytes, at, at + width, work);
      }
      at += width;
    }
  }

  private double rounded(double score) {
    return singlePrecision ? (float) score : score;
  }

  private void relaxUnknown(byte[] bytes, int at, int to, Work work) {
    double score = rounded(unknownScore + work.scores[at]);
    if (work.starts[to] < 0 || score > work.scores[to]) {
      if (unknown < 0) {
        throw absent(Utf8.lossy(bytes, at, to - at));
      }
      work.scores[to] = score;
      work.starts[to] = at;
      work.symbols[to] = unknown;
    }
  }

  private InputException absent(String character) {
    return InputException.in(file)
        .place("model.unk_id")
        .expected("the id of the token for characters outside the vocabulary")
        .found(
            String.format(
                Locale.ROOT,
                "nothing, and the text has the character \"%s\" (U+%04X)",
                character,
                character.codePointAt(0)))
        .hint("give the tokenizer an unk_id")
        .exception();
  }

  private void unknown(byte[] bytes, int start, int end, IntList out) {
    if (byteIds != null) {
      boolean all = true;
      for (int i = start; i < end; i++) {
        all &= byteIds[bytes[i] & 0xFF] >= 0;
      }
      if (all) {
        for (int i = start; i < end; i++) {
          out.add(byteIds[bytes[i] & 0xFF]);
        }
        return;
      }
    }
    if (!fuseBytes && out.size() > 0 && out.get(out.size() - 1) == unknown) {
      return;
    }
    out.add(unknown);
  }
}
