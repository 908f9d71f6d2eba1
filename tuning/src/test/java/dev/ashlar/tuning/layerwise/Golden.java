package dev.ashlar.tuning.layerwise;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tuning.layerwise.solver.GridFit;
import dev.ashlar.tuning.layerwise.solver.SecondMoments;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/** A recorded answer of a published program, and the layer it is about. */
final class Golden implements AutoCloseable {
  private final SafetensorsFile file;
  private final SafetensorsFile layer;

  private Golden(SafetensorsFile file, SafetensorsFile layer) {
    this.file = file;
    this.layer = layer;
  }

  static Golden open(Path path) {
    SafetensorsFile file = SafetensorsFile.open(path);
    String name = "layer_" + file.metadata().get("layer") + ".safetensors";
    return new Golden(file, SafetensorsFile.open(path.resolveSibling(name)));
  }

  /** Tests of all answers of some methods: those here, and those of the shared folder. */
  static Stream<DynamicTest> tests(Consumer<Golden> check, String... methods) {
    return Stream.concat(
        tests(copied(), check, methods),
        shared()
            .map(root -> tests(root, check, methods))
            .orElseGet(
                () ->
                    Stream.of(
                        DynamicTest.dynamicTest(
                            "shared", () -> Assumptions.abort("no shared folder")))));
  }

  static Path copied() {
    try {
      return Path.of(Golden.class.getResource("/layerwise").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Optional<Path> shared() {
    return Optional.of(
            Path.of(System.getProperty("ashlar.shared", "absent")).resolve("fixtures/layerwise"))
        .filter(Files::isDirectory);
  }

  private static Stream<DynamicTest> tests(Path root, Consumer<Golden> check, String... methods) {
    try (Stream<Path> all = Files.list(root)) {
      return all.filter(p -> isOf(p, methods)).sorted().toList().stream()
          .map(
              p ->
                  DynamicTest.dynamicTest(
                      p.getFileName().toString(),
                      () -> {
                        try (Golden golden = open(p)) {
                          check.accept(golden);
                        }
                      }));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isOf(Path p, String... methods) {
    if (!p.toString().endsWith(".safetensors")) {
      return false;
    }
    try (SafetensorsFile file = SafetensorsFile.open(p)) {
      return java.util.List.of(methods).contains(file.metadata().getOrDefault("method", ""));
    }
  }

  Map<String, String> settings() {
    return file.metadata();
  }

  boolean is(String setting) {
    return "True".equals(settings().get(setting));
  }

  double number(String setting, double fallback) {
    String v = settings().get(setting);
    return v == null ? fallback : Double.parseDouble(v);
  }

  IntegerGrid grid() {
    return new IntegerGrid(
        (int) number("bits", 0), (int) number("group", -1), is("sym"), DType.F32);
  }

  /** The peers' way to fit grids. */
  GridFit fit() {
    return new GridFit(grid(), false, 0);
  }

  boolean has(String tensor) {
    return file.find(tensor).isPresent();
  }

  double[] doubles(String tensor) {
    return doubles(file.tensor(tensor));
  }

  static double[] doubles(StoredTensor t) {
    int n = (int) t.shape().size();
    double[] values = new double[n];
    if (t.dtype() == DType.F64) {
      byte[] raw = new byte[8 * n];
      t.readBytes(0, raw, 0, raw.length);
      java.nio.ByteBuffer.wrap(raw)
          .order(java.nio.ByteOrder.LITTLE_ENDIAN)
          .asDoubleBuffer()
          .get(values);
      return values;
    }
    float[] floats = new float[n];
    t.read(0, floats, 0, n);
    for (int i = 0; i < n; i++) {
      values[i] = floats[i];
    }
    return values;
  }

  int[] ints(String tensor) {
    double[] values = doubles(tensor);
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) values[i];
    }
    return ints;
  }

  /** {@code [out, in]}. */
  Tensor weight() {
    return floats(layer.tensor("W"));
  }

  /** {@code [sequences, length, in]}. */
  Tensor inputs() {
    Tensor x = floats(layer.tensor("X"));
    int sequences = Integer.parseInt(layer.metadata().get("sequences"));
    return x.reshape(sequences, x.dim(0) / sequences, x.dim(1));
  }

  private static Tensor floats(StoredTensor t) {
    Tensor to = Tensor.zeros(t.shape());
    t.read(0, to.data(), 0, to.size());
    return to;
  }

  SecondMoments moments(Backend backend) {
    Tensor x = inputs();
    SecondMoments moments = new SecondMoments(x.dim(-1), backend);
    moments.add(x);
    return moments;
  }

  /** {@code ‖(W−Ŵ)Xᵀ‖² / ‖WXᵀ‖²}, all of it in double. */
  double error(Tensor approximation) {
    return error(weight(), approximation, inputs());
  }

  static double error(Tensor w, Tensor approximation, Tensor x) {
    int in = w.dim(1);
    double off = 0;
    double all = 0;
    for (int t = 0; t < x.size() / in; t++) {
      for (int o = 0; o < w.dim(0); o++) {
        double difference = 0;
        double value = 0;
        for (int k = 0; k < in; k++) {
          double weight = w.data()[o * in + k];
          difference += (weight - approximation.data()[o * in + k]) * x.data()[t * in + k];
          value += weight * x.data()[t * in + k];
        }
        off += difference * difference;
        all += value * value;
      }
    }
    return off / all;
  }

  @Override
  public void close() {
    file.close();
    layer.close();
  }
}
