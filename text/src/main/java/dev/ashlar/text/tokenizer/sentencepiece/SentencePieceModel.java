package dev.ashlar.text.tokenizer.sentencepiece;

import dev.ashlar.text.tokenizer.model.TokenIds;
import dev.ashlar.text.tokenizer.text.IntList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a sentencepiece model file says, by the fields of its {@code sentencepiece_model.proto}.
 *
 * <pre>
 * 1  piece*       1 piece, 2 score (float), 3 type
 * 2  trainer      3 model type (1 unigram, 2 BPE), 24 white space as suffix, 35 byte fallback,
 *                 40-42 unknown, bos, eos ids, 44 surface of unknown characters,
 *                 45-47 unknown, bos, eos pieces
 * 3  normalizer   2 character map, 3 dummy prefix, 4 remove extra white space, 5 escape it
 * </pre>
 */
public final class SentencePieceModel {
  public static final int NORMAL = 1;
  public static final int UNKNOWN = 2;
  public static final int CONTROL = 3;
  public static final int USER_DEFINED = 4;
  public static final int UNUSED = 5;
  public static final int BYTE = 6;

  private final List<String> pieces = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();
  private final IntList types = new IntList(1024);
  private long modelType = 1;
  private boolean spaceAsSuffix;
  private boolean byteFallback;
  private int unknown;
  private int bos = 1;
  private int eos = 2;
  private String unknownPiece = "<unk>";
  private String bosPiece = "<s>";
  private String eosPiece = "</s>";
  private String unknownSurface = " \u2047 ";
  private byte[] charsMap = new byte[0];
  private boolean dummyPrefix = true;
  private boolean removeExtraSpace = true;
  private boolean escapeSpace = true;

  private SentencePieceModel() {}

  /**
   * The model that {@code bytes} spell.
   *
   * @throws IllegalArgumentException if they are no such file
   */
  public static SentencePieceModel parse(byte[] bytes) {
    SentencePieceModel model = new SentencePieceModel();
    ProtoReader in = new ProtoReader(bytes);
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> model.piece(new ProtoReader(in.bytes()));
        case 2 -> model.trainer(new ProtoReader(in.bytes()));
        case 3 -> model.normalizer(new ProtoReader(in.bytes()));
        default -> {}
      }
    }
    if (model.pieces.isEmpty()) {
      throw new IllegalArgumentException("there are no pieces");
    }
    return model;
  }

  private void piece(ProtoReader in) {
    String piece = "";
    float score = 0;
    long type = NORMAL;
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> piece = in.string();
        case 2 -> score = in.single();
        case 3 -> type = in.integer();
        default -> {}
      }
    }
    if (piece.isEmpty() || Float.isNaN(score) || type < NORMAL || type > BYTE) {
      throw new IllegalArgumentException(
          "piece " + pieces.size() + " has no text, no score or no known type");
    }
    if (pieces.size() == TokenIds.MOST) {
      throw new IllegalArgumentException("there are more than " + TokenIds.MOST + " pieces");
    }
    pieces.add(piece);
    scores.add(score);
    types.add((int) type);
  }

  private void trainer(ProtoReader in) {
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 3 -> modelType = in.integer();
        case 24 -> spaceAsSuffix = in.flag();
        case 35 -> byteFallback = in.flag();
        case 40 -> unknown = (int) in.integer();
        case 41 -> bos = (int) in.integer();
        case 42 -> eos = (int) in.integer();
        case 44 -> unknownSurface = in.string();
        case 45 -> unknownPiece = in.string();
        case 46 -> bosPiece = in.string();
        case 47 -> eosPiece = in.string();
        default -> {}
      }
    }
  }

  private void normalizer(ProtoReader in) {
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 2 -> charsMap = in.bytes();
        case 3 -> dummyPrefix = in.flag();
        case 4 -> removeExtraSpace = in.flag();
        case 5 -> escapeSpace = in.flag();
        default -> {}
      }
    }
  }

  /** How many pieces there are. */
  public int size() {
    return pieces.size();
  }

  /** The pieces in the order of their ids. */
  public List<String> pieces() {
    return Collections.unmodifiableList(pieces);
  }

  /** The score of a piece. */
  public float score(int id) {
    return scores.get(id);
  }

  /** The type of a piece; {@link #CONTROL} if there is none. */
  public int type(int id) {
    return id >= 0 && id < types.size() ? types.get(id) : CONTROL;
  }

  /** The id if a piece has it, or -1. */
  public int existing(int id) {
    return id >= 0 && id < pieces.size() ? id : -1;
  }

  /** The kind of model: 1 unigram, 2 byte pair encoding. */
  public long modelType() {
    return modelType;
  }

  /** Whether the dummy prefix goes behind the text. */
  public boolean spaceAsSuffix() {
    return spaceAsSuffix;
  }

  /** Whether unknown characters become bytes. */
  public boolean byteFallback() {
    return byteFallback;
  }

  /** The id of unknown characters. */
  public int unknown() {
    return unknown;
  }

  /** The id that opens a text; negative if none does. */
  public int bos() {
    return bos;
  }

  /** The id that ends a text; negative if none does. */
  public int eos() {
    return eos;
  }

  /** The piece of unknown characters, as the trainer was told. */
  public String unknownPiece() {
    return unknownPiece;
  }

  /** The piece that opens a text, as the trainer was told. */
  public String bosPiece() {
    return bosPiece;
  }

  /** The piece that ends a text, as the trainer was told. */
  public String eosPiece() {
    return eosPiece;
  }

  /** What unknown characters are decoded to. */
  public String unknownSurface() {
    return unknownSurface;
  }

  /** The compiled character map; empty if there is none. */
  public byte[] charsMap() {
    return charsMap.clone();
  }

  /** Whether a space is put before the text. */
  public boolean dummyPrefix() {
    return dummyPrefix;
  }

  /** Whether spaces at the ends and repeated ones are removed. */
  public boolean removeExtraSpace() {
    return removeExtraSpace;
  }

  /** Whether spaces become a visible mark. */
  public boolean escapeSpace() {
    return escapeSpace;
  }
}
