package dev.ashlar.tornado.runner;

import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A checkpoint whose matrices in blocks are rounded to codes, as if it had been quantized. */
record RoundedSource(WeightSource source, IntegerGrid grid) implements WeightSource {
  private static final String WEIGHT = ".weight";

  private boolean isRounded(String module) {
    return module.contains("layers.")
        && source.find(module + WEIGHT).filter(t -> t.shape().rank() == 2).isPresent();
  }

  @Override
  public Set<String> quantizedNames() {
    Set<String> modules = new LinkedHashSet<>();
    for (String name : source.names()) {
      if (name.endsWith(WEIGHT)) {
        String module = name.substring(0, name.length() - WEIGHT.length());
        if (isRounded(module)) {
          modules.add(module);
        }
      }
    }
    return modules;
  }

  @Override
  public Optional<QuantizedMatrix> quantized(String module) {
    return isRounded(module)
        ? Optional.of(rounded(source.tensor(module + WEIGHT)))
        : Optional.empty();
  }

  private QuantizedMatrix rounded(StoredTensor t) {
    int out = (int) t.shape().dim(0);
    int in = (int) t.shape().dim(1);
    float[] w = t.toTensor().data();
    int size = grid.effectiveGroup(in);
    int groups = grid.groups(in);
    byte[] codes = new byte[out * in];
    byte[] zeros = new byte[out * groups];
    float[] scales = new float[out * groups];
    for (int o = 0; o < out; o++) {
      for (int g = 0; g < groups; g++) {
        float low = 0;
        float high = 0;
        int end = Math.min(in, (g + 1) * size);
        for (int k = g * size; k < end; k++) {
          low = Math.min(low, w[o * in + k]);
          high = Math.max(high, w[o * in + k]);
        }
        float s = Math.max((high - low) / grid.maxCode(), 1e-6f);
        int zero = Math.clamp(Math.round(-low / s), 0, grid.maxCode());
        scales[o * groups + g] = s;
        zeros[o * groups + g] = (byte) zero;
        for (int k = g * size; k < end; k++) {
          codes[o * in + k] =
              (byte) Math.clamp(Math.round(w[o * in + k] / s) + zero, 0, grid.maxCode());
        }
      }
    }
    return new QuantizedMatrix(out, in, grid, codes, scales, zeros);
  }

  @Override
  public String description() {
    return source.description();
  }

  @Override
  public Map<String, Object> config() {
    return source.config();
  }

  @Override
  public Set<String> names() {
    return source.names();
  }

  @Override
  public Optional<StoredTensor> find(String name) {
    return source.find(name);
  }

  @Override
  public StoredTensor tensor(String name) {
    return source.tensor(name);
  }

  @Override
  public RuntimeException fault(String tensor, String expected, String found, String hint) {
    return source.fault(tensor, expected, found, hint);
  }

  @Override
  public void close() {
    source.close();
  }
}
