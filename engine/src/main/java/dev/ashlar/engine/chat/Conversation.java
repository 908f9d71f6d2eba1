package dev.ashlar.engine.chat;

import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.io.InputException;
import dev.ashlar.nn.generate.Generator;
import dev.ashlar.text.chat.ChatTemplate;
import dev.ashlar.text.chat.ChatTemplateException;
import dev.ashlar.text.tokenizer.StoppingDecoder;
import dev.ashlar.text.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Messages so far, and the model that answers them. The model's cache is kept from turn to turn, so
 * that only what is new is read; where that lies on a device, closing the conversation gives it
 * back. Not thread-safe.
 */
public final class Conversation implements AutoCloseable {
  private final ChatTemplate template;
  private final Tokenizer tokenizer;
  private final Continuation model;
  private final int contextLength;
  private final IntUnaryOperator limit;
  private final List<String> stopStrings;
  private final Map<String, Object> variables;
  private final List<Map<String, Object>> messages = new ArrayList<>();
  private Map<String, Object> system;

  // The text and ids of the last turn, answer included: its ids are kept, because text that the
  // model wrote is not always cut into the same tokens when it is read again.
  private String lastText = "";
  private int[] lastIds = new int[0];

  /**
   * An answer.
   *
   * @param text what the model said
   * @param result tokens and times
   * @param promptTokens of the whole conversation before the answer
   * @param contextFull whether it ended because nothing more fits the model
   */
  public record Answer(
      String text, Generator.Result result, int promptTokens, boolean contextFull) {}

  /**
   * An empty conversation.
   *
   * @param template makes prompts of messages
   * @param model goes on behind prompts
   * @param contextLength tokens that fit the model
   * @param limit tokens of an answer behind a prompt of so many, where {@link #ask} is not told
   * @param stopStrings before which an answer ends
   * @param variables more variables for the template
   */
  public Conversation(
      ChatTemplate template,
      Tokenizer tokenizer,
      Continuation model,
      int contextLength,
      IntUnaryOperator limit,
      List<String> stopStrings,
      Map<String, Object> variables) {
    this.template = template;
    this.tokenizer = tokenizer;
    this.model = model;
    this.contextLength = contextLength;
    this.limit = limit;
    this.stopStrings = List.copyOf(stopStrings);
    this.variables = Map.copyOf(variables);
  }

  /** Sets what the model is told before everything else; null for nothing. */
  public void system(String text) {
    system = text == null ? null : message("system", text);
  }

  /** All messages, the system's first. */
  public List<Map<String, Object>> messages() {
    List<Map<String, Object>> all = new ArrayList<>();
    if (system != null) {
      all.add(system);
    }
    all.addAll(messages);
    return all;
  }

  /** Tokens that fit the model; {@link Integer#MAX_VALUE} if it does not say. */
  public int contextLength() {
    return contextLength;
  }

  /** Gives back what the model remembers; nothing can be asked afterwards. */
  @Override
  public void close() {
    model.close();
  }

  /** Forgets all messages but the system's. */
  public void clear() {
    messages.clear();
    lastText = "";
    lastIds = new int[0];
  }

  private static Map<String, Object> message(String role, String content) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }

  /** The model's answer to {@code text}; see {@link #ask(String, int, Cancellation, Consumer)}. */
  public Answer ask(String text) {
    return ask(text, piece -> {});
  }

  /**
   * The same, shown while it comes.
   *
   * @param listener is given the answer piece by piece, in whole characters
   */
  public Answer ask(String text, Consumer<String> listener) {
    return ask(text, new Cancellation(), listener);
  }

  /** The same until it is cancelled. */
  public Answer ask(String text, Cancellation cancellation, Consumer<String> listener) {
    return ask(text, limit, cancellation, listener);
  }

  /**
   * The model's answer to {@code text}, which is then part of the conversation, as the answer is.
   * If it fails, or is cancelled before it begins, the conversation is what it was.
   *
   * @param limit tokens of the answer
   * @param cancellation ends the answer where it is
   * @param listener is given the answer as it comes, in whole characters
   * @throws InputException if the conversation does not fit the model any more
   * @throws ChatTemplateException if the template fails or refuses the conversation
   */
  public Answer ask(String text, int limit, Cancellation cancellation, Consumer<String> listener) {
    return ask(text, promptTokens -> limit, cancellation, listener);
  }

  private Answer ask(
      String text, IntUnaryOperator most, Cancellation cancellation, Consumer<String> listener) {
    messages.add(message("user", text));
    boolean answered = false;
    try {
      Answer answer = answer(most, cancellation, listener);
      // An answer that was stopped before it began leaves no question behind.
      answered = !answer.text().isEmpty() || !cancellation.isCancelled();
      if (answered) {
        messages.add(message("assistant", answer.text()));
      }
      return answer;
    } finally {
      if (!answered) {
        messages.removeLast();
      }
    }
  }

  private Answer answer(
      IntUnaryOperator limit, Cancellation cancellation, Consumer<String> listener) {
    String prompt = template.render(messages(), null, true, variables);
    int[] ids = encode(prompt);
    int room = contextLength - ids.length;
    if (ids.length == 0 || room < 1) {
      throw new InputException(
          ids.length == 0
              ? "the chat template makes nothing of this conversation"
              : "the conversation has "
                  + ids.length
                  + " tokens and the model takes "
                  + contextLength
                  + "; start anew with /clear, or ask something shorter");
    }
    int most = limit.applyAsInt(ids.length);
    StoppingDecoder decoder = new StoppingDecoder(tokenizer, stopStrings);
    Continuation.Written written =
        model.write(decoder, ids, Math.min(most, room), listener, cancellation::isCancelled);
    Generator.Result result = written.result();
    // Tokens that spell a stop string are not in the text.
    boolean stopped = result.end() == Generator.End.STOP_STRING;
    remember(stopped ? "" : prompt + written.text(), ids, result.tokens());
    boolean full = result.tokens().size() >= room;
    boolean ended = full && room < most && result.end() == Generator.End.LIMIT;
    return new Answer(
        written.text(), ended ? result.with(Generator.End.CONTEXT) : result, ids.length, full);
  }

  private void remember(String text, int[] prompt, List<Integer> answer) {
    boolean plain = answer.stream().noneMatch(tokenizer::isSpecial);
    lastText = plain ? text : "";
    lastIds =
        IntStream.concat(Arrays.stream(prompt), answer.stream().mapToInt(Integer::intValue))
            .toArray();
  }

  /**
   * The ids of a prompt: those of the last turn, if it goes on behind them with a special token,
   * which text before it cannot change.
   */
  private int[] encode(String prompt) {
    if (!lastText.isEmpty() && prompt.startsWith(lastText)) {
      int[] rest = tokenizer.encode(prompt.substring(lastText.length()));
      if (rest.length > 0 && tokenizer.isSpecial(rest[0])) {
        return IntStream.concat(Arrays.stream(lastIds), Arrays.stream(rest)).toArray();
      }
    }
    return tokenizer.encode(prompt);
  }
}
