package dev.ashlar.text.tokenizer.folder;

import static dev.ashlar.text.tokenizer.folder.Components.MARK;
import static dev.ashlar.text.tokenizer.folder.Components.of;
import static dev.ashlar.text.tokenizer.folder.Components.replace;
import static dev.ashlar.text.tokenizer.folder.Components.replaceAll;
import static dev.ashlar.text.tokenizer.folder.Components.sequence;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.sentencepiece.SentencePieceModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What transformers makes of a sentencepiece model. */
final class SentencePieceFile {
  private record Merge(String left, String right, int result, int leftId, int rightId) {
    List<Object> pair() {
      return List.of(left, right);
    }
  }

  private final SentencePieceModel spec;

  private SentencePieceFile(SentencePieceModel spec) {
    this.spec = spec;
  }

  static SentencePieceFile read(Path file) {
    try {
      return new SentencePieceFile(SentencePieceModel.parse(FolderFiles.bytes(file)));
    } catch (IllegalArgumentException e) {
      throw InputException.in(file)
          .problem("is not a usable sentencepiece model (" + e.getMessage() + ")")
          .cause(e)
          .exception();
    }
  }

  SentencePieceModel spec() {
    return spec;
  }

  /** The character map in base64, or null. */
  String charsMap() {
    byte[] map = spec.charsMap();
    return map.length == 0 ? null : Base64.getEncoder().encodeToString(map);
  }

  /** Control and user-defined pieces: the former are special. */
  List<SideToken> controls() {
    List<SideToken> tokens = new ArrayList<>();
    for (int id = 0; id < spec.size(); id++) {
      int type = spec.type(id);
      if (type == SentencePieceModel.CONTROL || type == SentencePieceModel.USER_DEFINED) {
        tokens.add(SideToken.plain(spec.pieces().get(id), type == SentencePieceModel.CONTROL));
      }
    }
    return tokens;
  }

  /** Pieces and their ids; of equal ones the last counts. */
  Map<String, Object> ids() {
    Map<String, Object> ids = new LinkedHashMap<>();
    for (int id = 0; id < spec.size(); id++) {
      ids.put(spec.pieces().get(id), (long) id);
    }
    return ids;
  }

  /** Pieces with their scores. */
  List<Object> scored() {
    List<Object> scored = new ArrayList<>();
    for (int id = 0; id < spec.size(); id++) {
      scored.add(List.of(spec.pieces().get(id), (double) spec.score(id)));
    }
    return scored;
  }

  /** A rule for every way to cut a piece in two, ranked by the piece's id: what classes use. */
  static List<Object> merges(Map<String, Object> ids) {
    List<Merge> merges = new ArrayList<>();
    ids.forEach(
        (piece, id) -> {
          for (int cut : cuts(piece)) {
            String left = piece.substring(0, cut);
            String right = piece.substring(cut);
            if (ids.get(left) instanceof Long l && ids.get(right) instanceof Long r) {
              int result = ((Long) id).intValue();
              merges.add(new Merge(left, right, result, l.intValue(), r.intValue()));
            }
          }
        });
    merges.sort(
        Comparator.comparingInt(Merge::result)
            .thenComparingInt(m -> m.left.codePointCount(0, m.left.length()))
            .thenComparingInt(m -> m.right.codePointCount(0, m.right.length()))
            .thenComparingInt(Merge::leftId)
            .thenComparingInt(Merge::rightId));
    return new ArrayList<>(merges.stream().map(Merge::pair).toList());
  }

  private static int[] cuts(String piece) {
    int points = piece.codePointCount(0, piece.length());
    int[] cuts = new int[Math.max(0, points - 1)];
    for (int i = 0, at = 0; i < cuts.length; i++) {
      at = piece.offsetByCodePoints(at, 1);
      cuts[i] = at;
    }
    return cuts;
  }

