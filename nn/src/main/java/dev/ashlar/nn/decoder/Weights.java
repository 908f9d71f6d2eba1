package dev.ashlar.nn.decoder;

import dev.ashlar.nn.layer.DenseWeight;
import dev.ashlar.nn.layer.FrozenWeight;
import dev.ashlar.nn.layer.HalfWeight;
import dev.ashlar.nn.layer.Linear;
import dev.ashlar.nn.layer.Norm;
import dev.ashlar.nn.layer.PackedWeight;
import dev.ashlar.nn.layer.Weight;
import dev.ashlar.tensor.HalfMatrix;
import dev.ashlar.tensor.Shape;
import dev.ashlar.tensor.Tensor;
import dev.ashlar.tensor.kernel.ActivationPrecision;
import dev.ashlar.tensor.kernel.Backend;
import dev.ashlar.tensor.quant.QuantizedMatrix;
import dev.ashlar.tensor.weights.StoredTensor;
import dev.ashlar.tensor.weights.WeightSource;
import java.util.Optional;
import java.util.function.Function;

/**
 * Fetches the tensors of a specification from a source, checking shapes and that values are finite.
 * Every fault is the source's own exception, naming the tensor.
 */
sealed class Weights permits HollowWeights {
  private static final String IN_BYTES = "a head in bytes";
  private static final String SHAPE_HINT = "the tensors and config.json are of different models";

  /** What a decoder's weights are for, which says what they may be in memory. */
  private enum Use {
    /** Training all of them: floats, and the embedding too. */
    TRAINED,
    /** Tuning or measuring blocks: floats, but what no block has stays as it is stored. */
    TUNED,
    /** Training something beside them: as they are stored, and gradients pass. */
    FROZEN,
    /** Inference: as they are stored. */
    RUN;

    /** Whether blocks of codes stay codes that could be read as floats. */
    boolean keepsCodes() {
      return this == FROZEN || this == RUN;
    }
  }

  /** What a matrix of floats is in memory. */
  private enum Kept {
    FLOATS,
    /** In 16 bits if it is stored so. */
    STORED,
    /** Rounded; see {@link HeadPrecision#INT8}. */
    BYTES
  }

  private final WeightSource source;
  private final DecoderSpec decoder;
  private final Backend backend;
  private final Use use;
  private final HeadPrecision head;

  /** Is told the kinds of matrices, or null. */
  private final WarmUp warmUp;

  /** What becomes of a matrix that is stored as codes. */
  private final Function<QuantizedMatrix, Weight> coded;

  private Weights(
      WeightSource source,
      DecoderSpec decoder,
      Backend backend,
      Use use,
      HeadPrecision head,
      Function<QuantizedMatrix, Weight> coded,
      WarmUp warmUp) {
    this.source = source;
    this.decoder = decoder;
    this.backend = backend;
    this.use = use;
    this.head = head;
    this.coded = coded;
    this.warmUp = warmUp;
  }

  /** Of no source; see {@link HollowWeights}. */
  Weights(Backend backend) {
    this(null, null, backend, Use.RUN, HeadPrecision.STORED, null, null);
  }

  private static Function<QuantizedMatrix, Weight> packing(
      Backend backend, ActivationPrecision activations) {
    return matrix -> PackedWeight.of(matrix, backend, activations);
  }

  /** All floats are in memory, except of matrices that the source reports as quantized. */
  static Weights trained(WeightSource source, DecoderSpec decoder, Backend backend) {
    return floats(source, decoder, backend, Use.TRAINED);
  }

  /**
   * Matrices of blocks as floats, except those that the source reports as quantized; rows of the
   * embedding stay in the file, and the head in 16 bits.
   */
  static Weights tuned(WeightSource source, DecoderSpec decoder, Backend backend) {
    return floats(source, decoder, backend, Use.TUNED);
  }

  private static Weights floats(
      WeightSource source, DecoderSpec decoder, Backend backend, Use use) {
    Function<QuantizedMatrix, Weight> packing = packing(backend, ActivationPrecision.FLOAT);
    return new Weights(source, decoder, backend, use, HeadPrecision.STORED, packing, null);
  }

  /** Matrices stay what they are stored as, and gradients pass them. */
  static Weights frozen(WeightSource source, DecoderSpec decoder, Backend backend) {
    return new Weights(
        source, decoder, backend, Use.FROZEN, HeadPrecision.STORED, FrozenWeight::of, null);
  }

