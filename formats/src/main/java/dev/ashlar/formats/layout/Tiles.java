package dev.ashlar.formats.layout;

import dev.ashlar.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Blocks of rows and inputs that share a scale, as a configuration says them: {@code
 * weight_block_size} or a pair as {@code group_size} (AutoRound), {@code block_structure}
 * (compressed-tensors).
 */
record Tiles(int rows, int columns) {
  private static final Pattern TEXT = Pattern.compile("\\d{1,9}x\\d{1,9}");

  /** AutoRound's. */
  static Optional<Tiles> of(Map<String, Object> quantization) {
    return pair(quantization.get("weight_block_size"))
        .or(() -> pair(quantization.get("group_size")));
  }

  /** Two sizes in a list, or a text as {@code 128x128} in older files. */
  static Optional<Tiles> pair(Object sizes) {
    if (sizes instanceof String text && TEXT.matcher(text).matches()) {
      String[] two = text.split("x");
      return pair(List.of(Long.valueOf(two[0]), Long.valueOf(two[1])));
    }
    return sizes instanceof List<?> list
            && list.size() == 2
            && list.get(0) instanceof Long rows
            && list.get(1) instanceof Long columns
            && size(rows)
            && size(columns)
        ? Optional.of(new Tiles(rows.intValue(), columns.intValue()))
        : Optional.empty();
  }

  private static boolean size(long n) {
    return n > 0 && n <= 1 << 20;
  }

  /** The shape of the scales of a matrix of that shape. */
  Shape scales(Shape matrix) {
    return Shape.of(Math.ceilDiv(matrix.dim(0), (long) rows), Math.ceilDiv(matrix.dim(1), columns));
  }
}
