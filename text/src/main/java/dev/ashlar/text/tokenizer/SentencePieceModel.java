package dev.ashlar.text.tokenizer;

import dev.ashlar.text.tokenizer.text.IntList;
import java.util.ArrayList;
import java.util.List;

/**
 * What a sentencepiece model file says, by the fields of its {@code sentencepiece_model.proto}.
 *
 * <pre>
 * 1  piece*       1 piece, 2 score (float), 3 type
 * 2  trainer      3 model type (1 unigram, 2 BPE), 24 white space as suffix, 35 byte fallback,
 *                 40-42 unknown, bos, eos ids, 44 surface of unknown characters
 * 3  normalizer   2 character map, 3 dummy prefix, 4 remove extra white space, 5 escape it
 * </pre>
 */
final class SentencePieceModel {
  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  final List<String> pieces = new ArrayList<>();
  final List<Float> scores = new ArrayList<>();
  private final IntList types = new IntList(1024);
  long modelType = 1;
  boolean spaceAsSuffix;
  boolean byteFallback;
  int bos = 1;
  int eos = 2;
  String unknownSurface = " \u2047 ";
  byte[] charsMap = new byte[0];
  boolean dummyPrefix = true;
  boolean removeExtraSpace = true;
  boolean escapeSpace = true;

  /**
   * The model that {@code bytes} spell.
   *
   * @throws IllegalArgumentException if they are no such file
   */
  static SentencePieceModel parse(byte[] bytes) {
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
        case 41 -> bos = (int) in.integer();
        case 42 -> eos = (int) in.integer();
        case 44 -> unknownSurface = in.string();
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

  int type(int id) {
    return id >= 0 && id < types.size() ? types.get(id) : CONTROL;
  }

  /** The id if a piece has it, or -1. */
  int existing(int id) {
    return id >= 0 && id < pieces.size() ? id : -1;
  }
}
