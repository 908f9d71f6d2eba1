package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.io.json.Json;
import dev.ashlar.io.json.JsonWriter;
import dev.ashlar.text.tokenizer.folder.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Folders of every kind, each with side files at random, against transformers 5.24's {@code
 * AutoTokenizer}: ids, ids with what goes around a text, the text of ids, special tokens.
 */
class FolderTokenizersTest {
  @TempDir Path temp;

  private static Path resources() throws Exception {
    return Path.of(FolderTokenizersTest.class.getResource("/tokenizers/folders.json.gz").toURI())
        .getParent();
  }

  @TestFactory
  List<DynamicTest> folders() throws Exception {
    Path file = resources().resolve("folders.json.gz");
    List<DynamicTest> tests = new ArrayList<>();
    int number = 0;
    for (Object element : (List<?>) Json.parse(Cases.read(file), file.toString())) {
      Map<?, ?> folder = (Map<?, ?>) element;
      String name = number++ + " " + folder.get("base") + " " + folder.get("class");
      tests.add(DynamicTest.dynamicTest(name, () -> check(folder, name)));
    }
    return tests;
  }

  private void check(Map<?, ?> folder, String name) throws Exception {
    Path place = write(folder, temp.resolve(name.replaceAll("\\W+", "-")));
    Tokenizer tokenizer = Tokenizers.fromFolder(place);
    for (Object one : (List<?>) folder.get("cases")) {
      Map<?, ?> c = (Map<?, ?>) one;
      String text = (String) c.get("text");
      String which = " of \"" + text + "\" with " + folder.get("files");
      int[] ids = ints(c.get("ids"));
      assertArrayEquals(ids, tokenizer.encode(text), () -> "ids" + which);
      assertArrayEquals(
          ints(c.get("ids_special")), tokenizer.encode(text, true), () -> "special" + which);
      assertEquals(c.get("decoded"), tokenizer.decode(ids), () -> "text" + which);
      assertEquals(c.get("kept"), tokenizer.decode(ids, true), () -> "kept" + which);
    }
    assertEquals(folder.get("special_tokens_map"), TokenizerFolder.specialTokens(place));
    assertEquals(id(folder.get("bos_id")), tokenizer.bos().orElse(-1));
    assertEquals(id(folder.get("eos_id")), tokenizer.eos().orElse(-1));
  }

  private static int id(Object id) {
    return id == null ? -1 : ((Number) id).intValue();
  }

  private static int[] ints(Object list) {
    return ((List<?>) list).stream().mapToInt(x -> ((Number) x).intValue()).toArray();
  }

  private static Path write(Map<?, ?> folder, Path place) throws Exception {
    Files.createDirectories(place);
    String kind = (String) ((List<?>) folder.get("base")).get(0);
    String name = (String) ((List<?>) folder.get("base")).get(1);
    Path model = resources().resolve(name + ".model");
    Path json = resources().resolve(name + ".json");
    switch (kind) {
      case "spm" -> Files.copy(model, place.resolve("tokenizer.model"));
      case "spiece" -> Files.copy(model, place.resolve("spiece.model"));
      case "xlmr" -> Files.copy(model, place.resolve("sentencepiece.bpe.model"));
      case "json" -> Files.copy(json, place.resolve("tokenizer.json"));
      default -> words((Map<?, ?>) Json.readObject(json).get("model"), place);
    }
    for (Map.Entry<?, ?> side : ((Map<?, ?>) folder.get("files")).entrySet()) {
      Files.writeString(place.resolve((String) side.getKey()), JsonWriter.compact(side.getValue()));
    }
    return place;
  }

  /** A vocabulary as the older files have it. */
  private static void words(Map<?, ?> model, Path place) throws IOException {
    Map<?, ?> vocab = (Map<?, ?>) model.get("vocab");
    if (model.get("merges") == null) {
      List<String> tokens =
          vocab.entrySet().stream()
              .sorted(Comparator.comparing(e -> (Long) e.getValue()))
              .map(e -> (String) e.getKey())
              .toList();
      Files.write(place.resolve("vocab.txt"), tokens);
      return;
    }
    Files.writeString(place.resolve("vocab.json"), JsonWriter.compact(vocab));
    String rules =
        ((List<?>) model.get("merges"))
            .stream()
                .map(
                    rule ->
                        rule instanceof List<?> pair
                            ? pair.get(0) + " " + pair.get(1)
                            : (String) rule)
                .collect(Collectors.joining("\n"));
    Files.writeString(place.resolve("merges.txt"), "#version: 0.2\n" + rules + "\n");
  }
}
