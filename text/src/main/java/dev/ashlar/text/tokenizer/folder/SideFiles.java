package dev.ashlar.text.tokenizer.folder;

import dev.ashlar.text.tokenizer.config.Node;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the files beside a vocabulary say of tokens and settings, with the precedence of
 * transformers: {@code added_tokens_decoder} of {@code tokenizer_config.json} makes {@code
 * special_tokens_map.json}, {@code added_tokens.json} and the tokens of {@code tokenizer.json}
 * superfluous; without it, the map's entries win over the configuration's.
 */
final class SideFiles {
  /** The names of tokens with a role, in the order in which they are added. */
  static final List<String> ROLES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private static final String CONFIG = "tokenizer_config.json";
  private static final String MAP = "special_tokens_map.json";
  private static final String ADDED = "added_tokens.json";
  private static final String DECODER = "added_tokens_decoder";
  private static final String EXTRA = "extra_special_tokens";
  private static final String OLD_EXTRA = "additional_special_tokens";

  private final Node config;
  private final Map<String, Node> settings = new LinkedHashMap<>();
  private final Map<String, Node> ofModel = new LinkedHashMap<>();
  private final TreeMap<Integer, SideToken> decoder = new TreeMap<>();
  private final Map<String, SideToken> byContent = new LinkedHashMap<>();

  /**
   * The side files of a folder.
   *
   * @param serialized the document of {@code tokenizer.json}, or null if there is none
   */
  SideFiles(Path folder, Node serialized) {
    config = FolderFiles.object(folder.resolve(CONFIG));
    members(config, settings);
    if (serialized != null) {
      // Its post-processor says what goes around a text.
      settings.remove("add_bos_token");
      settings.remove("add_eos_token");
    }
    if (settings.containsKey(OLD_EXTRA) && !isGiven(EXTRA)) {
      settings.put(EXTRA, settings.remove(OLD_EXTRA));
    }
    collectModelTokens();
    if (settings.containsKey(DECODER) && !settings.get(DECODER).isNull()) {
      readDecoder(settings.get(DECODER));
    } else {
      readMap(FolderFiles.object(folder.resolve(MAP)));
      readAdded(FolderFiles.object(folder.resolve(ADDED)));
      if (serialized != null && !serialized.get("added_tokens").isNull()) {
        serialized
            .nodes("added_tokens")
            .forEach(node -> remember(node.get("id").count(), SideToken.read(node, false)));
      }
    }
  }

  private static void members(Node object, Map<String, Node> out) {
    object.map().keySet().forEach(key -> out.put((String) key, object.get((String) key)));
  }

  /** Whether a setting is there and not empty. */
  private boolean isGiven(String key) {
    Node node = settings.get(key);
    return node != null
        && !node.isNull()
        && !(node.value() instanceof List<?> l && l.isEmpty())
        && !(node.value() instanceof Map<?, ?> m && m.isEmpty());
  }

  /** Names such as {@code image_token} that only some models have. */
  private void collectModelTokens() {
    for (String key : List.copyOf(settings.keySet())) {
      boolean name = key.endsWith("_token") && !ROLES.contains(key);
      if (name && settings.get(key).value() instanceof String) {
        ofModel.put(key, settings.remove(key));
      }
    }
    moveNamedExtras();
  }

  private void moveNamedExtras() {
    if (settings.containsKey(EXTRA) && settings.get(EXTRA).value() instanceof Map) {
      members(settings.remove(EXTRA), ofModel);
    }
  }

  private void readDecoder(Node tokens) {
    for (Object key : tokens.map().keySet()) {
      Node token = tokens.get((String) key);
      if (!((String) key).matches("\\d{1,9}")) {
        throw token.fault("\"" + key + "\" is no token id");
      }
      if (!(token.value() instanceof Map)) {
        throw token.expected("an object with the token's content");
      }
      remember(Integer.parseInt((String) key), SideToken.read(token, false));
    }
  }

  private void remember(int id, SideToken token) {
    decoder.put(id, token);
    byContent.put(token.content(), token);
  }

  private void readMap(Node map) {
    Map<String, Node> entries = new LinkedHashMap<>();
    members(map, entries);
    entries.forEach(
        (key, value) -> {
          if (key.equals(EXTRA) && value.value() instanceof List<?> more) {
            settings.put(EXTRA, joined(settings.get(EXTRA), value, more));
          } else {
            settings.put(key, value);
          }
        });
    moveNamedExtras();
  }