  /**
   * Matrices stay what they are stored as.
   *
   * @param options how products with packed matrices take their activations, and what the head is
   * @param warmUp is told the kinds of matrices
   */
  static Weights packed(
      WeightSource source,
      DecoderSpec decoder,
      Backend backend,
      InferenceOptions options,
      WarmUp warmUp) {
    Function<QuantizedMatrix, Weight> packing = packing(backend, options.activations());
    return new Weights(source, decoder, backend, Use.RUN, options.head(), packing, warmUp);
  }

  Backend backend() {
    return backend;
  }

  /** Checks that a linear map is there in its shape, without reading it. */
  void check(String parent, LinearSpec spec) {
    String name = parent + spec.name();
    if (isPacked(name)) {
      return;
    }
    MatrixPlace.of(this, parent, spec);
    if (spec.bias() && hasOwn(name + ".bias", spec)) {
      stored(name + ".bias", spec.out());
    } else if (spec.bias()) {
      LinearSpec.Stack stack = spec.stack().get();
      stored(parent + stack.bias(), stack.count(), stack.outputs());
    }
  }

  /**
   * Whether a map's tensor is its own: always outside of stacks, and for those of a stack where the
   * file has it, as exports write experts that stay float beside packed ones.
   */
  boolean hasOwn(String tensor, LinearSpec spec) {
    return spec.stack().isEmpty() || source.find(resolve(tensor)).isPresent();
  }

  /** Checks that a norm's tensors are there in their shape. */
  void check(String parent, NormSpec spec) {
    NormTensors.check(this, parent + spec.name(), spec);
  }

  /** Whether the source holds {@code module} packed. */
  boolean isPacked(String module) {
    return source.quantizedNames().contains(resolve(module));
  }

  /** The linear map {@code parent + spec.name()}, which goes by {@code spec.name()}. */
  Linear linear(String parent, LinearSpec spec) {
    return linear(parent, spec, use.keepsCodes() ? Kept.STORED : Kept.FLOATS);
  }

  /** The output map of that complete name, which nobody changes as it is. */
  Linear output(LinearSpec spec) {
    return linear("", spec, output());
  }

  private Kept output() {
    if (use == Use.TRAINED) {
      return Kept.FLOATS;
    }
    return head == HeadPrecision.INT8 ? Kept.BYTES : Kept.STORED;
  }

  private Linear linear(String parent, LinearSpec spec, Kept kept) {
    String name = parent + spec.name();
    Optional<QuantizedMatrix> quantized = source.quantized(resolve(name));
    noteCodes(kept, quantized.isPresent());
    return new Linear(
        spec.name(),
        quantized.isPresent() ? packed(name, spec, quantized.get()) : stored(parent, spec, kept),
        spec.bias() ? bias(parent, spec) : null);
  }

  private Tensor bias(String parent, LinearSpec spec) {
    String own = parent + spec.name() + ".bias";
    if (hasOwn(own, spec)) {
      return tensor(own, spec.out());
    }
    LinearSpec.Stack stack = spec.stack().get();
    StoredTensor all = stored(parent + stack.bias(), stack.count(), stack.outputs());
    return part(all, (long) stack.index() * stack.outputs() + stack.first(), spec.out());
  }

  /** The norm {@code parent + spec.name()}, which goes by {@code spec.name()}. */
  Norm norm(String parent, NormSpec spec) {
    return NormTensors.load(this, parent + spec.name(), spec);
  }

  Optional<Norm> norm(String parent, Optional<NormSpec> spec) {
    return spec.map(s -> norm(parent, s));
  }

  /** The tensor of that complete name, widened to float. */
  Tensor tensor(String name, long... dims) {
    return part(stored(name, dims), 0, dims);
  }

  /** The same for {@code n} elements that may lie as {@code [1, n]}. */
  Tensor vector(String name, int n) {
    StoredTensor stored = requireFloats(source.tensor(resolve(name)));
    return stored.shape().equals(Shape.of(1, n)) ? part(stored, 0, n) : tensor(name, n);
  }

  /** Elements from {@code from} in that shape. */
  private Tensor part(StoredTensor stored, long from, long... dims) {
    Tensor t = Tensor.zeros(dims);
    stored.read(from, t.data(), 0, t.size());
    finite(stored, t.data(), 0, t.size());
    return t;
  }

  private Weight packed(String name, LinearSpec spec, QuantizedMatrix q) {
    if (q.out() != spec.out() || q.in() != spec.in()) {
      throw source.fault(
          name,
          "a packed matrix of shape " + Shape.of(spec.out(), spec.in()),
          "shape " + Shape.of(q.out(), q.in()),
          SHAPE_HINT);
    }
    if (warmUp != null) {
      warmUp.like(q);
    }
    return coded.apply(q);
  }

