package dev.ashlar.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.LanguageModel;
import dev.ashlar.io.InputException;
import dev.ashlar.tuning.quality.WindowListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tokenizer that knows more tokens than its model has rows. */
class UnknownTokensTest {
  @TempDir Path scratch;
  private Path model;
  private Path text;

  @BeforeEach
  void model() throws IOException {
    model = FixtureFolders.llamaWithWords(scratch.resolve("model"));
    text = scratch.resolve("text.txt");
    Files.writeString(text, "w5 w6 w7 w8 <|extra|> w9 w10 w11 ".repeat(8));
  }

  private static void names(String said) {
    assertTrue(said.contains("<|extra|>") && said.contains("256"), said);
    assertFalse(said.contains("bug in Ashlar"), said);
  }

  @Test
  void aTextWithSuchATokenIsRefusedByItsNameAndBothSizes() {
    names(CommandRun.refused("generate", "--model", model, "--prompt", "w5 <|extra|>"));
    names(CommandRun.refused("eval", "--model", model, "--dataset", text, "--seqlen", 16));
    names(
        CommandRun.refused(
            "quantize",
            "--model",
            model,
            "--method",
            "rtn",
            "--eval-dataset",
            text,
            "--eval-seqlen",
            16,
            "--output-dir",
            scratch.resolve("out")));
  }

  @Test
  void calibrationWithSuchATokenIsRefused() {
    String said =
        CommandRun.refused(
            "quantize",
            "--model",
            model,
            "--group-size",
            32,
            "--iters",
            1,
            "--nsamples",
            2,
            "--seqlen",
            16,
            "--dataset",
            text,
            "--no-eval",
            "--output-dir",
            scratch.resolve("out"));
    assertTrue(said.contains("256"), said);
  }

  @Test
  void otherTextsAreRead() {
    CommandRun.succeed(
        "generate", "--model", model, "--prompt", "w5 w6", "--max-tokens", 2, "--temperature", 0);
  }

  @Test
  void programsHearOfItToo() {
    try (LanguageModel opened = LanguageModel.open(model)) {
      names(assertThrows(InputException.class, () -> opened.encode("<|extra|>")).getMessage());
      names(assertThrows(InputException.class, () -> opened.generate("w1 <|extra|>")).getMessage());
      names(assertThrows(InputException.class, () -> opened.chat().ask("<|extra|>")).getMessage());
      names(assertThrows(InputException.class, () -> opened.embed("<|extra|>")).getMessage());
      int[] ids = {1, 2, 256, 3};
      names(
          assertThrows(
                  InputException.class, () -> opened.evaluate(ids, 4, 0, WindowListener.SILENT))
              .getMessage());
      int[] negative = {1, -1};
      InputException e =
          assertThrows(
              InputException.class, () -> opened.evaluate(negative, 2, 0, WindowListener.SILENT));
      assertTrue(e.getMessage().contains("id -1"), e.getMessage());
      assertEquals(2, opened.encode("w1 w2").length);
    }
  }
}
