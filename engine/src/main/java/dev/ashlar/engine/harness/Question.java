package dev.ashlar.engine.harness;

import java.util.List;

/** One record of a task, written out as a model reads it. */
sealed interface Question {
  /** What stands in front of all questions of its kind; nothing unless a kind says something. */
  default String description() {
    return "";
  }

  /** The question with its answer, for prompts that show how it is done. */
  String example();

  /**
   * The likeliest of several continuations is the answer.
   *
   * @param contexts what each continuation follows
   * @param continuations with the space that they begin with
   * @param choices what is chosen from, whose lengths normalize
   * @param gold index of the right one
   */
  record Choice(
      String description,
      String example,
      List<String> contexts,
      List<String> continuations,
      List<String> choices,
      int gold)
      implements Question {
    public Choice {
      contexts = List.copyOf(contexts);
      continuations = List.copyOf(continuations);
      choices = List.copyOf(choices);
    }
  }

  /** A word that a model should go on with by itself. */
  record LastWord(String context, String word) implements Question {
    /** The space between is the harness's, which puts one before every answer. */
    @Override
    public String example() {
      return context + " " + word;
    }
  }

  /** An answer that is generated. */
  record Open(String context, String answer) implements Question {
    @Override
    public String example() {
      return context + " " + answer;
    }
  }
}
