package dev.ashlar.nn.decoder;

import dev.ashlar.nn.decoder.RotarySpec.Scaling;
import dev.ashlar.tensor.autograd.op.Rotate;
import java.util.Arrays;

/**
 * Cosines and sines of one {@link RotarySpec}, computed once and extended by doubling as sequences
 * grow. Shared by all blocks with equal specifications; safe for several threads, since tables are
 * replaced and never changed.
 */
final class RotaryTables {
  private static final int LEAST_POSITIONS = 256;

  /** Tables with the frequencies they were made from. */
  private record Made(float[] frequencies, Rotate.Tables tables) {}

  private final RotarySpec spec;
  private volatile Made made;

  RotaryTables(RotarySpec spec) {
    this.spec = spec;
  }

  /**
   * Tables for positions up to {@code keys} in sequences that are {@code horizon} tokens long.
   *
   * @param horizon matters only to scalings that depend on the length
   */
  Rotate.Tables upTo(int keys, int horizon) {
    Made m = made;
    boolean varies = variesWithLength();
    if (m != null && !varies && m.tables().length() >= keys) {
      return m.tables();
    }
    float[] frequencies = frequencies(spec, horizon);
    if (m == null
        || m.tables().length() < keys
        || (varies && !Arrays.equals(m.frequencies(), frequencies))) {
      int length = Math.max(LEAST_POSITIONS, m == null ? 0 : 2 * m.tables().length());
      m = make(frequencies, Math.max(keys, varies ? LEAST_POSITIONS : length));
      made = m;
    }
    return m.tables();
  }

  /** Whether the tables depend on the length of the sequence. */
  boolean variesWithLength() {
    return switch (spec.scaling()) {
      case Scaling.DynamicNtk d -> true;
      case Scaling.LongRope l -> true;
      case Scaling.None n -> false;
      case Scaling.Linear l -> false;
      case Scaling.Llama3 l -> false;
      case Scaling.Yarn y -> false;
    };
  }

  private Made make(float[] frequencies, int length) {
    int half = frequencies.length;
    float[] cos = new float[Math.multiplyExact(length, half)];
    float[] sin = new float[cos.length];
    double factor = attentionFactor(spec.scaling());
    for (int p = 0; p < length; p++) {
      for (int i = 0; i < half; i++) {
        // The angle is rounded to float, as in the peers: at long range that is what models saw.
        float angle = p * frequencies[i];
        cos[p * half + i] = (float) (Math.cos(angle) * factor);
        sin[p * half + i] = (float) (Math.sin(angle) * factor);
      }
    }
    return new Made(frequencies, new Rotate.Tables(cos, sin, spec.dim(), spec.interleaved()));
  }

  private static double attentionFactor(Scaling scaling) {
    return switch (scaling) {
      case Scaling.Yarn y -> y.attentionFactor();
      case Scaling.LongRope l -> l.attentionFactor();
      case Scaling.None n -> 1;
      case Scaling.Linear l -> 1;
      case Scaling.Llama3 l -> 1;
      case Scaling.DynamicNtk d -> 1;
    };
  }

  /** Angle per position of each pair, for sequences of {@code horizon} tokens. */
  private static float[] frequencies(RotarySpec spec, int horizon) {
    int half = spec.dim() / 2;
    float[] f = new float[half];
    for (int i = 0; i < half; i++) {
      double plain = Math.pow(spec.theta(), -2.0 * i / spec.dim());
      f[i] =
          (float)
              switch (spec.scaling()) {
                case Scaling.None n -> plain;
                case Scaling.Linear l -> plain / l.factor();
                case Scaling.DynamicNtk d -> dynamic(spec, d, horizon, i);
                case Scaling.Llama3 l -> llama3(l, plain);
                case Scaling.Yarn y -> yarn(spec, y, plain, i);
                case Scaling.LongRope l ->
                    plain / (horizon > l.original() ? l.longFactors() : l.shortFactors()).get(i);
              };
    }
    return f;
  }

  private static double dynamic(RotarySpec spec, Scaling.DynamicNtk d, int horizon, int i) {
    double length = Math.max(horizon, d.original());
    double dim = spec.dim();
    double stretch = d.factor() * length / d.original() - (d.factor() - 1);
    double theta = spec.theta() * Math.pow(stretch, dim / (dim - 2));
    return Math.pow(theta, -2.0 * i / dim);
  }

  private static double llama3(Scaling.Llama3 l, double plain) {
    double wavelength = 2 * Math.PI / plain;
    if (wavelength < l.original() / l.highFrequency()) {
      return plain;
    }
    if (wavelength > l.original() / l.lowFrequency()) {
      return plain / l.factor();
    }
    double smooth =
        (l.original() / wavelength - l.lowFrequency()) / (l.highFrequency() - l.lowFrequency());
    return (1 - smooth) * plain / l.factor() + smooth * plain;
  }

  private static double yarn(RotarySpec spec, Scaling.Yarn y, double plain, int i) {
    double low = yarnDimension(spec, y, y.betaFast());
    double high = yarnDimension(spec, y, y.betaSlow());
    if (y.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, spec.dim() - 1);
    if (low == high) {
      high += 0.001; // the ramp of equation 23 needs a width
    }
    double ramp = Math.clamp((i - low) / (high - low), 0.0, 1.0);
    return plain / y.factor() * ramp + plain * (1 - ramp);
  }

  /** The dimension that makes {@code turns} turns within the original length. */
  private static double yarnDimension(RotarySpec spec, Scaling.Yarn y, double turns) {
    return spec.dim()
        * Math.log(y.original() / (turns * 2 * Math.PI))
        / (2 * Math.log(spec.theta()));
  }
}
