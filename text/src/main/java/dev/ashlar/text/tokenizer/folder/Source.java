package dev.ashlar.text.tokenizer.folder;

import dev.ashlar.io.InputException;
import dev.ashlar.text.tokenizer.config.Node;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where the vocabulary of a folder is. */
sealed interface Source {
  /** What documents made of it are called in messages. */
  String file();

  /** The document without added tokens and post-processor. */
  Map<String, Object> document(SideFiles side, Map<String, SideToken> named);

  /** Tokens by role that it names itself. */
  default Map<String, String> tokens() {
    return Map.of();
  }

  /** Further tokens that it names itself, or null if it has no such list. */
  default List<SideToken> controls() {
    return null;
  }

  /** Whether added tokens are found in text as it is, whatever their flags say. */
  default boolean findsUnnormalized() {
    return false;
  }

  /** The vocabulary of a {@code tokenizer.json}. */
  static Source serialized(Node document, TokenizerClass kind) {
    return new Serialized(document, kind);
  }

  /** The vocabulary of older files. */
  static Source files(Path folder, TokenizerClass kind, String className) {
    List<String> models = new ArrayList<>(List.of("tokenizer.model"));
    switch (kind) {
      case T5, ALBERT -> models.add("spiece.model");
      case XLM_ROBERTA -> models.add("sentencepiece.bpe.model");
      default -> {}
    }
    for (String name : models) {
      if (Files.exists(folder.resolve(name))) {
        ForeignVocabulary.refuse(folder.resolve(name));
        requireKnown(folder, kind, className);
        return new Pieces(folder.resolve(name), SentencePieceFile.read(folder.resolve(name)), kind);
      }
    }
    List<String> needed =
        switch (kind) {
          case QWEN2, QWEN35, GPT2, CODEGEN, GPT_NEOX, COHERE, ROBERTA ->
              List.of("vocab.json", "merges.txt");
          case BERT -> List.of("vocab.txt");
          default -> models;
        };
    for (String name : needed) {
      if (!Files.exists(folder.resolve(name))) {
        ForeignVocabulary.refuseIn(folder);
        throw absent(folder, needed, className);
      }
    }
    return new Words(folder, kind);
  }

  private static void requireKnown(Path folder, TokenizerClass kind, String className) {
    if (kind == TokenizerClass.OTHER && className != null && TokenizerClass.isForeign(className)) {
      throw InputException.in(folder.resolve("tokenizer_config.json"))
          .place("tokenizer_class")
          .problem("the class " + className + " is supported only with a tokenizer.json")
          .hint("load it in transformers and save it again, which writes one")
          .exception();
    }
  }

  private static InputException absent(Path folder, List<String> needed, String className) {
    String kind = className == null ? "" : " for its " + className;
    boolean pairs = Files.exists(folder.resolve("vocab.json"));
    return InputException.in(folder)
        .problem("has neither a tokenizer.json nor " + String.join(" and ", needed) + kind)
        .hint(
            pairs && className == null
                ? "name the class of its vocab.json as tokenizer_class in tokenizer_config.json"
                : "tokenizers in other files are not supported")
        .exception();
  }

  /** How many sentinels a T5 vocabulary ends in. */
  static int extraIds(SideFiles side) {
    return Math.min(side.count("extra_ids", 100), 10_000);
  }

  /** A document, of which classes that build a pipeline take only the model. */
  record Serialized(Node root, TokenizerClass kind) implements Source {
    @Override
    public String file() {
      return root.file();
    }

    @Override
    public Map<String, Object> document(SideFiles side, Map<String, SideToken> named) {
      if (!kind.builds()) {
        Map<String, Object> whole = new LinkedHashMap<>();
        root.map().forEach((key, value) -> whole.put((String) key, value));
        return whole;
      }
      Node stored = root.get("model");
      Map<String, Object> vocabulary = new LinkedHashMap<>();
      vocabulary.put("vocab", stored.get("vocab").value());
      if (kind.model().equals("BPE")) {
        vocabulary.put("merges", stored.get("merges").value());
      }
      return new Pipelines(side, named, charsMap(root.value())).document(kind, vocabulary);
    }

