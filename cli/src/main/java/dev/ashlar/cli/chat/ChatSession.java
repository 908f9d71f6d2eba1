package dev.ashlar.cli.chat;

import dev.ashlar.cli.console.Console;
import dev.ashlar.cli.console.Figures;
import dev.ashlar.cli.console.Keyboard;
import dev.ashlar.engine.chat.Conversation;
import dev.ashlar.engine.job.Cancellation;
import dev.ashlar.io.AshlarException;
import dev.ashlar.io.InputException;
import dev.ashlar.io.file.AtomicFile;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.nn.generate.Generator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The terminal's side of a conversation: reads lines, shows answers as they come, obeys commands.
 * Answers go to standard output, everything else to standard error.
 */
public final class ChatSession {
  private static final String HELP =
      """
      /clear        forget the conversation
      /system TEXT  tell the model something before everything else, and start anew
      /save FILE    write the conversation as JSON; only files of this session are replaced
      /help         show this
      /exit         end (so does Ctrl-D)
      Ctrl-C stops an answer; at the prompt it ends the program.
      A line that ends in \\ goes on in the next one.""";
  private static final String DIM = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";

  private final Conversation conversation;
  private final Console console;
  private final Keyboard keyboard;
  private final boolean quiet;
  private final List<Map<String, Object>> turns = new ArrayList<>();

  /** Files that this session wrote, and what they were then. */
  private final Map<Path, Object> saved = new HashMap<>();

  private boolean ended;

  /**
   * A session.
   *
   * @param quiet whether answers are only collected, for {@link #turns}
   */
  public ChatSession(Conversation conversation, Console console, Keyboard keyboard, boolean quiet) {
    this.conversation = conversation;
    this.console = console;
    this.keyboard = keyboard;
    this.quiet = quiet;
  }

  /** What was asked and answered, with figures. */
  public List<Map<String, Object>> turns() {
    return turns;
  }

  /** Runs until the person leaves or the input ends. */
  public void run(String model) {
    if (keyboard.isTerminal()) {
      int context = conversation.contextLength();
      String fits = context == Integer.MAX_VALUE ? "" : " (" + context + " tokens of context)";
      aside(model + fits + "; /help shows what can be typed");
    }
    while (!ended) {
      switch (line()) {
        case Keyboard.End end -> {
          newLine();
          return;
        }
        case Keyboard.Interrupt interrupt -> {
          newLine();
          ended = interrupt.empty();
        }
        case Keyboard.Text text -> obey(text.text());
      }
    }
  }

  /** One line, or several where each but the last ends in a backslash. */
  private Keyboard.Line line() {
    StringBuilder text = new StringBuilder();
    String prompt = "> ";
    while (true) {
      prompt(prompt);
      Keyboard.Line line = keyboard.readLine();
      if (!(line instanceof Keyboard.Text typed)) {
        boolean begun = line instanceof Keyboard.Interrupt && !text.isEmpty();
        return begun ? new Keyboard.Interrupt(false) : line;
      }
      String part = typed.text();
      if (!part.endsWith("\\")) {
        return new Keyboard.Text(text + part);
      }
      text.append(part, 0, part.length() - 1).append('\n');
      prompt = "… ";
    }
  }

  private void obey(String text) {
    if (text.isBlank()) {
      return;
    }
    try {
      if (text.startsWith("/")) {
        command(text.strip());
      } else {
        ask(text);
      }
    } catch (AshlarException e) {
      if (!keyboard.isTerminal()) {
        throw e;
      }
      console.fault(e.getMessage());
    }
  }

  private void command(String text) {
    int space = text.indexOf(' ');
    String name = space < 0 ? text : text.substring(0, space);
    String argument = space < 0 ? "" : text.substring(space).strip();
    switch (name) {
      case "/help", "/?" -> HELP.lines().forEach(console::note);
      case "/exit", "/quit", "/bye" -> ended = true;
      case "/clear" -> {
        conversation.clear();
        aside("the conversation is empty");
      }
      case "/system" -> {
        conversation.system(argument.isEmpty() ? null : argument);
        conversation.clear();
        aside(argument.isEmpty() ? "no system message" : "the conversation begins anew");
      }
      case "/save" -> save(argument);
      default -> throw new InputException("there is no command " + name + "; /help lists them");
    }
  }