  private static Node joined(Node first, Node second, List<?> more) {
    Set<Object> all = new LinkedHashSet<>();
    if (first != null && first.value() instanceof List<?> before) {
      all.addAll(before);
    }
    all.addAll(more);
    return new Node(second.file(), second.path(), new ArrayList<>(all));
  }

  private void readAdded(Node added) {
    Set<String> special = new HashSet<>();
    for (String role : ROLES) {
      if (settings.containsKey(role) && !settings.get(role).isNull()) {
        special.add(SideToken.read(settings.get(role), true).content());
      }
    }
    list(EXTRA).forEach(token -> special.add(token.content()));
    for (Object key : added.map().keySet()) {
      String content = (String) key;
      boolean is = special.contains(content);
      // Not by its place in the document, for the token may have dots in it.
      Node id = new Node(added.file(), content, added.map().get(content));
      remember(id.count(), new SideToken(content, false, false, false, !is, is));
    }
  }

  /** The class that {@code tokenizer_config.json} names, or null. */
  String className() {
    Node name = config.get("tokenizer_class");
    return name.isNull() ? null : name.string();
  }

  /** Whether the class is one that comes with the model as a program. */
  boolean hasProgram() {
    return config.get("auto_map").value() instanceof Map<?, ?> map
        ? map.get("AutoTokenizer") != null
        : config.get("auto_map").value() instanceof List;
  }

  /** Added tokens by the ids that are stored with them. */
  TreeMap<Integer, SideToken> decoder() {
    return decoder;
  }

  /** The value of a setting: null if it is absent or null. */
  private Node setting(String key) {
    Node node = settings.get(key);
    return node == null || node.isNull() ? null : node;
  }

  /** Whether a setting is there, be it null. */
  boolean has(String key) {
    return settings.containsKey(key);
  }

  /** A setting that is true or false. */
  boolean flag(String key, boolean otherwise) {
    Node node = setting(key);
    if (node == null) {
      return otherwise;
    }
    if (node.value() instanceof Boolean b) {
      return b;
    }
    throw node.expected("true or false");
  }

  /** A setting that is a count. */
  int count(String key, int otherwise) {
    Node node = setting(key);
    return node == null ? otherwise : node.count();
  }

  /**
   * Tokens by their role, then those that only this model has.
   *
   * @param usual the tokens of the class, where no file says otherwise
   */
  Map<String, SideToken> named(Map<String, String> usual) {
    Map<String, SideToken> named = new LinkedHashMap<>();
    for (String role : ROLES) {
      Node node = settings.get(role);
      String otherwise = usual.get(role);
      if (node == null && otherwise != null) {
        named.put(role, SideToken.special(otherwise));
      } else if (node != null && !node.isNull()) {
        SideToken token = SideToken.read(node, isOfMap(node));
        named.put(role, byContent.getOrDefault(token.content(), token));
      }
    }
    usual.forEach(
        (name, token) -> {
          if (!ROLES.contains(name) && !has(name)) {
            named.put(name, SideToken.special(token));
          }
        });
    ofModel.forEach((name, node) -> named.put(name, SideToken.read(node, false)));
    return named;
  }

  private static boolean isOfMap(Node node) {
    return node.file().endsWith(MAP);
  }

  /** Whether the list of further special tokens is there, under its present name. */
  boolean hasExtra() {
    return settings.containsKey(EXTRA);
  }

  /** Further special tokens. */
  List<SideToken> extra() {
    return list(EXTRA);
  }

  /** Further special tokens, under the older name. */
  List<SideToken> olderExtra() {
    return list(OLD_EXTRA);
  }

  private List<SideToken> list(String key) {
    Node node = setting(key);
    List<SideToken> tokens = new ArrayList<>();
    if (node != null) {
      for (Object element : node.list()) {
        String place = node.path() + "[" + tokens.size() + "]";
        Node token = new Node(node.file(), place, element);
        tokens.add(SideToken.read(token, isOfMap(token)));
      }
    }
    return tokens;
  }

  /** The template of conversations: a string, or that of several which is the default; or null. */
  String template() {
    Node node = config.get("chat_template");
    if (node.isNull() || node.value() instanceof String) {
      return (String) node.value();
    }
    String found = null;
    for (Node named : config.nodes("chat_template")) {
      if (named.string("name").equals("default")) {
        found = named.string("template");
      }
    }
    return found;
  }
}
