package dev.ashlar.engine.harness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.data.DatasetFiles;
import dev.ashlar.engine.model.Model;
import dev.ashlar.formats.hub.HubCache;
import dev.ashlar.io.AshlarException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole syntax of data sets, as an evaluation takes it. */
class EvaluationTextTest {
  private static Model demo;

  @TempDir Path scratch;

  @BeforeAll
  static void open() {
    demo = Model.open("demo");
  }

  @AfterAll
  static void close() {
    demo.close();
  }

  private Path file(String name, String content) throws IOException {
    return Files.writeString(scratch.resolve(name), content);
  }

  private List<EvaluationText> read(String datasets) {
    return EvaluationText.read(datasets, new DatasetFiles(new HubCache(scratch)));
  }

  private static int[] plain(String text) {
    return demo.tokenizer().encode(text, false);
  }

  private String fault(String datasets) {
    return assertThrows(AshlarException.class, () -> read(datasets).getFirst().ids(demo))
        .getMessage();
  }

  @Test
  void eachDataSetIsOneWithItsOwnNumberOfWindows() throws IOException {
    Path a = file("a.txt", "The first text.");
    Path b = file("b.jsonl", "{\"text\":\"One.\"}\n{\"text\":\"Two.\"}\n");
    List<EvaluationText> both = read(a + ":num=3," + b);
    assertEquals(List.of(a.toString(), b.toString()), both.stream().map(t -> t.name()).toList());
    assertArrayEquals(plain("The first text."), both.get(0).ids(demo));
    assertArrayEquals(plain("One.\n\nTwo."), both.get(1).ids(demo));
    assertEquals(3, both.get(0).windows(40));
    assertEquals(40, both.get(1).windows(40));
    assertEquals(0, both.get(1).windows(0));
  }

  @Test
  void aFileWithCommasInItsNameIsOne() throws IOException {
    Path odd = file("a,b:num=1.txt", "The text.");
    assertEquals(1, read(odd.toString()).size());
    assertArrayEquals(plain("The text."), read(odd.toString()).getFirst().ids(demo));
  }

  @Test
  void aSplitOfACachedDataSetIsRead() throws IOException {
    Path data = Files.createDirectories(scratch.resolve("datasets--org--set"));
    Files.writeString(Files.createDirectories(data.resolve("refs")).resolve("main"), "abc");
    Path snapshot = Files.createDirectories(data.resolve("snapshots/abc"));
    Files.writeString(snapshot.resolve("train.jsonl"), "{\"text\":\"One.\"}\n");
    Files.writeString(snapshot.resolve("test.jsonl"), "{\"text\":\"Two.\"}\n");
    assertArrayEquals(plain("Two."), read("org/set:split=test").getFirst().ids(demo));
    assertArrayEquals(plain("One."), read("org/set").getFirst().ids(demo));
  }

  @Test
  void conversationsGoThroughTheTemplate() throws IOException {
    String chat =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},"
            + "{\"role\":\"assistant\",\"content\":\"Ho\"}]}\n";
    Path chats = file("c.jsonl", chat);
    assertTrue(fault(chats.toString()).contains("apply_chat_template"));
    EvaluationText text = read(chats + ":apply_chat_template:system_prompt=").getFirst();
    if (demo.chatTemplate().isEmpty()) {
      assertTrue(
          assertThrows(AshlarException.class, () -> text.ids(demo))
              .getMessage()
              .contains("no chat template"));
    } else {
      String rendered =
          demo.chatTemplate()
              .get()
              .render(
                  List.of(
                      Map.of("role", "user", "content", "Hi"),
                      Map.of("role", "assistant", "content", "Ho")),
                  false);
      assertArrayEquals(plain(rendered), text.ids(demo));
    }
    Path running = file("r.txt", "Hi");
    assertTrue(fault(running + ":apply_chat_template").contains(".jsonl"));
  }

  @Test
  void tokenIdsFollowEachOther() throws IOException {
    Path ids = file("i.jsonl", "{\"input_ids\":[5,6]}\n{\"input_ids\":[7]}\n");
    assertArrayEquals(new int[] {5, 6, 7}, read(ids.toString()).getFirst().ids(demo));
    Path unknown = file("u.jsonl", "{\"input_ids\":[5,9999999]}\n");
    assertTrue(fault(unknown.toString()).contains("9999999"));
  }

  @Test
  void whatDoesNothingOrIsUnknownIsSaid() throws IOException {
    Path a = file("a.txt", "The first text.");
    assertTrue(read(a + ":concat").getFirst().idle().orElseThrow().contains("concat"));
    assertTrue(read(a.toString()).getFirst().idle().isEmpty());
    assertTrue(fault(a + ":shuffle=1").contains("shuffle"));
    assertTrue(fault(a + ":split=test").contains("no splits"));
    assertTrue(fault("nothing.txt").contains("no such file"));
  }

  @Test
  void whatIsReadAsTextIsMeasuredAsText() throws IOException {
    DatasetFiles files = new DatasetFiles(new HubCache(scratch));
    String lines = "{\"text\":\"One.\",\"id\":1}\n{\"text\":\"Two.\",\"id\":2}\n";
    for (Path text : List.of(file("l.json", lines), file("b.story", "[One] Two."))) {
      List<Assignment> all = Assignments.read(text.toString(), Set.of(), files);
      assertInstanceOf(EvaluationText.class, all.getFirst(), text.toString());
    }
    String asked = "{\"goal\":\"Cut.\",\"sol1\":\"Knife.\",\"sol2\":\"Spoon.\",\"label\":0}\n";
    Path questions = file("q.json", asked.repeat(2));
    List<Assignment> all = Assignments.read(questions.toString(), Set.of(), files);
    assertEquals(2, assertInstanceOf(QuestionSet.class, all.getFirst()).questions().size());
    Path broken = file("x.json", "[{\"text\":");
    assertThrows(AshlarException.class, () -> Assignments.read(broken.toString(), Set.of(), files));
  }
}