  private void save(String name) {
    if (name.isEmpty()) {
      throw new InputException("/save needs the name of a file");
    }
    try {
      Path file = Path.of(name);
      requireOurs(file);
      AtomicFile.write(file, JsonWriter.pretty(Map.of("messages", conversation.messages())));
      saved.put(place(file), key(file));
      aside("saved " + conversation.messages().size() + " messages in " + file);
    } catch (InvalidPathException e) {
      throw new InputException("'" + name + "' is not a path: " + e.getReason(), e);
    }
  }

  /** A file that was there before, or that somebody wrote since, may be anything. */
  private void requireOurs(Path file) {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !key(file).equals(saved.get(place(file)))) {
      throw new InputException(
          file + " exists already and is kept as it is; another name is free: /save " + free(file));
    }
  }

  private static Path place(Path file) {
    return file.toAbsolutePath().normalize();
  }

  /** What tells a file from one that takes its place. */
  private static Object key(Path file) {
    try {
      BasicFileAttributes now =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return List.of(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
    } catch (IOException e) {
      throw InputException.unreadable(file, e);
    }
  }

  /** The same name with the first number that no file has. */
  private static Path free(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    String ending = name.substring(stem.length());
    int n = 2;
    Path other;
    do {
      other = file.resolveSibling(stem + "-" + n++ + ending);
    } while (Files.exists(other, LinkOption.NOFOLLOW_LINKS));
    return other;
  }

  private void ask(String text) {
    Conversation.Answer answer;
    boolean stopped;
    try (Keyboard.Watch watch = keyboard.watch()) {
      Cancellation cancellation = Cancellation.when(watch::interrupted);
      answer = conversation.ask(text, cancellation, this::print);
      stopped = watch.interrupted();
    }
    if (!quiet) {
      console.out().println();
      console.out().flush();
      aside(figures(answer, stopped));
    }
    turns.add(facts(text, answer));
  }

  private void print(String piece) {
    if (!quiet) {
      // What a model writes must not steer the terminal.
      console
          .out()
          .print(keyboard.isTerminal() ? piece.replaceAll("[\\p{Cc}&&[^\n\t]]", "") : piece);
      console.requireWritten();
    }
  }

  private String figures(Conversation.Answer answer, boolean stopped) {
    Generator.Result r = answer.result();
    int kept = answer.promptTokens() - r.promptTokens();
    String end =
        stopped
            ? "stopped; "
            : answer.contextFull()
                ? "the model's context is full: /clear starts anew; "
                : r.end() == Generator.End.LIMIT ? "--max-tokens reached; " : "";
    return "["
        + end
        + r.promptTokens()
        + " prompt tokens at "
        + Figures.significant(r.promptTokensPerSecond())
        + "/s"
        + (kept > 0 ? " (" + kept + " kept)" : "")
        + ", "
        + r.tokens().size()
        + " generated"
        + (r.tokensPerSecond() > 0
            ? " at " + Figures.significant(r.tokensPerSecond()) + "/s]"
            : "]");
  }

  private static Map<String, Object> facts(String user, Conversation.Answer answer) {
    Generator.Result r = answer.result();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("user", user);
    facts.put("assistant", answer.text());
    facts.put("tokens", (long) r.tokens().size());
    facts.put("promptTokens", (long) answer.promptTokens());
    facts.put("promptTokensComputed", (long) r.promptTokens());
    facts.put("promptTokensPerSecond", r.promptTokensPerSecond());
    facts.put("tokensPerSecond", r.tokensPerSecond());
    facts.put("end", r.end().name().toLowerCase(Locale.ROOT));
    return facts;
  }

  private void prompt(String text) {
    if (keyboard.isTerminal()) {
      console.err().print(text);
      console.err().flush();
    }
  }

  private void newLine() {
    if (keyboard.isTerminal()) {
      console.note("");
    }
  }

  private void aside(String text) {
    console.note(console.terminal() ? DIM + text + PLAIN : text);
  }
}
