package dev.ashlar.engine.harness;

import dev.ashlar.io.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A kind of task: by which fields its records are known, and how the Language Model Evaluation
 * Harness writes them out as questions. Records are as the data sets of the Hugging Face hub have
 * them.
 *
 * @param name what a user calls it
 * @param keys fields that its records have
 * @param known whether a record with those fields is one
 * @param normalized whether choices are also compared by likelihood per character
 * @param asked whether records are read so only if the task is asked for by name
 * @param question a record as a question
 */
record TaskShape(
    String name,
    Set<String> keys,
    Function<Fields, Boolean> known,
    boolean normalized,
    boolean asked,
    Function<Fields, Question> question) {
  private static final List<String> LETTERS = List.of("A", "B", "C", "D");
  private static final Pattern BRACKETS = Pattern.compile("\\[.*?\\]");

  /** All kinds; the first that fits a record is its kind. */
  static final List<TaskShape> ALL =
      List.of(
          choice("hellaswag", Set.of("activity_label", "ctx_a", "ctx_b", "endings"), true, hella()),
          choice("winogrande", Set.of("sentence", "option1", "option2"), false, winogrande()),
          choice("piqa", Set.of("goal", "sol1", "sol2"), true, piqa()),
          choice("openbookqa", Set.of("question_stem", "choices", "answerKey"), true, openbook()),
          choice("arc", Set.of("question", "choices", "answerKey"), true, arc()),
          new TaskShape(
              "mmlu",
              Set.of("question", "choices", "answer"),
              f -> f.value("choices") instanceof List<?> c && c.size() == LETTERS.size(),
              false,
              false,
              mmlu()),
          choice("boolq", Set.of("question", "passage"), false, boolq()),
          new TaskShape(
              "gsm8k",
              Set.of("question", "answer"),
              f -> f.value("answer") instanceof String,
              false,
              false,
              f ->
                  new Question.Open(
                      "Question: " + f.text("question") + "\nAnswer:", f.text("answer"))),
          new TaskShape(
              "lambada",
              Set.of("text"),
              f -> f.value("text") instanceof String,
              false,
              true,
              lambada()));

  private static TaskShape choice(
      String name, Set<String> keys, boolean normalized, Function<Fields, Question> question) {
    return new TaskShape(name, keys, f -> true, normalized, false, question);
  }

  /** The kind of that name. */
  static Optional<TaskShape> named(String name) {
    return ALL.stream().filter(s -> s.name.equals(name)).findFirst();
  }

  /** The kind whose fields a record has, among those that need not be asked for. */
  static Optional<TaskShape> of(Fields record) {
    return ALL.stream().filter(s -> !s.asked && s.fits(record)).findFirst();
  }

  /** Whether a record is one of this kind. */
  boolean fits(Fields record) {
    return record.values().keySet().containsAll(keys) && known.apply(record);
  }

  /**
   * A record as a question.
   *
   * @throws InputException naming what it lacks
   */
  Question read(Fields record) {
    if (!fits(record)) {
      throw new InputException(
          record.where()
              + ": not a record of "
              + name
              + ", which has "
              + String.join(", ", keys.stream().sorted().toList()));
    }
    return question.apply(record);
  }

  private static Question simple(String context, List<String> choices, int gold) {
    return described("", context, choices, gold);
  }

  private static Question described(
      String description, String context, List<String> choices, int gold) {
    return new Question.Choice(
        description,
        context + " " + choices.get(gold),
        choices.stream().map(c -> context).toList(),
        choices.stream().map(c -> " " + c).toList(),
        choices,
        gold);
  }

  private static Function<Fields, Question> hella() {
    return f -> {
      String ctx = f.text("ctx_a") + " " + capitalized(f.text("ctx_b"));
      List<String> endings = f.texts("endings").stream().map(TaskShape::cleaned).toList();
      String query = cleaned(f.text("activity_label") + ": " + ctx);
      return simple(query, endings, f.index("label", endings.size()));
    };
  }

  /** The first letter large, all others small. */
  private static String capitalized(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return new StringBuilder()
        .appendCodePoint(Character.toTitleCase(first))
        .append(text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT))
        .toString();
  }

  /** Without the marks that HellaSwag's texts from WikiHow have. */
  private static String cleaned(String text) {
    String titled = PythonText.strip(text).replace(" [title]", ". ");
    return BRACKETS.matcher(titled).replaceAll("").replace("  ", " ");
  }

  /** The sentence up to the gap with each option in it; what follows is the same for both. */
  private static Function<Fields, Question> winogrande() {
    return f -> {
      String sentence = f.text("sentence");
      int gap = sentence.indexOf('_');
      if (gap < 0) {
        throw f.fault("sentence", "a sentence with a gap _");
      }
      String end = " " + PythonText.strip(sentence.substring(gap + 1));
      int gold = f.index("answer", 3) - 1;
      if (gold < 0) {
        throw f.fault("answer", "1 or 2");
      }
      List<String> contexts = new ArrayList<>();
      for (String option : List.of(f.text("option1"), f.text("option2"))) {
        contexts.add(sentence.substring(0, gap) + option);
      }
      return new Question.Choice(
          "", contexts.get(gold) + end, contexts, List.of(end, end), contexts, gold);
    };
  }

  private static Function<Fields, Question> piqa() {
    return f ->
        simple(
            "Question: " + f.text("goal") + "\nAnswer:",
            List.of(f.text("sol1"), f.text("sol2")),
            f.index("label", 2));
  }

  private static Function<Fields, Question> openbook() {
    return f -> keyed(f, f.text("question_stem"));
  }

  private static Function<Fields, Question> arc() {
    return f -> keyed(f, "Question: " + f.text("question") + "\nAnswer:");
  }

  /** Choices with labels, one of which is the answer. */
  private static Question keyed(Fields f, String context) {
    Fields choices = f.object("choices");
    List<String> labels = choices.texts("label");
    List<String> texts = choices.texts("text");
    int gold = labels.indexOf(f.text("answerKey").stripLeading());
    if (gold < 0 || labels.size() != texts.size()) {
      throw f.fault("answerKey", "one of the labels " + String.join(", ", labels));
    }
    return simple(context, texts, gold);
  }

  private static Function<Fields, Question> mmlu() {
    return f -> {
      StringBuilder context = new StringBuilder(PythonText.strip(f.text("question")));
      List<String> choices = f.texts("choices");
      for (int i = 0; i < LETTERS.size(); i++) {
        context.append('\n').append(LETTERS.get(i)).append(". ").append(choices.get(i));
      }
      context.append("\nAnswer:");
      String subject = f.value("subject") instanceof String s ? s : "";
      return described(
          subject.isEmpty()
              ? ""
              : "The following are multiple choice questions (with answers) about "
                  + subject.replace('_', ' ')
                  + ".\n\n",
          context.toString(),
          LETTERS,
          f.index("answer", LETTERS.size()));
    };
  }

  private static Function<Fields, Question> boolq() {
    return f ->
        simple(
            f.text("passage") + "\nQuestion: " + f.text("question") + "?\nAnswer:",
            List.of("no", "yes"),
            f.index(f.has("label") ? "label" : "answer", 2));
  }

  /** All words but the last, split at single spaces. */
  private static Function<Fields, Question> lambada() {
    return f -> {
      String text = f.text("text");
      int space = text.lastIndexOf(' ');
      if (space < 0) {
        throw f.fault("text", "more than one word");
      }
      return new Question.LastWord(text.substring(0, space), text.substring(space));
    };
  }
}
