package dev.ashlar.formats.layout;

import dev.ashlar.tensor.quant.QuantScheme;
import java.util.List;
import java.util.Set;

/** What a configuration declares of a checkpoint's packed linear maps. */
public interface PackedPlan {
  /** The layouts that occur; the first part of each marks a packed module. */
  List<PackedLayout> layouts();

  /** The layout of a module that is stored packed. */
  PackedLayout layout(String module);

  /** The declared scheme of a module; unquantized if it is declared float. */
  QuantScheme scheme(String module);

  /** The scheme of modules of which nothing special is said. */
  QuantScheme baseScheme();

  /** Modules that the configuration speaks of by name. */
  Set<String> named();
}
