package dev.ashlar.bench.peers;

import dev.ashlar.io.json.Json;
import dev.ashlar.text.tokenizer.Tokenizer;
import dev.ashlar.text.tokenizer.Tokenizers;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Whole texts to token ids, by tokenizers of real models, on one thread. */
final class TokenizerContests {
  /** The ids are compared by a sum over each of so many parts, which {@code peer.py} samples. */
  private static final int PARTS = 16;

  private static final int MODULUS = 1048573;

  private TokenizerContests() {}

  /**
   * One contest for each tokenizer.
   *
   * @param files {@code tokenizer.json} files, perhaps compressed ({@code .json.gz})
   * @param texts a folder of {@code .txt} files, each encoded whole
   */
  static List<Contest> all(List<Path> files, Path texts) {
    List<Path> paths = texts(texts);
    List<String> contents = paths.stream().map(TokenizerContests::read).toList();
    double megabytes = paths.stream().mapToLong(p -> p.toFile().length()).sum() / 1e6;
    StringBuilder names = new StringBuilder();
    paths.forEach(p -> names.append(' ').append(p.toAbsolutePath()));
    List<Contest> contests = new ArrayList<>();
    for (Path file : files) {
      contests.add(
          new Contest(
              "texts to token ids",
              file.getFileName().toString().replaceFirst("\\.json(\\.gz)?$", ""),
              Peer.TOKENIZERS,
              "encode " + file.toAbsolutePath() + names,
              1,
              megabytes,
              "MB/s",
              0,
              () -> side(file, contents)));
    }
    return contests;
  }

  private static List<Path> texts(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(p -> p.toString().endsWith(".txt")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Contest.Side side(Path file, List<String> contents) {
    Tokenizer tokenizer = tokenizer(file);
    int[][] ids = new int[contents.size()][];
    return new Contest.Side(
        () -> {
          for (int i = 0; i < ids.length; i++) {
            ids[i] = tokenizer.encode(contents.get(i), false);
          }
        },
        () -> sums(ids));
  }

  private static Tokenizer tokenizer(Path file) {
    boolean compressed = file.toString().endsWith(".gz");
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = compressed ? new GZIPInputStream(raw) : raw) {
      return Tokenizers.fromJson(Json.parse(in.readAllBytes(), file.toString()), file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] sums(int[][] ids) {
    int[] all = Stream.of(ids).flatMapToInt(java.util.Arrays::stream).toArray();
    float[] sums = new float[PARTS];
    for (int p = 0; p < PARTS; p++) {
      long h = 0;
      for (int i = (int) ((long) p * all.length / PARTS);
          i < (int) ((long) (p + 1) * all.length / PARTS);
          i++) {
        h = (h * 31 + all[i]) % MODULUS;
      }
      sums[p] = h;
    }
    return sums;
  }
}
