package dev.ashlar.bench.chart;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;

/**
 * Draws quality against time: {@code java -cp 'bench/target/lib/*'
 * dev.ashlar.bench.chart.QualityChart OUT.png FILE…}, the files being those of {@code
 * bench/proof/methods} and {@code peers}.
 *
 * <p>A row for each number of bits, perplexity on the left and divergence on the right, over
 * processor seconds, which are the same axis in all of them; below, the legend. An axis is
 * logarithmic where one figure is more than ten times another. Cells whose names agree up to a
 * comma are one line, from the shortest time on. A figure that is not finite is not drawn.
 */
public final class QualityChart {
  private static final int WIDTH = 450;
  private static final int HEIGHT = 320;
  private static final int EDGE = 12;
  private static final int SIZE = 12;

  /** Dots of the picture a unit, for screens that have them. */
  static final int SCALE = 2;

  private final Map<String, Look> looks = new LinkedHashMap<>();
  private final List<List<Plot>> rows = new ArrayList<>();

  /**
   * Of some cells.
   *
   * @throws IllegalArgumentException if there is nothing to draw
   */
  QualityChart(List<Cell> cells) {
    List<Cell> finite =
        cells.stream()
            .filter(Cell::isFinite)
            .sorted(Comparator.comparingDouble(Cell::processor))
            .toList();
    if (finite.isEmpty()) {
      throw new IllegalArgumentException("there is no finite figure to draw");
    }
    // In the order of the files, so that a name keeps its look when its figures change.
    for (Cell cell : cells) {
      looks.putIfAbsent(cell.series(), Look.of(looks.size()));
    }
    Axis seconds = Axis.of(finite.stream().mapToDouble(Cell::processor).toArray());
    finite.stream()
        .map(Cell::bits)
        .distinct()
        .sorted(Comparator.reverseOrder())
        .forEach(
            bits -> {
              List<Cell> of = finite.stream().filter(c -> c.bits() == bits).toList();
              rows.add(
                  List.of(
                      plot(bits + " bits: perplexity", "perplexity", seconds, of, Cell::perplexity),
                      plot(
                          bits + " bits: divergence from the float model",
                          "KL, nats a token",
                          seconds,
                          of,
                          Cell::divergence)));
            });
  }

  /** Draws. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 2) {
      System.err.println("usage: QualityChart OUT.png FILE…");
      System.exit(2);
    }
    System.setProperty("java.awt.headless", "true");
    Path out = Path.of(arguments[0]);
    List<Path> files = Arrays.stream(arguments).skip(1).map(Path::of).toList();
    ImageIO.write(new QualityChart(Cell.read(files)).draw(), "png", out.toFile());
  }

  /** The picture: the same cells give the same one. */
  BufferedImage draw() {
    Legend legend = legend();
    int width = 2 * WIDTH + 2 * EDGE;
    int height = (int) Math.ceil(legendTop() + legend.height()) + EDGE;
    BufferedImage image =
        new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = graphics(image);
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, width, height);
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < rows.get(row).size(); column++) {
        rows.get(row).get(column).draw(g, place(row, column), looks);
      }
    }
    legend.draw(g, EDGE, legendTop(), looks);
    g.dispose();
    return image;
  }

  /** Plots from top to bottom, then from left to right. */
  List<List<Plot>> rows() {
    return rows;
  }

  /** How each series looks, in the order of the legend. */
  Map<String, Look> looks() {
    return looks;
  }

  /** Where a plot lies. */
  static Rectangle2D place(int row, int column) {
    return new Rectangle2D.Double(
        EDGE + column * WIDTH, EDGE + row * (HEIGHT + EDGE), WIDTH, HEIGHT);
  }

  /** Where names lie. */
  Map<String, Rectangle2D> names() {
    Map<String, Rectangle2D> names = new LinkedHashMap<>();
    legend()
        .places()
        .forEach(
            (name, r) ->
                names.put(
                    name,
                    new Rectangle2D.Double(
                        EDGE + r.getX(), legendTop() + r.getY(), r.getWidth(), r.getHeight())));
    return names;
  }

  private double legendTop() {
    return 2.0 * EDGE + rows.size() * (HEIGHT + EDGE);
  }

  private Legend legend() {
    Graphics2D g = graphics(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
    FontMetrics font = g.getFontMetrics();
    g.dispose();
    return Legend.of(font, 2.0 * WIDTH, List.copyOf(looks.keySet()));
  }

  private static Graphics2D graphics(BufferedImage image) {
    Graphics2D g = image.createGraphics();
    g.scale(SCALE, SCALE);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, SIZE));
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    return g;
  }

  private static Plot plot(
      String title, String unit, Axis seconds, List<Cell> cells, ToDoubleFunction<Cell> figure) {
    Map<String, List<Point2D>> series = new LinkedHashMap<>();
    for (Cell c : cells) {
      series
          .computeIfAbsent(c.series(), k -> new ArrayList<>())
          .add(new Point2D.Double(c.processor(), figure.applyAsDouble(c)));
    }
    Axis up = Axis.of(cells.stream().mapToDouble(figure).toArray());
    return new Plot(title, "processor seconds", unit, seconds, up, series);
  }
}
