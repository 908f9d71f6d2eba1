package dev.ashlar.tuning.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.formats.checkpoint.Checkpoint;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.Outliers;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.LinearLayer;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whatever of a model is another makes it another. */
class FingerprintTest {
  private static final IntegerGrid W4 = new IntegerGrid(4, 32, false);

  private static Decoder packed(float factor) {
    return TinyModel.load()
        .mapWeights(
            (name, weight) -> {
              Tensor w = ((DenseWeight) weight).matrix().copy();
              // All codes stay what they are; scales do not.
              for (int i = 0; i < w.size(); i++) {
                w.data()[i] *= factor;
              }
              QuantizedMatrix q = RoundToNearest.quantize(new LinearLayer(name, w, W4));
              return FrozenWeight.of(q);
            });
  }

  private static Decoder changed(String tensor) {
    Decoder model = TinyModel.load();
    model.forEachTensor(
        (name, t) -> {
          if (name.equals(tensor)) {
            t.data()[0] += 1;
          }
        });
    return model;
  }

  private static Decoder outlier(float value) {
    return packed(1)
        .mapWeights(
            (name, weight) -> {
              QuantizedMatrix q = ((FrozenWeight) weight).matrix();
              int[] start = new int[q.out() + 1];
              Arrays.fill(start, 1, start.length, 1);
              Outliers one = new Outliers.Entries(start, new int[] {3}, new float[] {value});
              return FrozenWeight.of(q.withOutliers(one));
            });
  }

  private static Decoder packedHead(float factor) {
    return TinyModel.load()
        .mapHead(
            (name, weight) -> {
              Tensor w = ((DenseWeight) weight).matrix().copy();
              for (int i = 0; i < w.size(); i++) {
                w.data()[i] *= factor;
              }
              return FrozenWeight.of(RoundToNearest.quantize(new LinearLayer(name, w, W4)));
            });
  }

  /** With an embedding that stays in the file as codes, and is no tensor of the decoder's. */
  private static Decoder codedEmbedding(float factor) {
    Checkpoint source = TinyModel.open();
    StoredTensor floats = source.tensor(EMBEDDING);
    Coded coded = new Coded(floats, factor);
    WeightSource with =
        (WeightSource)
            Proxy.newProxyInstance(
                FingerprintTest.class.getClassLoader(),
                new Class<?>[] {WeightSource.class},
                (proxy, method, args) -> {
                  if (args != null && EMBEDDING.equals(args[0])) {
                    switch (method.getName()) {
                      case "find":
                        return Optional.of(coded);
                      case "tensor":
                        return coded;
                      default:
                    }
                  }
                  return method.invoke(source, args);
                });
    return Decoder.loadFrozen(Architectures.spec(with), with, Backends.chosen());
  }

  private static final String EMBEDDING = "model.embed_tokens.weight";

  /** A tensor that is stored as something else than floats. */
  private record Coded(StoredTensor floats, float factor) implements StoredTensor {
    @Override
    public String name() {
      return floats.name();
    }

    @Override
    public Shape shape() {
      return floats.shape();
    }

    @Override
    public DType dtype() {
      return DType.F32;
    }

    @Override
    public String storage() {
      return "codes";
    }

    @Override
    public long byteSize() {
      return floats.shape().size();
    }

    @Override
    public void read(long from, float[] target, int offset, int count) {
      floats.read(from, target, offset, count);
      for (int i = offset; i < offset + count; i++) {
        target[i] *= factor;
      }
    }

    @Override
    public void readBytes(long from, byte[] target, int offset, int count) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void scalesCodesEmbeddingsAndNormsCount() {
    List<Decoder> models =
        List.of(
            TinyModel.load(),
            packed(1),
            packed(2),
            changed("model.embed_tokens.weight"),
            changed("model.layers.1.mlp.down_proj.weight"),
            changed("model.layers.0.input_layernorm.weight"),
            changed("model.norm.weight"),
            outlier(1),
            outlier(2),
            packedHead(1),
            packedHead(2),
            codedEmbedding(2),
            codedEmbedding(3));
    Set<String> all = new HashSet<>();
    models.forEach(m -> all.add(Fingerprint.of(m)));
    assertEquals(models.size(), all.size());
    assertEquals(Fingerprint.of(packed(2)), Fingerprint.of(packed(2)));
    assertEquals(Fingerprint.of(codedEmbedding(2)), Fingerprint.of(codedEmbedding(2)));
  }
}
