package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvRows;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Attention over scattered pages, written by {@code store}, against the definition. */
class DeviceAttentionTest {
  private static final int PAGE = 4;
  private static final int PAGES = 6;
  private static final int KEYS = 19;

  @ParameterizedTest
  @CsvSource({
    "1, 4, 2, 8, 8, 0, 0, false, false",
    "3, 4, 1, 16, 16, 0, 0, false, false",
    "19, 2, 2, 12, 12, 5, 0, false, false",
    "5, 6, 3, 8, 8, 0, 3, false, false",
    "4, 4, 2, 12, 7, 0, 0, false, false",
    "3, 4, 4, 8, 8, 0, 0, true, false",
    "5, 4, 2, 8, 16, 6, 0, true, true",
    "6, 2, 1, 8, 8, 0, 0, false, true"
  })
  void pagesAreTheDefinition(
      int queries,
      int heads,
      int kvHeads,
      int dim,
      int valueDim,
      int window,
      float softcap,
      boolean slopes,
      boolean sinks) {
    Random random = new Random(dim + queries);
    float[] q = DeviceTesting.floats(random, queries * heads * dim, 2);
    float[] k = DeviceTesting.floats(random, KEYS * kvHeads * dim, 2);
    float[] v = DeviceTesting.floats(random, KEYS * kvHeads * valueDim, 2);
    float[] slope = DeviceTesting.floats(random, heads, 0.3f);
    float[] sink = DeviceTesting.floats(random, heads, 3);
    float[] biases = new float[2 * heads];
    for (int h = 0; h < heads; h++) {
      biases[2 * h] = slopes ? slope[h] : 0;
      biases[2 * h + 1] = sinks ? sink[h] : DeviceAttention.NO_SINK;
    }
    float scale = 0.4f;
    var spec =
        new AttentionKernel.Spec(
            AttentionRanges.ragged(new int[] {queries}, new int[] {KEYS}),
            heads,
            kvHeads,
            dim,
            valueDim,
            scale,
            window,
            softcap,
            slopes ? slope : null);
    float[] expected = new float[queries * heads * valueDim];
    float[] lse = new float[queries * heads];
    Backends.reference()
        .attention()
        .forward(
            spec,
            q,
            new KvRows.Dense(k, KEYS, kvHeads, dim),
            new KvRows.Dense(v, KEYS, kvHeads, valueDim),
            expected,
            lse);
    for (int i = 0; sinks && i < expected.length; i++) {
      // As the processor does it: the keys' share beside the sink.
      int row = i / valueDim;
      expected[i] *= (float) (1 / (1 + Math.exp(sink[row % heads] - (double) lse[row])));
    }

    // Of two sequences the second is meant; its pages lie anywhere.
    IntArray table = IntArray.fromArray(new int[] {0, 0, 0, 0, 0, 0, 7, 2, 5, 1, 3, 0});
    FloatArray keys = DeviceTesting.device(new float[8 * PAGE * kvHeads * dim]);
    FloatArray values = DeviceTesting.device(new float[8 * PAGE * kvHeads * valueDim]);
    IntArray all = places(0, KEYS);
    store(k, all, table, keys, kvHeads * dim);
    store(v, all, table, values, kvHeads * valueDim);
    FloatArray added = DeviceTesting.device(biases);
    IntArray places = places(KEYS - queries, KEYS);
    FloatArray in = DeviceTesting.device(q);

    FloatArray found = DeviceTesting.device(new float[expected.length]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceAttention::attend,
                in,
                keys,
                values,
                places,
                table,
                added,
                found,
                queries,
                heads,
                kvHeads,
                dim,
                valueDim,
                scale,
                window,
                softcap,
                PAGE,
                PAGES),
        in,
        keys,
        values,
        places,
        table,
        added,
        found);
    DeviceTesting.assertClose(expected, found, 1e-5, 1e-5, "attention");

    int items = 8;
    FloatArray byGroups = DeviceTesting.device(new float[expected.length]);
    KernelContext context = new KernelContext();
    DeviceTesting.runGroups(
        queries * heads,
        items,
        g ->
            g.task(
                "k",
                DeviceAttention::attendByGroups,
                context,
                in,
                keys,
                values,
                places,
                table,
                added,
                byGroups,
                heads,
                kvHeads,
                dim,
                valueDim,
                scale,
                window,
                softcap,
                PAGE,
                PAGES,
                items),
        in,
        keys,
        values,
        places,
        table,
        added,
        byGroups);
    DeviceTesting.assertClose(expected, byGroups, 1e-5, 1e-5, "attention by groups");
  }

  private static void store(
      float[] rows, IntArray places, IntArray table, FloatArray cache, int dim) {
    FloatArray x = DeviceTesting.device(rows);
    DeviceTesting.run(
        g -> g.task("k", DeviceAttention::store, x, places, table, cache, KEYS, dim, PAGE, PAGES),
        x,
        places,
        table,
        cache);
  }

  private static IntArray places(int from, int to) {
    int[] places = new int[2 * (to - from)];
    for (int i = from; i < to; i++) {
      places[2 * (i - from)] = 1;
      places[2 * (i - from) + 1] = i;
    }
    return IntArray.fromArray(places);
  }
}
