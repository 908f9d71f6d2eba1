package dev.ashlar.engine.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.tuning.calibration.Documents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFilesTest {
  @TempDir Path scratch;

  private Path file(String name, String content) throws IOException {
    return Files.writeString(scratch.resolve(name), content);
  }

  private static String fault(Path file) {
    return assertThrows(InputException.class, () -> TextFiles.textsOrTokens(file)).getMessage();
  }

  @Test
  void aPlainTextIsOneDocument() throws IOException {
    Path file = file("a.txt", "\uFEFFone\n\ntwo\n");
    assertEquals(List.of("one\n\ntwo\n"), TextFiles.documents(file));
    assertEquals("one\n\ntwo\n", TextFiles.text(file));
    assertEquals(List.of("x"), TextFiles.documents(file("noending", "x")));
  }

  @Test
  void aLineIsADocument() throws IOException {
    List<String> expected = List.of("one", "two");
    assertEquals(expected, TextFiles.documents(file("s.jsonl", "\"one\"\n\n\"two\"\n")));
    assertEquals(
        expected, TextFiles.documents(file("t.jsonl", "{\"text\":\"one\"}\n{\"text\":\"two\"}")));
    assertEquals(
        expected, TextFiles.documents(file("o.jsonl", "{\"story\":\"one\"}\n{\"story\":\"two\"}")));
    assertEquals("one\n\ntwo", TextFiles.text(scratch.resolve("t.jsonl")));
  }

  @Test
  void aListIsDocuments() throws IOException {
    List<String> expected = List.of("one", "two");
    assertEquals(expected, TextFiles.documents(file("l.json", "[\"one\",\"two\"]")));
    assertEquals(
        expected, TextFiles.documents(file("m.json", "{\"rows\":[{\"text\":\"one\"},\"two\"]}")));
    assertTrue(fault(file("n.json", "5")).contains("expected a list"));
    assertTrue(fault(file("e.json", "[\"one\",5]")).contains("entry 2"));
  }

  @Test
  void documentsMayBeTokensAlready() throws IOException {
    Path file = file("ids.jsonl", "{\"input_ids\":[1,2]}\n{\"input_ids\":[]}");
    Documents.Document first = TextFiles.textsOrTokens(file).getFirst();
    assertArrayEquals(new int[] {1, 2}, assertInstanceOf(Documents.Tokens.class, first).ids());
    assertThrows(InputException.class, () -> TextFiles.documents(file));
    assertTrue(fault(file("bad.jsonl", "{\"input_ids\":[1,-2]}")).contains("line 1"));
  }

  @Test
  void endingsAreReadInCapitalsAndInOtherSpellings() throws IOException {
    List<String> expected = List.of("one", "two");
    String lines = "{\"text\":\"one\",\"id\":1}\n{\"text\":\"two\",\"id\":2}\n";
    for (String name :
        List.of(
            "a.jsonl",
            "b.JSONL",
            "c.ndjson",
            "d.NdJson",
            "e.jsonlines",
            "f.jl",
            "g.json",
            "h.Json",
            "i.jsonl.bak",
            "noending",
            "k.data")) {
      Path file = file(name, lines);
      assertEquals(expected, TextFiles.documents(file), name);
      assertInstanceOf(Documents.Separate.class, TextFiles.read(file), name);
      assertEquals("one\n\ntwo", TextFiles.text(file), name);
    }
    // Who calls it a text is told, but believed.
    assertEquals(lines, TextFiles.text(file("l.TXT", lines)));
    assertEquals(expected, TextFiles.documents(file("m.JSON", "[\"one\",\"two\"]")));
    assertEquals(expected, TextFiles.documents(file("n.json", "{\"a\":\"one\",\"b\":\"two\"}")));
    assertEquals("{one}", TextFiles.text(file("o.story", "{one}")));
  }

  @Test
  void tablesAndArchivesAreNoText() throws IOException {
    for (String name : List.of("a.csv", "b.TSV", "c.parquet", "d.jsonl.gz", "e.arrow")) {
      String said = fault(file(name, "text,label\na,1\n"));
      assertTrue(said.contains(name) && said.contains(".jsonl"), said);
    }
  }

  @Test
  void itIsSaidHowToMakeATextOfATable() throws IOException {
    Path parquet = file("c.parquet", "PAR1");
    assertEquals(
        parquet
            + ": .parquet files are not read; make a .txt, .json or .jsonl file of it, for example"
            + " with Python: pandas.read_parquet('"
            + parquet
            + "').to_json('text.jsonl', orient='records', lines=True)",
        fault(parquet));
    assertTrue(fault(file("a.csv", "a,b")).contains("pandas.read_csv('"));
    assertTrue(fault(file("a.arrow", "")).contains("datasets.Dataset.from_file('"));
    assertTrue(fault(file("a.jsonl.zst", "")).endsWith("unpack it and name what is in it"));
    // By their bytes, whatever they are called.
    for (String name : List.of("part-0", "e.txt", "f.json")) {
      Path unnamed = scratch.resolve(name);
      Files.write(unnamed, new byte[] {'P', 'A', 'R', '1', 21, 4, (byte) 0xff, 'P', 'A', 'R', '1'});
      String said = fault(unnamed);
      assertTrue(said.contains("is a .parquet file by what is in it"), said);
      assertTrue(said.contains("pandas.read_parquet('" + unnamed + "')"), said);
    }
    Path packed = scratch.resolve("g.txt");
    Files.write(packed, new byte[] {0x1f, (byte) 0x8b, 8, 0});
    assertTrue(fault(packed).contains("is a .gz file by what is in it, which is not read; unpack"));
  }

  @Test
  void conversationsAreReadInBothSpellings() throws IOException {
    String ours = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"id\":1}\n";
    String older = "{\"conversations\":[{\"from\":\"human\",\"value\":\"hi\"}]}\n";
    for (String text : List.of(ours, older)) {
      Path file = file("chat.jsonl", text);
      Documents.Chat chat =
          assertInstanceOf(Documents.Chat.class, TextFiles.textsOrTokens(file).getFirst());
      assertEquals("user", chat.messages().getFirst().get("role"));
      assertEquals("hi", chat.messages().getFirst().get("content"));
      assertThrows(InputException.class, () -> TextFiles.text(file));
    }
    assertTrue(fault(file("bad.jsonl", "{\"messages\":[{\"content\":1}]}")).contains("role"));
  }

  @Test
  void faultsNameFileAndLine() throws IOException {
    assertTrue(fault(scratch.resolve("none.txt")).contains("no such file"));
    assertTrue(fault(scratch).contains("not a file of text"));
    assertTrue(fault(file("blank.txt", " \n")).contains("no text in it"));
    assertTrue(fault(file("j.jsonl", "\"ok\"\n{\"text\":")).contains("j.jsonl, line 2"));
    assertTrue(fault(file("k.jsonl", "{\"text\":\"a\"}\n{\"other\":\"b\"}")).contains("\"text\""));
    Path latin = Files.write(scratch.resolve("latin.txt"), new byte[] {'a', '\n', (byte) 0xE9});
    assertTrue(fault(latin).contains("latin.txt, line 2: not valid UTF-8"));
  }
}
