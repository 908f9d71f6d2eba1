package dev.ashlar.tuning.calibration;

import java.util.List;
import java.util.Map;

/** The content of a data set, as whoever read the file found it. */
public sealed interface Documents {
  /** One running text: a plain text file. */
  record PlainText(String text) implements Documents {}

  /** Separate documents: what a list of strings or objects holds. */
  record Separate(List<Document> documents) implements Documents {
    public Separate {
      documents = List.copyOf(documents);
    }
  }

  /** One of several documents. */
  sealed interface Document {}

  /** A document that is still to be encoded. */
  record Text(String text) implements Document {}

  /**
   * A conversation that is still to be rendered and encoded.
   *
   * @param messages maps with {@code role} and {@code content}, and whatever else templates read
   */
  record Chat(List<Map<String, Object>> messages) implements Document {
    public Chat {
      messages = List.copyOf(messages);
    }
  }

  /** A document that somebody encoded already; the array is shared. */
  record Tokens(int[] ids) implements Document {}
}
