package dev.ashlar.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.ashlar.formats.safetensors.SafetensorsFile;
import dev.ashlar.io.json.Json;
import dev.ashlar.tensor.DType;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.autograd.Gradients;
import dev.ashlar.tensor.autograd.Op;
import dev.ashlar.tensor.autograd.Tape;
import dev.ashlar.tensor.autograd.op.Activate;
import dev.ashlar.tensor.autograd.op.AddBias;
import dev.ashlar.tensor.autograd.op.Attend;
import dev.ashlar.tensor.autograd.op.CrossEntropy;
import dev.ashlar.tensor.autograd.op.Embed;
import dev.ashlar.tensor.autograd.op.Gate;
import dev.ashlar.tensor.autograd.op.LayerNormalize;
import dev.ashlar.tensor.autograd.op.MatMul;
import dev.ashlar.tensor.autograd.op.RmsNormalize;
import dev.ashlar.tensor.autograd.op.Rotate;
import dev.ashlar.tensor.autograd.op.Softmax;
import dev.ashlar.tensor.kernel.ActivationKernel.Function;
import dev.ashlar.tensor.kernel.AttentionKernel;
import dev.ashlar.tensor.kernel.AttentionRanges;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.kernel.Backends;
import dev.ashlar.tensor.kernel.FakeQuantKernel;
import dev.ashlar.tensor.quant.IntegerGrid;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Outputs and gradients of the operations against PyTorch's (float64, rounded once), on every
 * backend. A case is recognised by the kind at the start of its name; a kind that Ashlar has no
 * operation for is shown as skipped.
 */
class OpsGoldenTest {
  private static final double ABSOLUTE = 2e-5;
  private static final double RELATIVE = 1e-4;

  /** One golden case: its tensors and its constants. */
  private record Case(String name, SafetensorsFile file, Map<String, Object> facts) {
    Tensor get(String tensor) {
      return file.tensor(name + "/" + tensor).toTensor();
    }

    boolean has(String tensor) {
      return file.find(name + "/" + tensor).isPresent();
    }

    float number(String key, double otherwise) {
      return facts.get(key) instanceof Number n ? n.floatValue() : (float) otherwise;
    }

    int[] ints(String tensor) {
      Tensor t = get(tensor);
      int[] ints = new int[t.size()];
      for (int i = 0; i < ints.length; i++) {
        ints[i] = (int) t.data()[i];
      }
      return ints;
    }
  }

  /** An operation made from a case, and which of the case's tensors its inputs are. */
  private record Built(Op op, Map<String, Tensor> inputs, boolean headsFirst) {
    static Built of(Op op, Object... namesAndTensors) {
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      for (int i = 0; i < namesAndTensors.length; i += 2) {
        inputs.put((String) namesAndTensors[i], (Tensor) namesAndTensors[i + 1]);
      }
      return new Built(op, inputs, false);
    }

    Built asHeadsFirst() {
      return new Built(op, inputs, true);
    }
  }

  @TestFactory
  Stream<DynamicTest> agreesWithPyTorch() throws Exception {
    Path folder = Path.of(OpsGoldenTest.class.getResource("/ops").toURI());
    Path shared = Path.of(System.getProperty("ashlar.shared", ""), "fixtures", "ops");
    Path from = Files.isDirectory(shared) ? shared : folder;
    SafetensorsFile file = SafetensorsFile.open(from.resolve("ops.safetensors"));
    Map<?, ?> facts = (Map<?, ?>) Json.readObject(from.resolve("ops.json")).get("cases");
    TreeSet<String> names = new TreeSet<>();
    file.names().forEach(n -> names.add(n.substring(0, n.indexOf('/'))));
    return names.stream()
        .map(n -> new Case(n, file, Json.asObject(facts.get(n), n)))
        .flatMap(
            c ->
                Backends.all().stream()
                    .map(
                        b ->
                            DynamicTest.dynamicTest(
                                c.name() + " on " + b.name(), () -> run(c, b))));
  }

  private static void run(Case c, Backend backend) {
    if (c.name().startsWith("qdq_")) {
      fakeQuantize(c, backend);
      return;
    }
    Built built = build(c);
    Assumptions.assumeTrue(built != null, () -> "no operation for the case " + c.name());
    Tape tape = Tape.recording(backend);
    built.inputs().values().forEach(tape::watch);
    Tensor y = tape.apply(built.op());
    Tensor expected = c.get("out");
    float summed = c.name().endsWith("_sum") ? ((CrossEntropy) built.op()).counted() : 1;
    close("out", built.headsFirst() ? headsInside(expected) : expected, y, summed);
    Tensor dy = c.get("gout");
    Gradients g = tape.backward(y, built.headsFirst() ? headsInside(dy) : dy);
    built
        .inputs()
        .forEach(
            (name, x) -> {
              Tensor want = c.get("grad." + name.replace("^T", ""));
              want = name.endsWith("^T") ? transposed(want) : want;
              want = built.headsFirst() && want.shape().rank() == 4 ? headsInside(want) : want;
              assertNotNull(g.of(x), name);
              close("grad." + name, want, g.of(x), summed);
            });
  }