  private Weight stored(String parent, LinearSpec spec, Kept kept) {
    return spec.transposed() || spec.stack().isPresent()
        ? dense(MatrixPlace.of(this, parent, spec), kept)
        : matrix(parent + spec.name() + ".weight", spec.out(), spec.in(), kept);
  }

  /** The matrix of a table as the output map, whose name it has not. */
  Weight tied(String name, int out, int in) {
    return matrix(name, out, in, output());
  }

  private Weight matrix(String name, int out, int in, Kept kept) {
    Optional<Weight> blocks = blocks(name, out, in);
    noteCodes(kept, blocks.isPresent());
    return blocks.orElseGet(() -> dense(MatrixPlace.whole(stored(name, out, in), out, in), kept));
  }

  /** A matrix of floats. */
  private Weight dense(MatrixPlace place, Kept kept) {
    if (kept == Kept.BYTES) {
      return bytes(place);
    }
    if (kept == Kept.FLOATS || !place.stored().isHalf()) {
      if (warmUp != null) {
        warmUp.dense();
      }
      Tensor matrix = place.floats();
      finite(place.stored(), matrix.data(), 0, matrix.size());
      return new DenseWeight(matrix);
    }
    HalfMatrix matrix = place.halves();
    if (!matrix.isFinite()) {
      throw notFinite(place.stored());
    }
    if (warmUp != null) {
      warmUp.half(matrix.type());
    }
    return new HalfWeight(matrix);
  }

  private void noteCodes(Kept kept, boolean codes) {
    if (kept == Kept.BYTES && codes) {
      source.note(
          IN_BYTES, "the output head is stored as codes and stays so: 8 bits have no effect");
    }
  }

  private Weight bytes(MatrixPlace place) {
    StoredTensor stored = place.stored();
    ByteHead rounded = ByteHead.of(place, backend, w -> finite(stored, w.data(), 0, w.size()));
    source.note(IN_BYTES, rounded.sentence());
    if (warmUp != null) {
      warmUp.like(rounded.matrix());
    }
    return coded.apply(rounded.matrix());
  }

  /**
   * The matrix of that complete name as the codes it is stored in, or empty if it is stored
   * otherwise or is wanted as floats.
   */
  private Optional<Weight> blocks(String name, long out, long in) {
    if (!use.keepsCodes()) {
      return Optional.empty();
    }
    StoredTensor stored = stored(name, out, in);
    return stored
        .quantized()
        .map(
            matrix -> {
              if (warmUp != null) {
                warmUp.like(matrix);
              }
              if (!matrix.groups().isFinite()) {
                throw notFinite(stored);
              }
              return coded.apply(matrix);
            });
  }

  /** The rows of the tokens, which are left in the file unless they are trained. */
  TokenTable table(String name, long vocab, long dim) {
    StoredTensor stored = stored(name, vocab, dim);
    return use == Use.TRAINED
        ? new TokenTable.Dense(tensor(name, vocab, dim))
        : new TokenTable.Stored(stored, this);
  }

  /**
   * Refuses NaN and infinity. In a plain loop: most tensors are small, and the first of them are
   * checked before any vector kernel is compiled.
   */
  void finite(StoredTensor stored, float[] values, int from, int count) {
    int exponent = 0x7F800000;
    int found = 0;
    for (int i = from; i < from + count; i++) {
      // Carries into the sign bit if the exponent is all ones.
      found |= (Float.floatToRawIntBits(values[i]) & exponent) + 0x00800000;
    }
    if (found < 0) {
      throw notFinite(stored);
    }
  }

  private RuntimeException notFinite(StoredTensor stored) {
    return source.fault(
        stored.name(), "finite values", "NaN or infinity", "the checkpoint is damaged");
  }

  /** The stored tensor of that complete name, which must have that shape and hold floats. */
  StoredTensor stored(String name, long... dims) {
    StoredTensor t = source.tensor(resolve(name));
    Shape expected = Shape.of(dims);
    if (!t.shape().equals(expected)) {
      throw source.fault(t.name(), "shape " + expected, "shape " + t.shape(), SHAPE_HINT);
    }
    return requireFloats(t);
  }

  /** Codes by themselves are no weights: what they mean is said by something else. */
  private StoredTensor requireFloats(StoredTensor t) {
    if (!t.dtype().isFloat()) {
      throw source.fault(
          t.name(),
          "a weight of a float type",
          t.storage(),
          "the model is packed in a way that is not declared, or damaged");
    }
    return t;
  }

  /** {@code name} as the source spells it. */
  private String resolve(String name) {
    return decoder.storedName(name, source);
  }
}
