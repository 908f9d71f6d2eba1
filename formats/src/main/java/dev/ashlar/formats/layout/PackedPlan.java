package dev.ashlar.formats.layout;

import dev.ashlar.formats.checkpoint.StoredTensors;
import dev.ashlar.tensor.quant.QuantScheme;
import java.util.List;
import java.util.Set;

/** What a configuration declares of a checkpoint's packed linear maps. */
public interface PackedPlan {
  /** The layouts that occur; the first part of each marks a packed module. */
  List<PackedLayout> layouts();

  /** The layout that is declared for a module that is stored packed. */
  PackedLayout layout(String module);

  /** The layout of a module that has the first part of one, where tensors can tell. */
  default PackedLayout layout(String module, StoredTensors tensors) {
    return layout(module);
  }

  /** The declared scheme of a module; unquantized if it is declared float. */
  QuantScheme scheme(String module);

  /** The scheme to read a module by that is stored in that layout, also if it is declared float. */
  default QuantScheme scheme(String module, PackedLayout stored) {
    QuantScheme declared = scheme(module);
    return declared.isFloat() ? baseScheme() : declared;
  }

  /** The scheme of modules of which nothing special is said. */
  QuantScheme baseScheme();

  /** Modules that the configuration speaks of by name. */
  Set<String> named();
}
