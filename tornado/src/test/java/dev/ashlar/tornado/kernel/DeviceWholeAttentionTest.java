package dev.ashlar.tornado.kernel;

import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kv.KvRows;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Attention of whole sequences and its gradients against the definition. */
class DeviceWholeAttentionTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 1, 4, 0, 0",
    "2, 9, 4, 2, 8, 0, 0",
    "3, 12, 6, 2, 16, 5, 0",
    "2, 7, 3, 3, 8, 0, 3",
    "1, 20, 4, 1, 8, 6, 2"
  })
  void gradientsAreTheDefinition(
      int batch, int length, int heads, int kvHeads, int dim, int window, float softcap) {
    int rows = batch * length;
    Random random = new Random(length);
    float[] q = DeviceTesting.floats(random, rows * heads * dim, 2);
    float[] k = DeviceTesting.floats(random, rows * kvHeads * dim, 2);
    float[] v = DeviceTesting.floats(random, rows * kvHeads * dim, 1);
    float[] dOut = DeviceTesting.floats(random, rows * heads * dim, 1);
    float scale = 0.4f;
    AttentionKernel.Spec spec =
        new AttentionKernel.Spec(
            AttentionRanges.dense(batch, length, length),
            heads,
            kvHeads,
            dim,
            dim,
            scale,
            window,
            softcap,
            null);
    AttentionKernel definition = Backends.reference().attention();
    KvRows.Dense keys = new KvRows.Dense(k, length, kvHeads, dim);
    KvRows.Dense values = new KvRows.Dense(v, length, kvHeads, dim);
    float[] out = new float[q.length];
    float[] lse = new float[rows * heads];
    definition.forward(spec, q, keys, values, out, lse);
    float[] dq = new float[q.length];
    float[] dk = new float[k.length];
    float[] dv = new float[v.length];
    definition.backward(spec, 0, spec.units(), q, keys, values, out, lse, dOut, dq, dk, dv);

    FloatArray a = DeviceTesting.device(q);
    FloatArray b = DeviceTesting.device(k);
    FloatArray c = DeviceTesting.device(v);
    FloatArray y = DeviceTesting.device(new float[q.length]);
    FloatArray sums = DeviceTesting.device(new float[lse.length]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceWholeAttention::attend,
                a,
                b,
                c,
                y,
                sums,
                rows,
                length,
                heads,
                kvHeads,
                dim,
                scale,
                window,
                softcap),
        a,
        b,
        c,
        y,
        sums);
    DeviceTesting.assertClose(out, y, 1e-5, 1e-5, "attention");
    DeviceTesting.assertClose(lse, sums, 1e-5, 1e-5, "sums");

    FloatArray d = DeviceTesting.device(dOut);
    FloatArray delta = DeviceTesting.device(new float[lse.length]);
    FloatArray da = DeviceTesting.device(new float[q.length]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceWholeAttention::queryGradients,
                a,
                b,
                c,
                y,
                sums,
                d,
                delta,
                da,
                rows,
                length,
                heads,
                kvHeads,
                dim,
                scale,
                window,
                softcap),
        a,
        b,
        c,
        y,
        sums,
        d,
        delta,
        da);
    DeviceTesting.assertClose(dq, da, 1e-4, 1e-5, "queries");

    FloatArray db = DeviceTesting.device(new float[k.length]);
    FloatArray dc = DeviceTesting.device(new float[v.length]);
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DeviceWholeAttention::keyGradients,
                a,
                b,
                c,
                sums,
                d,
                delta,
                db,
                dc,
                rows,
                length,
                heads,
                kvHeads,
                dim,
                scale,
                window,
                softcap),
        a,
        b,
        c,
        sums,
        d,
        delta,
        db,
        dc);
    DeviceTesting.assertClose(dk, db, 1e-4, 1e-5, "keys");
    DeviceTesting.assertClose(dv, dc, 1e-4, 1e-5, "values");
  }
}