  private static Built build(Case c) {
    String kind = c.name();
    if (kind.equals("matmul_nt")) {
      Tensor a = c.get("a");
      Tensor b = c.get("b");
      return Built.of(new MatMul(a, b), "a", a, "b", b);
    }
    if (kind.equals("matmul_nn") || kind.equals("matmul_broadcast") || kind.equals("matmul_vec")) {
      Tensor a = c.get("a");
      Tensor b = transposed(c.get("b"));
      return Built.of(new MatMul(a, b), "a", a, "b^T", b);
    }
    if (kind.equals("matmul_tn")) {
      Tensor a = transposed(c.get("a"));
      Tensor b = transposed(c.get("b"));
      return Built.of(new MatMul(a, b), "a^T", a, "b^T", b);
    }
    if (kind.startsWith("softmax") && !c.has("mask")) {
      Tensor x = c.get("x");
      return Built.of(new Softmax(x), "x", x);
    }
    if (kind.startsWith("cross_entropy")) {
      Tensor x = c.get("x");
      return Built.of(new CrossEntropy(x, c.ints("labels")), "x", x);
    }
    if (kind.startsWith("rmsnorm")) {
      return rmsNorm(c);
    }
    if (kind.startsWith("layernorm")) {
      Tensor x = c.get("x");
      Tensor w = c.has("w") ? c.get("w") : null;
      Tensor b = c.has("b") ? c.get("b") : null;
      Op op = new LayerNormalize(x, w, b, x.dim(-1), c.number("eps", 1e-5));
      return w == null ? Built.of(op, "x", x) : Built.of(op, "x", x, "w", w, "b", b);
    }
    if (kind.equals("add_broadcast")) {
      Tensor a = c.get("a");
      Tensor b = c.get("b");
      return Built.of(new AddBias(a, b), "a", a, "b", b);
    }
    if (kind.equals("swiglu")) {
      Tensor gate = c.get("gate");
      Tensor up = c.get("up");
      return Built.of(new Gate(Function.SILU, gate, up), "gate", gate, "up", up);
    }
    if (kind.equals("embedding")) {
      Tensor w = c.get("w");
      return Built.of(new Embed(w, c.ints("ids")), "w", w);
    }
    if (kind.startsWith("rope")) {
      return rope(c);
    }
    if (kind.startsWith("attn")) {
      return attention(c);
    }
    Function f = ACTIVATIONS.get(kind);
    if (f == null) {
      return null;
    }
    Tensor x = c.get("x");
    return Built.of(new Activate(f, x), "x", x);
  }

  private static final Map<String, Function> ACTIVATIONS =
      Map.of(
          "silu", Function.SILU,
          "gelu_erf", Function.GELU,
          "gelu_tanh", Function.GELU_TANH,
          "quick_gelu", Function.QUICK_GELU,
          "relu", Function.RELU,
          "relu2", Function.RELU_SQUARED,
          "sigmoid", Function.SIGMOID);

  private static Built rmsNorm(Case c) {
    Tensor x = c.get("x");
    Tensor w = c.get("w");
    if (c.name().endsWith("gemma")) {
      for (int i = 0; i < w.size(); i++) {
        w.data()[i] += 1;
      }
    }
    return Built.of(new RmsNormalize(x, w, c.number("eps", 1e-6)), "x", x, "w", w);
  }

  private static Built rope(Case c) {
    Tensor x = headsInside(c.get("x"));
    int headDim = c.get("x").dim(-1);
    int rotary = (int) c.number("rotary_dim", headDim);
    int[] one = c.ints("positions");
    int[] positions = new int[x.size() / headDim / c.get("x").dim(1)];
    int most = 0;
    for (int i = 0; i < positions.length; i++) {
      positions[i] = one[i % one.length];
      most = Math.max(most, positions[i]);
    }
    float[] cos = new float[(most + 1) * rotary / 2];
    float[] sin = new float[cos.length];
    for (int i = 0; i < cos.length; i++) {
      int pair = i % (rotary / 2);
      double angle = i / (rotary / 2) * Math.pow(c.number("theta", 10000), -2.0 * pair / rotary);
      cos[i] = (float) Math.cos(angle);
      sin[i] = (float) Math.sin(angle);
    }
    Rotate.Tables tables = new Rotate.Tables(cos, sin, rotary, c.name().contains("interleaved"));
    return Built.of(new Rotate(x, tables, headDim, positions), "x", x).asHeadsFirst();
  }

