package dev.ashlar.tuning.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ashlar.nn.decoder.Decoder;
import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.quant.IntegerGrid;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tuning.TinyModel;
import dev.ashlar.tuning.layerwise.RoundToNearest;
import dev.ashlar.tuning.method.LinearLayer;
import java.util.HashSet;
import java.util.List;
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
            changed("model.norm.weight"));
    Set<String> all = new HashSet<>();
    models.forEach(m -> all.add(Fingerprint.of(m)));
    assertEquals(models.size(), all.size());
    assertEquals(Fingerprint.of(packed(2)), Fingerprint.of(packed(2)));
  }
}