    /** The first character map in a document, or null. */
    private static String charsMap(Object value) {
      return switch (value) {
        case Map<?, ?> map ->
            map.get("precompiled_charsmap") instanceof String s
                ? s
                : map.get("normalizer") != null
                    ? charsMap(map.get("normalizer"))
                    : charsMap(map.get("normalizers"));
        case List<?> list ->
            list.stream().map(Serialized::charsMap).filter(s -> s != null).findFirst().orElse(null);
        case null -> null;
        default -> null;
      };
    }
  }

  /** A sentencepiece model. */
  record Pieces(Path path, SentencePieceFile pieces, TokenizerClass kind) implements Source {
    @Override
    public String file() {
      return path.toString();
    }

    @Override
    public Map<String, String> tokens() {
      Map<String, String> tokens = new LinkedHashMap<>();
      if (!kind.builds()) {
        var spec = pieces.spec();
        put(tokens, "bos_token", spec.bos(), spec.bosPiece());
        put(tokens, "eos_token", spec.eos(), spec.eosPiece());
        put(tokens, "unk_token", spec.unknown(), spec.unknownPiece());
      }
      return tokens;
    }

    private static void put(Map<String, String> tokens, String role, int id, String piece) {
      if (id >= 0) {
        tokens.put(role, piece);
      }
    }

    @Override
    public List<SideToken> controls() {
      return pieces.controls().stream().filter(t -> kind.builds() || t.special()).toList();
    }

    @Override
    public boolean findsUnnormalized() {
      return !kind.builds() && pieces.spec().dummyPrefix();
    }

    @Override
    public Map<String, Object> document(SideFiles side, Map<String, SideToken> named) {
      if (!kind.builds()) {
        Map<Integer, String> names = new HashMap<>();
        side.decoder().forEach((id, token) -> names.put(id, token.content()));
        // Without the setting it is on, and off if it is null.
        boolean legacy = side.flag("legacy", !side.has("legacy"));
        return pieces.document(names, legacy);
      }
      Map<String, Object> vocabulary = new LinkedHashMap<>();
      if (kind.model().equals("BPE")) {
        Map<String, Object> ids = pieces.ids();
        vocabulary.put("vocab", ids);
        vocabulary.put("merges", SentencePieceFile.merges(ids));
      } else {
        vocabulary.put("vocab", scored(side, named));
      }
      return new Pipelines(side, named, pieces.charsMap()).document(kind, vocabulary);
    }

    private List<Object> scored(SideFiles side, Map<String, SideToken> named) {
      List<Object> scored = pieces.scored();
      if (kind == TokenizerClass.T5) {
        for (int i = extraIds(side) - 1; i >= 0; i--) {
          scored.add(List.of("<extra_id_" + i + ">", 0.0));
        }
      } else if (kind == TokenizerClass.XLM_ROBERTA) {
        List<Object> shifted = new ArrayList<>();
        for (String role : List.of("bos_token", "pad_token", "eos_token", "unk_token")) {
          shifted.add(List.of(content(named, role), 0.0));
        }
        shifted.addAll(scored.subList(Math.min(3, scored.size()), scored.size()));
        shifted.add(List.of(content(named, "mask_token"), 0.0));
        return shifted;
      }
      return scored;
    }

    private static String content(Map<String, SideToken> named, String role) {
      return named.containsKey(role) ? named.get(role).content() : "None";
    }
  }

  /** A {@code vocab.json} with its {@code merges.txt}, or a {@code vocab.txt}. */
  record Words(Path folder, TokenizerClass kind) implements Source {
    @Override
    public String file() {
      return folder.resolve(kind == TokenizerClass.BERT ? "vocab.txt" : "vocab.json").toString();
    }

    @Override
    public Map<String, Object> document(SideFiles side, Map<String, SideToken> named) {
      Map<String, Object> vocabulary = new LinkedHashMap<>();
      if (kind == TokenizerClass.BERT) {
        vocabulary.put("vocab", FolderFiles.vocabularyLines(folder.resolve("vocab.txt")));
      } else {
        vocabulary.put("vocab", FolderFiles.vocabulary(folder.resolve("vocab.json")).value());
        vocabulary.put("merges", FolderFiles.merges(folder.resolve("merges.txt")));
      }
      return new Pipelines(side, named, null).document(kind, vocabulary);
    }
  }
}