  private static Built attention(Case c) {
    Tensor q = c.get("q");
    Tensor k = c.get("k");
    int batch = q.dim(0);
    int dim = q.dim(3);
    int keys = k.dim(2);
    AttentionKernel.Spec spec =
        new AttentionKernel.Spec(
            AttentionRanges.dense(batch, q.dim(2), keys),
            q.dim(1),
            k.dim(1),
            dim,
            dim,
            (float) (1 / Math.sqrt(dim)),
            (int) c.number("window", 0),
            c.number("cap", 0),
            c.has("slopes") ? c.get("slopes").data() : null);
    Tensor qIn = headsInside(q);
    Tensor kIn = headsInside(k);
    Tensor vIn = headsInside(c.get("v"));
    return Built.of(new Attend(spec, qIn, kIn, vIn), "q", qIn, "k", kIn, "v", vIn).asHeadsFirst();
  }

  /** The quantizer with given V and ranges, and its exact gradients. */
  private static void fakeQuantize(Case c, Backend backend) {
    IntegerGrid scheme =
        new IntegerGrid(
            (int) c.number("bits", 0),
            (int) c.number("group_size", 0),
            (Boolean) c.facts().get("sym"),
            DType.F32);
    Tensor w = c.get("w");
    int out = w.dim(0);
    int in = w.dim(1);
    int groups = out * scheme.groups(in);
    float[] wMin = new float[groups];
    float[] wMax = new float[groups];
    FakeQuantKernel kernel = backend.fakeQuant();
    kernel.range(scheme, 0, out, in, w.data(), wMin, wMax);
    FakeQuantKernel.Parameters p =
        new FakeQuantKernel.Parameters(
            scheme,
            out,
            in,
            w.data(),
            wMin,
            wMax,
            c.get("v").data(),
            c.get("min_scale").data(),
            c.get("max_scale").data(),
            false,
            1);
    Tensor y = Tensor.zeros(out, in);
    Tensor scales = Tensor.zeros(groups);
    byte[] zeros = new byte[groups];
    kernel.forward(p, 0, out, y.data(), null, scales.data(), zeros);
    close("out", c.get("out"), y, 1);
    close("scale", c.get("scale"), scales, 1);
    for (int i = 0; i < groups; i++) {
      assertEquals(c.get("zp").data()[i], zeros[i] & 0xFF, "zero point of group " + i);
    }
    Tensor dv = Tensor.zeros(out, in);
    Tensor dMin = Tensor.zeros(groups);
    Tensor dMax = Tensor.zeros(groups);
    kernel.backward(
        p, 0, out, c.get("gout").data(), scales.data(), zeros, dv.data(), dMin.data(), dMax.data());
    close("grad.v", c.get("grad.v"), dv, 1);
    close("grad.min_scale", c.get("grad.min_scale"), dMin, 1);
    close("grad.max_scale", c.get("grad.max_scale"), dMax, 1);
  }

  private static void close(String what, Tensor expected, Tensor found, float factor) {
    assertEquals(expected.size(), found.size(), what);
    for (int i = 0; i < expected.size(); i++) {
      double e = expected.data()[i];
      double f = found.data()[i] * (double) factor;
      assertEquals(e, f, ABSOLUTE + RELATIVE * Math.abs(e), what + "[" + i + "]");
    }
  }

  private static Tensor transposed(Tensor t) {
    int rows = t.dim(0);
    int columns = t.dim(1);
    Tensor u = Tensor.zeros(columns, rows);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        u.data()[j * rows + i] = t.data()[i * columns + j];
      }
    }
    return u;
  }

  /** {@code [batch, heads, length, dim]} as {@code [batch, length, heads·dim]}. */
  private static Tensor headsInside(Tensor t) {
    int heads = t.dim(1);
    int length = t.dim(2);
    int dim = t.dim(3);
    Tensor u = Tensor.zeros(t.dim(0), length, (long) heads * dim);
    for (int i = 0; i < t.size(); i++) {
      int d = i % dim;
      int j = i / dim % length;
      int h = i / dim / length % heads;
      int b = i / dim / length / heads;
      u.data()[((b * length + j) * heads + h) * dim + d] = t.data()[i];
    }
    return u;
  }
}
