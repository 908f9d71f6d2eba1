package dev.ashlar.tuning.signround;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tuning.calibration.CalibrationSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The samples of a recorded run. A trace leaves out the id of a token that does not count, the last
 * one; what inputs reach may hang on it, so that it is looked up in the texts of the run.
 */
final class TraceSamples {
  private static final int FIRST_ID = 1;

  private TraceSamples() {}

  /**
   * @param texts words that say their ids, an object with a text in each line; may be missing
   */
  static CalibrationSet of(SafetensorsFile trace, Path texts) throws IOException {
    List<List<Integer>> all = texts(texts);
    Tensor ids = trace.tensor("loss_ids").toTensor();
    List<int[]> samples = new ArrayList<>();
    boolean[][] counted = new boolean[ids.dim(0)][ids.dim(1)];
    for (int s = 0; s < ids.dim(0); s++) {
      int[] sample = new int[ids.dim(1)];
      List<Integer> before = new ArrayList<>();
      for (int t = 0; t < sample.length; t++) {
        int id = (int) ids.data()[s * sample.length + t];
        counted[s][t] = id >= 0;
        sample[t] = id >= 0 ? id : next(all, before);
        before.add(sample[t]);
      }
      samples.add(sample);
    }
    return CalibrationSet.of(samples, counted);
  }

  private static List<List<Integer>> texts(Path file) throws IOException {
    List<List<Integer>> texts = new ArrayList<>();
    for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
      String text = (String) Json.parseObject(line.getBytes(UTF_8), "text").get("text");
      List<Integer> ids = new ArrayList<>(List.of(FIRST_ID));
      for (String word : text.split(" ")) {
        ids.add(Integer.parseInt(word.substring(1)));
      }
      texts.add(ids);
    }
    return texts;
  }

  /** What follows in a text that begins so; 0 where none does. */
  private static int next(List<List<Integer>> texts, List<Integer> before) {
    int n = before.size();
    return texts.stream()
        .filter(text -> text.size() > n && text.subList(0, n).equals(before))
        .findFirst()
        .map(text -> text.get(n))
        .orElse(0);
  }
}