  /**
   * The document for folders whose class builds no pipeline: it follows the model's own settings.
   *
   * @param names what ids are called instead of their piece
   * @param legacy whether each text between added tokens gets a mark, not only the first
   */
  Map<String, Object> document(Map<Integer, String> names, boolean legacy) {
    List<String> pieces = renamed(names);
    List<String> userDefined = new ArrayList<>();
    for (int id = 0; id < spec.size(); id++) {
      if (spec.type(id) == SentencePieceModel.USER_DEFINED) {
        userDefined.add(pieces.get(id));
      }
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("normalizer", normalizer(legacy));
    document.put("pre_tokenizer", preTokenizer(userDefined, legacy));
    document.put("decoder", decoder());
    document.put("model", spec.modelType() == 1 ? unigram() : bpe(pieces, !userDefined.isEmpty()));
    return document;
  }

  private List<String> renamed(Map<Integer, String> names) {
    // A piece that keeps its id keeps its name, even if another id claims it.
    Set<String> kept = new HashSet<>();
    ids()
        .forEach(
            (piece, id) -> {
              if (!names.containsKey(((Long) id).intValue())) {
                kept.add(piece);
              }
            });
    List<String> pieces = new ArrayList<>(spec.pieces());
    names.forEach(
        (id, name) -> {
          if (spec.modelType() != 1 && id < pieces.size() && !kept.contains(name)) {
            pieces.set(id, name);
          }
        });
    return pieces;
  }

  private Map<String, Object> unigram() {
    return of(
        "Unigram",
        "vocab",
        scored(),
        "unk_id",
        (long) spec.unknown(),
        "byte_fallback",
        spec.byteFallback());
  }

  private Map<String, Object> bpe(List<String> pieces, boolean whole) {
    Map<String, Object> vocab = new LinkedHashMap<>();
    for (int id = 0; id < pieces.size(); id++) {
      vocab.put(pieces.get(id), (long) id);
    }
    return of(
        "BPE",
        "vocab",
        vocab,
        "merges",
        scoredMerges(pieces),
        "unk_token",
        spec.unknownPiece(),
        "fuse_unk",
        true,
        "byte_fallback",
        spec.byteFallback(),
        "ignore_merges",
        whole);
  }

  /** The same rules, of normal pieces only and ranked by their score. */
  private List<Object> scoredMerges(List<String> pieces) {
    Map<String, Integer> normal = new HashMap<>();
    for (int id = 0; id < pieces.size(); id++) {
      if (spec.type(id) == SentencePieceModel.NORMAL) {
        normal.put(pieces.get(id), id);
      }
    }
    List<Merge> merges = new ArrayList<>();
    normal.forEach(
        (piece, id) -> {
          for (int cut : cuts(piece)) {
            Integer left = normal.get(piece.substring(0, cut));
            Integer right = normal.get(piece.substring(cut));
            if (left != null && right != null) {
              merges.add(new Merge(piece.substring(0, cut), piece.substring(cut), id, left, right));
            }
          }
        });
    merges.sort(
        Comparator.<Merge>comparingDouble(m -> -spec.score(m.result))
            .thenComparingInt(Merge::result)
            // A shorter left part is a prefix of a longer one, and so sorts before it.
            .thenComparingInt(m -> m.left.length()));
    return new ArrayList<>(merges.stream().map(Merge::pair).toList());
  }

  private Map<String, Object> normalizer(boolean legacy) {
    List<Object> steps = new ArrayList<>();
    String map = charsMap();
    if (map != null) {
      steps.add(Components.precompiled(map));
    }
    if (spec.removeExtraSpace()) {
      steps.add(replaceAll("\\A +| +\\z", ""));
      steps.add(replaceAll(" {2,}", " "));
    }
    if (spec.escapeSpace()) {
      steps.add(replace(" ", MARK));
    }
    if (spec.dummyPrefix() && legacy) {
      // The mark is put before a text that has one too.
      steps.add(replaceAll("\\A" + MARK, MARK + MARK));
    }
    return sequence("normalizers", steps);
  }

  private Map<String, Object> preTokenizer(List<String> userDefined, boolean legacy) {
    List<Object> steps = new ArrayList<>();
    if (spec.dummyPrefix()) {
      steps.add(Components.metaspace(legacy ? "always" : "first", false));
    }
    if (!userDefined.isEmpty()) {
      StringBuilder pattern = new StringBuilder();
      userDefined.stream()
          .sorted(Comparator.comparingInt(SentencePieceFile::points).reversed())
          .forEach(piece -> pattern.append(pattern.isEmpty() ? "" : "|").append(escaped(piece)));
      steps.add(Components.isolate(pattern.toString()));
    }
    return steps.isEmpty() ? null : sequence("pretokenizers", steps);
  }

  private static int points(String piece) {
    return piece.codePointCount(0, piece.length());
  }

  private static String escaped(String piece) {
    StringBuilder out = new StringBuilder();
    for (char c : piece.toCharArray()) {
      out.append(c < 0x80 && !Character.isLetterOrDigit(c) ? "\\" : "").append(c);
    }
    return out.toString();
  }

  private Map<String, Object> decoder() {
    List<Object> steps = new ArrayList<>(List.of(replace(MARK, " ")));
    if (spec.byteFallback()) {
      steps.add(of("ByteFallback"));
    }
    if (spec.dummyPrefix()) {
      steps.add(of("Fuse"));
      steps.add(Components.stripFirstSpace());
    } else if (spec.byteFallback()) {
      steps.add(of("Fuse"));
    }
    return sequence("decoders", steps);
  }
}
