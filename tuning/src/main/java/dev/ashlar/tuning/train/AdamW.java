package dev.ashlar.tuning.train;

import dev.ashlar.tensor.Parallel;
import dev.ashlar.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2). Matrices
 * decay, vectors (norms, biases) do not. Parameters are changed in place.
 */
public final class AdamW {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.95f;
  private static final float USUAL_EPSILON = 1e-8f;
  private static final int GRAIN = 1 << 14;

  private final List<Tensor> parameters;
  private final List<float[]> first = new ArrayList<>();
  private final List<float[]> second = new ArrayList<>();
  private final float weightDecay;
  private final float epsilon;
  private int steps;

  /**
   * @param parameters the tensors to train; their arrays are changed by every step
   * @param weightDecay λ, per step and unit of learning rate
   */
  public AdamW(List<Tensor> parameters, float weightDecay) {
    this(parameters, weightDecay, USUAL_EPSILON);
  }

  /**
   * The same for gradients of another size.
   *
   * @param epsilon what is added to the root of the second moment
   */
  public AdamW(List<Tensor> parameters, float weightDecay, float epsilon) {
    this.parameters = List.copyOf(parameters);
    this.weightDecay = weightDecay;
    this.epsilon = epsilon;
    for (Tensor p : parameters) {
      first.add(new float[p.size()]);
      second.add(new float[p.size()]);
    }
  }

  /** Steps that were done. */
  public int steps() {
    return steps;
  }

  /** First and second moments of all parameters, in turn: the live arrays. */
  public List<float[]> moments() {
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      all.add(first.get(i));
      all.add(second.get(i));
    }
    return all;
  }

  /** Goes on behind so many steps, whose parameters and moments the caller has put back. */
  public void resume(int done) {
    steps = done;
  }

  /**
   * One step.
   *
   * @param gradients one for each parameter, shaped like it
   * @param scale factor on the gradients (clipping)
   */
  public void step(List<Tensor> gradients, float learningRate, float scale) {
    steps++;
    float correction1 = (float) (1 - Math.pow(BETA1, steps));
    float correction2 = (float) (1 - Math.pow(BETA2, steps));
    for (int i = 0; i < parameters.size(); i++) {
      Tensor p = parameters.get(i);
      float decay = p.shape().rank() > 1 ? 1 - learningRate * weightDecay : 1;
      float[] g = gradients.get(i).data();
      float[] m = first.get(i);
      float[] v = second.get(i);
      Parallel.rows(
          p.size(),
          GRAIN,
          (from, to) ->
              update(
                  p.data(),
                  g,
                  m,
                  v,
                  from,
                  to,
                  learningRate / correction1,
                  correction2,
                  decay,
                  scale,
                  epsilon));
    }
  }

  /**
   * The factor that makes the norm of all gradients together {@code largest} at most.
   *
   * @return above 0, and 1 at most
   */
  public static float clipping(List<Tensor> gradients, double largest) {
    double squares = 0;
    for (Tensor g : gradients) {
      for (int i = 0; i < g.size(); i++) {
        squares += (double) g.data()[i] * g.data()[i];
      }
    }
    return (float) Math.min(1, largest / Math.max(1e-12, Math.sqrt(squares)));
  }

  private static void update(
      float[] p,
      float[] g,
      float[] m,
      float[] v,
      int from,
      int to,
      float rate,
      float correction2,
      float decay,
      float scale,
      float epsilon) {
    for (int i = from; i < to; i++) {
      float d = g[i] * scale;
      m[i] = BETA1 * m[i] + (1 - BETA1) * d;
      v[i] = BETA2 * v[i] + (1 - BETA2) * d * d;
      p[i] = p[i] * decay - rate * m[i] / ((float) Math.sqrt(v[i] / correction2) + epsilon);
    }
  }
}
