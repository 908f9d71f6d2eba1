package dev.ashlar.tuning.work;

import dev.ashlar.tensor.quant.QuantizedMatrix;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** All that a matrix is, as its bytes in a work folder. */
public final class RecordBytes {
  private RecordBytes() {}

  /** Of a matrix of any kind. */
  public static byte[] of(QuantizedMatrix matrix) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      MatrixRecord.write(new DataOutputStream(bytes), matrix);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
