package dev.ashlar.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ashlar.io.InputException;
import dev.ashlar.text.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Tokenizers made to break: they work, or are refused in words. */
class SharedAttacksTest {
  private static final List<String> TEXTS =
      List.of("a", "Some text, ünd 文字 <s> 12\n", "ab \n".repeat(30_000), "llamaab".repeat(1000));

  @TestFactory
  List<DynamicTest> folders() throws IOException {
    Path attack = Shared.path("fixtures/field/attack");
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> folders = Files.list(attack).filter(Files::isDirectory).sorted()) {
      folders.forEach(
          folder ->
              tests.add(
                  DynamicTest.dynamicTest(folder.getFileName().toString(), () -> use(folder))));
    }
    return tests;
  }

  private static void use(Path folder) {
    for (String text : TEXTS) {
      try {
        Tokenizer tokenizer = Tokenizers.fromFolder(folder);
        tokenizer.decode(tokenizer.encode(text, true), true);
      } catch (InputException e) {
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
      }
    }
  }
}
