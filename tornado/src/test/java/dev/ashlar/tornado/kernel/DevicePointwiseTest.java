package dev.ashlar.tornado.kernel;

import dev.ashlar.nn.op.ClampedGate;
import dev.ashlar.nn.op.Clip;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.Backends;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Activations, gates and rotary positions against the definition. */
class DevicePointwiseTest {
  @ParameterizedTest
  @EnumSource(Function.class)
  void activationsAreTheDefinition(Function function) {
    int n = 1000;
    int f = function.ordinal();
    float[] x = DeviceTesting.floats(new Random(f), n, 12);
    float[] up = DeviceTesting.floats(new Random(f + 50), n, 2);
    x[0] = 0;
    float[] expected = new float[n];
    Backends.reference().activation().forward(function, 0, n, x, expected);
    FloatArray gate = DeviceTesting.device(x);
    FloatArray other = DeviceTesting.device(up);
    FloatArray found = DeviceTesting.device(new float[n]);
    DeviceTesting.run(g -> g.task("k", DevicePointwise::activate, gate, found, n, f), gate, found);
    DeviceTesting.assertClose(expected, found, 1e-5, 2e-6, function.toString());

    Backends.reference().activation().gated(function, 0, n, x, up, expected);
    FloatArray gated = DeviceTesting.device(new float[n]);
    DeviceTesting.run(
        g -> g.task("k", DevicePointwise::gated, gate, other, gated, n, f), gate, other, gated);
    DeviceTesting.assertClose(expected, gated, 1e-5, 4e-6, function + " gate");
  }

  @Test
  void clampsAreTheProcessors() {
    int n = 300;
    float[] both = DeviceTesting.floats(new Random(4), 2 * n, 12);
    Tape tape = Tape.off(Backends.reference());
    Tensor x = Tensor.of(both, 1, 2 * n);
    float[] gates = new float[n];
    float[] ups = new float[n];
    for (int i = 0; i < n; i++) {
      gates[i] = both[2 * i];
      ups[i] = both[2 * i + 1];
    }
    FloatArray gate = DeviceTesting.device(gates);
    FloatArray up = DeviceTesting.device(ups);
    FloatArray found = DeviceTesting.device(new float[n]);
    DeviceTesting.run(
        g -> g.task("k", DevicePointwise::clampedGate, gate, up, found, n, 1.702f, 7f),
        gate,
        up,
        found);
    float[] expected = tape.apply(new ClampedGate(x, 1.702f, 7f)).data();
    DeviceTesting.assertClose(Arrays.copyOf(expected, n), found, 1e-5, 1e-5, "clamped gate");

    DeviceTesting.run(g -> g.task("k", DevicePointwise::clip, up, n, 3f), up);
    float[] clipped = tape.apply(new Clip(Tensor.of(ups, n), 3f)).data();
    DeviceTesting.assertClose(Arrays.copyOf(clipped, n), up, 0, 0, "clip");
  }

  @ParameterizedTest
  @CsvSource({"8, 8, false", "8, 8, true", "16, 4, false", "16, 12, true"})
  void rotationIsTheDefinition(int headDim, int rotaryDim, boolean interleaved) {
    int rows = 3;
    int heads = 2;
    Random random = new Random(headDim);
    float[] x = DeviceTesting.floats(random, rows * heads * headDim, 1);
    float[] cos = DeviceTesting.floats(random, 10 * rotaryDim / 2, 1);
    float[] sin = DeviceTesting.floats(random, 10 * rotaryDim / 2, 1);
    int[] positions = {9, 0, 4};
    float[] expected = new float[x.length];
    Backends.reference()
        .rotary()
        .rotate(
            0,
            rows,
            heads,
            headDim,
            rotaryDim,
            interleaved,
            positions,
            cos,
            sin,
            false,
            x,
            expected,
            false);
    IntArray places = IntArray.fromArray(new int[] {0, 9, 5, 0, 1, 4});
    FloatArray found = DeviceTesting.device(x);
    FloatArray c = DeviceTesting.device(cos);
    FloatArray s = DeviceTesting.device(sin);
    int order = interleaved ? 1 : 0;
    DeviceTesting.run(
        g ->
            g.task(
                "k",
                DevicePointwise::rotary,
                found,
                places,
                c,
                s,
                rows,
                heads,
                headDim,
                rotaryDim,
                order),
        found,
        places,
        c,
        s);
    DeviceTesting.assertClose(expected, found, 1e-6, 1e-6, "rotation");
  }
}
