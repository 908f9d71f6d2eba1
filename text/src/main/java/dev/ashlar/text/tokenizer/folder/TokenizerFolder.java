package dev.ashlar.text.tokenizer.folder;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.folder.Components.Special;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * A folder's tokenizer as one {@code tokenizer.json}, made of all its files as transformers' {@code
 * AutoTokenizer} makes its own of them.
 *
 * <table>
 * <caption>what is read</caption>
 * <tr><td>{@code tokenizer.json}</td><td>the pipeline; of classes that build their own, vocabulary
 * and post-processor only</td></tr>
 * <tr><td>{@code tokenizer.model}, {@code spiece.model}…</td><td>else a sentencepiece model</td></tr>
 * <tr><td>{@code vocab.json}, {@code merges.txt}; {@code vocab.txt}</td><td>else a vocabulary of
 * the class</td></tr>
 * <tr><td>{@code tokenizer_config.json}, {@code special_tokens_map.json}, {@code
 * added_tokens.json}</td><td>tokens and settings</td></tr>
 * <tr><td>{@code config.json}</td><td>the type of the model</td></tr>
 * </table>
 *
 * <p>Faults are {@link dev.ashlar.io.InputException}s.
 */
public final class TokenizerFolder {
  private static final String JSON = "tokenizer.json";

  private final Path folder;
  private final Node serialized;
  private final SideFiles side;
  private final TokenizerClass kind;
  private final String className;
  private Source source;
  private Map<String, SideToken> named;
  private AddedTable table;

  private TokenizerFolder(Path folder) {
    this.folder = folder;
    Path json = folder.resolve(JSON);
    serialized =
        Files.exists(json)
            ? new Node(json.toString(), "", Json.readObject(json, Json.MAX_DOCUMENT_BYTES))
            : null;
    side = new SideFiles(folder, serialized);
    ClassChoice choice =
        choice(folder, side, () -> serialized != null && spellsBytes(serialized.value()));
    className = choice.name();
    kind = serialized != null && !fits(choice.chosen()) ? TokenizerClass.OTHER : choice.chosen();
  }

  private static ClassChoice choice(Path folder, SideFiles side, BooleanSupplier byteLevel) {
    Node model = FolderFiles.object(folder.resolve("config.json"));
    return ClassChoice.of(
        text(model.get("model_type"), ""),
        side.className(),
        text(model.get("tokenizer_class"), null),
        side.hasProgram(),
        byteLevel);
  }

  /** The tokenizer that the files of {@code folder} describe. */
  public static Description read(Path folder) {
    return new TokenizerFolder(folder).description();
  }

  /** Special tokens by their role, such as {@code bos_token}, without reading a vocabulary. */
  public static Map<String, String> specialTokens(Path folder) {
    SideFiles side = new SideFiles(folder, null);
    Path json = folder.resolve(JSON);
    boolean serialized = Files.exists(json);
    ClassChoice choice =
        choice(folder, side, () -> serialized && FolderFiles.text(json).contains("\"ByteLevel\""));
    Map<String, String> usual = new LinkedHashMap<>(choice.chosen().tokens());
    if (!serialized && Files.exists(folder.resolve("tokenizer.model"))) {
      Source.files(folder, choice.chosen(), choice.name()).tokens().forEach(usual::putIfAbsent);
    }
    return contents(side.named(usual));
  }

  private static Map<String, String> contents(Map<String, SideToken> named) {
    Map<String, String> contents = new LinkedHashMap<>();
    named.forEach((role, token) -> contents.put(role, token.content()));
    return contents;
  }

  private static String text(Node node, String otherwise) {
    return node.value() instanceof String s ? s : otherwise;
  }

  /** Whether any component of a document but its model is a byte-level one. */
  private static boolean spellsBytes(Object value) {
    return switch (value) {
      case Map<?, ?> map ->
          "ByteLevel".equals(map.get("type"))
              || map.entrySet().stream()
                  .anyMatch(e -> !"model".equals(e.getKey()) && spellsBytes(e.getValue()));
      case List<?> list -> list.stream().anyMatch(TokenizerFolder::spellsBytes);
      case null -> false;
      default -> false;
    };
  }

  /** Whether the vocabulary is of the kind from which the class builds its pipeline. */
  private boolean fits(TokenizerClass wanted) {
    Node model = serialized.get("model");
    if (!wanted.builds() || !(model.value() instanceof Map)) {
      return true;
    }
    String type = text(model.get("type"), model.get("merges").isNull() ? "" : "BPE");
    return type.equals(wanted.model());
  }

