package dev.ashlar.nn.decoder;

import java.util.List;

/**
 * Linear maps that read one input, and what puts it out: factors on the input's channels can be
 * taken into the maps if what puts it out is divided by them, and the block computes the same. What
 * smoothing methods need to know (AWQ, arXiv 2306.00978, section 3.2).
 *
 * @param layers names of the maps
 * @param routers names of maps that read the same input and choose between experts or weigh them,
 *     which have to take the factors too
 * @param source what puts the input out
 */
public record Folding(List<String> layers, List<String> routers, Source source) {
  public Folding {
    layers = List.copyOf(layers);
    routers = List.copyOf(routers);
  }

  /** The same with names under a parent. */
  public Folding under(String parent) {
    return new Folding(
        layers.stream().map(n -> parent + n).toList(),
        routers.stream().map(n -> parent + n).toList(),
        source.under(parent));
  }

  /** What puts out the input of some maps. */
  public sealed interface Source {
    /** The same with names under a parent. */
    Source under(String parent);

    /**
     * A norm: its weights and its bias are divided.
     *
     * @param name module name
     * @param offset what is added to stored weights before they multiply
     */
    record OfNorm(String name, float offset) implements Source {
      @Override
      public OfNorm under(String parent) {
        return new OfNorm(parent + name, offset);
      }
    }

    /**
     * Rows of a linear map, from which to the channels there are products only, such as from values
     * to the output of attention: the rows and their biases are divided. Channel {@code c} comes
     * from row {@code first + c / dim / repeat · stride + c mod dim}.
     *
     * @param name module name
     * @param first row of channel 0
     * @param dim channels of a head
     * @param repeat heads in a row that come from the same rows, whose channels must share factors
     * @param stride rows from one head's to the next's
     */
    record OfRows(String name, int first, int dim, int repeat, int stride) implements Source {
      /** Rows and channels in the same order, from row {@code first} on. */
      static OfRows plain(String name, int first, int channels) {
        return new OfRows(name, first, channels, 1, channels);
      }

      /** The row of a channel. */
      public int row(int channel) {
        return first + channel / dim / repeat * stride + channel % dim;
      }

      @Override
      public OfRows under(String parent) {
        return new OfRows(parent + name, first, dim, repeat, stride);
      }
    }

    /**
     * Nothing that could be divided.
     *
     * @param reason the end of a sentence that begins with the maps' names
     */
    record Fixed(String reason) implements Source {
      @Override
      public Fixed under(String parent) {
        return this;
      }
    }
  }
}
