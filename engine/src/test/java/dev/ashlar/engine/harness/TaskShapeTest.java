package dev.ashlar.engine.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.io.InputException;
import dev.ashlar.io.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Records as the harness's templates write them out. */
class TaskShapeTest {
  private static Fields record(String json) {
    String strict = json.replace('\'', '"');
    return new Fields(
        Json.parseObject(strict.getBytes(StandardCharsets.UTF_8), "test"), "t.jsonl, line 1");
  }

  private static Question.Choice choice(String task, String json) {
    Fields record = record(json);
    TaskShape shape = TaskShape.of(record).orElseThrow();
    assertEquals(task, shape.name());
    return assertInstanceOf(Question.Choice.class, shape.read(record));
  }

  @Test
  void arc() {
    Question.Choice q =
        choice(
            "arc",
            "{'id':'1','question':'What burns?','choices':{'text':['Wood','Ice'],"
                + "'label':['1','2']},'answerKey':'1'}");
    assertEquals("Question: What burns?\nAnswer:", q.contexts().get(1));
    assertEquals(List.of(" Wood", " Ice"), q.continuations());
    assertEquals(0, q.gold());
    assertEquals("Question: What burns?\nAnswer: Wood", q.example());
  }

  @Test
  void hellaswagIsCleaned() {
    Question.Choice q =
        choice(
            "hellaswag",
            "{'ind':1,'activity_label':'Baking','ctx_a':'[header] A cook [title] bakes.',"
                + "'ctx_b':'the Cook','ctx':'x','endings':['eats  it. [step] ','Sings'],"
                + "'label':'1'}");
    assertEquals("Baking: A cook. bakes. The cook", q.contexts().getFirst());
    assertEquals(List.of("eats it. ", "Sings"), q.choices());
    assertEquals(" Sings", q.continuations().get(1));
    assertEquals(1, q.gold());
  }

  @Test
  void winograndeScoresTheSameEndOfBothSentences() {
    Question.Choice q =
        choice(
            "winogrande",
            "{'sentence':'The cup fell off the shelf as _ was loose.','option1':'the cup',"
                + "'option2':'the shelf','answer':'2'}");
    assertEquals("The cup fell off the shelf as the cup", q.contexts().get(0));
    assertEquals("The cup fell off the shelf as the shelf", q.contexts().get(1));
    assertEquals(List.of(" was loose.", " was loose."), q.continuations());
    assertEquals(1, q.gold());
    assertEquals("The cup fell off the shelf as the shelf was loose.", q.example());
  }

  @Test
  void mmlu() {
    Question.Choice q =
        choice(
            "mmlu",
            "{'question':' 1+1? ','subject':'abstract_algebra','choices':['1','2','3','4'],"
                + "'answer':1}");
    assertEquals(
        "The following are multiple choice questions (with answers) about abstract algebra.\n\n",
        q.description());
    assertEquals("1+1?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:", q.contexts().getFirst());
    assertEquals(List.of(" A", " B", " C", " D"), q.continuations());
    assertEquals(1, q.gold());
  }

  @Test
  void othersWithChoices() {
    Question.Choice piqa =
        choice("piqa", "{'goal':'Cut.','sol1':'Knife.','sol2':'Spoon.','label':0}");
    assertEquals("Question: Cut.\nAnswer:", piqa.contexts().getFirst());
    Question.Choice book =
        choice(
            "openbookqa",
            "{'question_stem':'The sun is','choices':{'text':['hot','cold'],"
                + "'label':['A','B']},'answerKey':'A'}");
    assertEquals("The sun is", book.contexts().getFirst());
    Question.Choice bool = choice("boolq", "{'question':'is it','passage':'It is.','answer':true}");
    assertEquals("It is.\nQuestion: is it?\nAnswer:", bool.contexts().getFirst());
    assertEquals(1, bool.gold());
  }

  @Test
  void openQuestionsAndLastWords() {
    Fields gsm = record("{'question':'2+3?','answer':'It is 5.\\n#### 5'}");
    assertEquals("gsm8k", TaskShape.of(gsm).orElseThrow().name());
    Question.Open open = (Question.Open) TaskShape.of(gsm).orElseThrow().read(gsm);
    assertEquals("Question: 2+3?\nAnswer:", open.context());
    Fields text = record("{'text':'He saw the  old man'}");
    assertTrue(TaskShape.of(text).isEmpty());
    Question.LastWord word =
        (Question.LastWord) TaskShape.named("lambada").orElseThrow().read(text);
    assertEquals("He saw the  old", word.context());
    assertEquals(" man", word.word());
  }

  @Test
  void recordsWithoutAnAnswerAreRefused() {
    Fields unlabelled =
        record("{'activity_label':'B','ctx_a':'a','ctx_b':'b','endings':['c','d'],'label':''}");
    String said =
        assertThrows(
                InputException.class, () -> TaskShape.of(unlabelled).orElseThrow().read(unlabelled))
            .getMessage();
    assertTrue(said.contains("line 1") && said.contains("label"), said);
  }

  @Test
  void answersMatchByTheHarnesssFilters() {
    String answer = "She has 1,018 left.\n#### 1018";
    assertTrue(
        ExactMatch.strict(" So it is 1,018.\n#### $1,018", answer.replace("$", "")) == false);
    assertTrue(ExactMatch.strict(" so\n#### 1,018", answer));
    assertTrue(ExactMatch.flexible(" The answer is $1,018.", answer));
    assertTrue(!ExactMatch.strict(" The answer is 1018", answer));
    assertTrue(!ExactMatch.flexible(" First 1018, then 7", answer));
    assertTrue(ExactMatch.whole(" Paris. ", "paris"));
    assertEquals(" 5\n", ExactMatch.cut(" 5\nQuestion: x", ExactMatch.STOPS));
  }
}
