package dev.ashlar.text.tokenizer.post;

import dev.ashlar.text.tokenizer.config.Node;
import dev.ashlar.text.tokenizer.text.IntList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The list of post-processors by the name they have in tokenizer files. */
public final class PostProcessors {
  private static final Map<String, Function<Node, PostProcessor>> ALL =
      Map.of(
          "Sequence", node -> sequence(node.each("processors", PostProcessors::read)),
          // It only trims offsets, which ids do not have.
          "ByteLevel", node -> ids -> ids,
          "TemplateProcessing", PostProcessors::template,
          "RobertaProcessing", PostProcessors::around,
          "BertProcessing", PostProcessors::around);

  private PostProcessors() {}

  /** The post-processor an object describes; null stands for none. */
  public static PostProcessor read(Node node) {
    return node.isNull() ? ids -> ids : node.component("post-processor", ALL);
  }

  /** The post-processor that puts fixed ids before and after. */
  public static PostProcessor around(List<Integer> before, List<Integer> after) {
    return ids -> {
      IntList out = new IntList(ids.length + before.size() + after.size());
      before.forEach(out::add);
      out.addAll(ids, ids.length);
      after.forEach(out::add);
      return out.toArray();
    };
  }

  private static PostProcessor sequence(List<PostProcessor> steps) {
    return ids -> {
      int[] t = ids;
      for (PostProcessor step : steps) {
        t = step.process(t);
      }
      return t;
    };
  }

  private static PostProcessor around(Node node) {
    return around(List.of(pairId(node.get("cls"))), List.of(pairId(node.get("sep"))));
  }

  private static int pairId(Node pair) {
    if (pair.list().size() != 2) {
      throw pair.expected("a token and its id");
    }
    return new Node(pair.file(), pair.path() + "[1]", pair.list().get(1)).count();
  }

  /** A template's pieces, of which only those for a single text matter here. */
  private static PostProcessor template(Node node) {
    Node specials = node.get("special_tokens");
    List<int[]> pieces =
        node.each(
            "single",
            piece -> {
              Node special = piece.get("SpecialToken");
              if (special.isNull()) {
                piece.get("Sequence").map();
                return null;
              }
              Node known = specials.get(special.string("id"));
              if (known.isNull()) {
                throw special.fault("the token " + special.string("id") + " is not defined");
              }
              return known.nodes("ids").stream().mapToInt(Node::count).toArray();
            });
    return ids -> {
      IntList out = new IntList(ids.length + 8);
      for (int[] piece : pieces) {
        int[] part = piece == null ? ids : piece;
        out.addAll(part, part.length);
      }
      return out.toArray();
    };
  }
}