  private Description description() {
    source =
        serialized != null
            ? Source.serialized(serialized, kind)
            : Source.files(folder, kind, className);
    Map<String, String> usual = new LinkedHashMap<>(kind.tokens());
    source.tokens().forEach(usual::putIfAbsent);
    named = side.named(usual);
    Map<String, Object> document = source.document(side, named);
    table =
        new AddedTable(
            Vocabulary.of(new Node(source.file(), "model", document.get("model")).get("vocab")));
    if (serialized != null && !kind.builds() && !serialized.get("added_tokens").isNull()) {
      serialized
          .nodes("added_tokens")
          .forEach(token -> table.keep(token.get("id").count(), SideToken.read(token, false)));
    }
    addTokens();
    document.put("post_processor", postProcessor());
    document.put("added_tokens", table.entries());
    return new Description(document, source.file(), contents(named), side.template());
  }

  /** Adds what the files list and the vocabulary lacks, in the order that decides about ids. */
  private void addTokens() {
    Set<String> roles = new HashSet<>();
    named.values().forEach(token -> roles.add(token.content()));
    List<SideToken> more = new ArrayList<>();
    Set<String> known = new HashSet<>();
    side.decoder()
        .values()
        .forEach(
            token -> {
              SideToken found = source.findsUnnormalized() ? token.unnormalized() : token;
              known.add(token.content());
              if (!table.contains(found)) {
                more.add(found);
              }
            });
    List<SideToken> special = new ArrayList<>(named.values());
    special.addAll(extra());
    for (SideToken token : special) {
      boolean there = known.contains(token.content()) || table.contains(token.content());
      if (!there && !more.contains(token)) {
        more.add(token);
      }
    }
    for (SideToken token : more) {
      table.add(roles.contains(token.content()) ? token.asSpecial() : token);
    }
    if (kind == TokenizerClass.QWEN2) {
      special.forEach(token -> table.add(SideToken.special(token.content())));
    } else if (kind == TokenizerClass.COHERE) {
      special.forEach(token -> table.add(token.asSpecial()));
    }
  }

  /** Further special tokens: those of the files, or else those of the class or the model file. */
  private List<SideToken> extra() {
    if (side.hasExtra()) {
      return side.extra();
    }
    List<SideToken> extra =
        new ArrayList<>(source.controls() != null ? source.controls() : side.olderExtra());
    if (kind == TokenizerClass.CODE_LLAMA) {
      kind.tokens()
          .keySet()
          .forEach(
              name -> {
                if (!SideFiles.ROLES.contains(name) && named.containsKey(name)) {
                  extra.add(SideToken.special(named.get(name).content()));
                }
              });
    }
    if (kind == TokenizerClass.T5
        && extra.stream().noneMatch(token -> token.content().contains("<extra_id_"))) {
      for (int i = 0; i < Source.extraIds(side); i++) {
        extra.add(SideToken.special("<extra_id_" + i + ">"));
      }
    }
    return extra;
  }

  private Object postProcessor() {
    Object stored = serialized == null ? null : serialized.get("post_processor").value();
    boolean openedByClass = kind == TokenizerClass.CODE_LLAMA;
    boolean said = openedByClass || side.has("add_bos_token") || side.has("add_eos_token");
    return switch (kind) {
      case BERT, ROBERTA -> Components.around(role("cls_token"), role("sep_token"));
      case T5 -> Components.around(List.of(), role("eos_token"));
      case XLM_ROBERTA -> Components.around(role("bos_token"), role("eos_token"));
      case ALBERT ->
          said
              ? ends(false)
              : stored != null ? stored : Components.around(role("cls_token"), role("sep_token"));
      case GPT_NEOX -> ends(false);
      default -> said || stored == null ? ends(openedByClass) : stored;
    };
  }

  private Object ends(boolean opensByDefault) {
    boolean opens = side.flag("add_bos_token", opensByDefault);
    boolean closes = side.flag("add_eos_token", false);
    return Components.around(
        opens ? role("bos_token") : List.of(), closes ? role("eos_token") : List.of());
  }

  private List<Special> role(String role) {
    SideToken token = named.get(role);
    return token == null
        ? List.of()
        : List.of(new Special(token.content(), table.id(token.content())));
  }
}
