package example;

import dev.ashlar.nn.architecture.Architecture;
import dev.ashlar.nn.architecture.Architectures;
import dev.ashlar.nn.decoder.DecoderSpec;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Map;

/** A family that the library does not have: Llama under another name. Found as a service. */
public class OwnFamily implements Architecture {
  @Override
  public String modelType() {
    return "village";
  }

  @Override
  public DecoderSpec spec(Map<String, Object> config, WeightSource source) {
    return Architectures.find("llama").orElseThrow().spec(config, source);
  }
}
