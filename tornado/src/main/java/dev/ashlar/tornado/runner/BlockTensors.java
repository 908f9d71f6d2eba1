package dev.ashlar.tornado.runner;

import dev.ashlar.nn.decoder.Block;
import dev.ashlar.nn.decoder.LinearSpec;
import dev.ashlar.nn.decoder.NormSpec;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * One block's tensors on their way to the device. Matrices come from a block of the processor,
 * which knows where those lie that are stored turned or stacked.
 */
final class BlockTensors {
  private final String parent;
  private final Tensors tensors;
  private final Map<String, Weight> weights = new HashMap<>();
  private final Map<String, Tensor> others = new HashMap<>();

  /**
   * What {@code block} has.
   *
   * @param block with weights as they are stored
   */
  BlockTensors(Block block, Tensors tensors) {
    this.parent = block.name() + ".";
    this.tensors = tensors;
    block.mapWeights(
        (name, weight) -> {
          weights.put(name, weight);
          return weight;
        });
    block.forEachTensor(others::put);
  }

  /** A vector of {@code n} elements. */
  FloatArray vector(String name, int n) {
    return tensors.plus(parent + name, n, 0);
  }

  DeviceNorm norm(NormSpec spec) {
    return DeviceNorm.of(parent, spec, tensors);
  }

  /** The norm, or null. */
  DeviceNorm norm(Optional<NormSpec> spec) {
    return spec.map(this::norm).orElse(null);
  }

  /** A router's map, or one that weighs an expert for all rows. */
  DeviceLinear gate(LinearSpec map) {
    return tensors.linear(parent, map);
  }

  DeviceLinear linear(LinearSpec map) {
    return linear(List.of(map), IntUnaryOperator.identity(), map.out());
  }

  /** As {@link #linear(List, IntUnaryOperator, int)}, of one map. */
  DeviceLinear linear(LinearSpec map, IntUnaryOperator rows, int out) {
    return linear(List.of(map), rows, out);
  }

  /**
   * Some outputs of maps that lie side by side.
   *
   * @param rows which of their outputs comes to a place; in order if there are several maps
   * @param out how many places there are
   */
  DeviceLinear linear(List<LinearSpec> maps, IntUnaryOperator rows, int out) {
    DeviceWeight weight = stacked(maps, weights(maps, rows, out));
    return new DeviceLinear(weight, biases(List.of(maps), rows, out));
  }

  /**
   * The same outputs of the same maps of all experts, one expert behind the other.
   *
   * @param experts the maps of each
   * @param rows which output comes to a place
   * @param out how many places an expert has
   * @param perToken experts of a row
   * @param fromStream whether all experts of a row read the row
   */
  DeviceExpertMap experts(
      List<List<LinearSpec>> experts,
      IntUnaryOperator rows,
      int out,
      int perToken,
      boolean fromStream) {
    List<DeviceWeight> all = new ArrayList<>();
    experts.forEach(maps -> all.addAll(weights(maps, rows, out)));
    DeviceWeight weight = stacked(experts.getFirst(), all);
    return new DeviceExpertMap(out, weight, biases(experts, rows, out), perToken, fromStream);
  }

  private List<DeviceWeight> weights(List<LinearSpec> maps, IntUnaryOperator rows, int out) {
    List<DeviceWeight> parts = new ArrayList<>();
    int begin = 0;
    int place = 0;
    for (LinearSpec map : maps) {
      int first = begin;
      int from = place;
      begin += map.out();
      while (place < out && (maps.size() == 1 || rows.applyAsInt(place) < begin)) {
        place++;
      }
      parts.add(weight(map, o -> rows.applyAsInt(from + o) - first, place - from));
    }
    return parts;
  }

  private DeviceWeight weight(LinearSpec map, IntUnaryOperator rows, int out) {
    try {
      return DeviceWeight.of(weights.get(map.name()), rows, out, tensors::powers);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(parent + map.name() + ": " + e.getMessage(), e);
    }
  }

  private DeviceWeight stacked(List<LinearSpec> named, List<DeviceWeight> parts) {
    try {
      return parts.size() == 1 ? parts.getFirst() : DeviceWeight.stack(parts);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          parent + named.getFirst().name() + " and others: " + e.getMessage(), e);
    }
  }

  /** Biases of the places of each group of maps, one group behind the other; null for none. */
  private FloatArray biases(List<List<LinearSpec>> groups, IntUnaryOperator rows, int out) {
    if (!groups.getFirst().getFirst().bias()) {
      return null;
    }
    FloatArray to = new FloatArray(groups.size() * out);
    int at = 0;
    for (List<LinearSpec> maps : groups) {
      Tensor[] all = maps.stream().map(m -> others.get(m.name() + ".bias")).toArray(Tensor[]::new);
      for (int o = 0; o < out; o++) {
        int row = rows.applyAsInt(o);
        int map = 0;
        while (row >= all[map].size()) {
          row -= all[map++].size();
        }
        to.set(at++, all[map].data()[row]);
      }
    }
    return to;
  }
}
