package dev.ashlar.bench.chart;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/**
 * Draws quality against time: {@code java -cp 'bench/target/lib/*'
 * dev.ashlar.bench.chart.QualityChart OUT.png FILE…}, the files being those of {@code
 * bench/proof/methods} and {@code peers}.
 *
 * <p>A picture for each number of bits, perplexity above and divergence below, both axes
 * logarithmic. Cells whose names agree up to a comma are one line, from the shortest time on. What
 * is left of a model at more than {@value #MOST} nats a token is not drawn: it would press all else
 * flat.
 */
public final class QualityChart {
  private static final int WIDTH = 460;
  private static final int HEIGHT = 360;
  private static final int ROWS = 2;
  private static final double TEN = 10;
  private static final double MOST = 3;

  private QualityChart() {}

  /** Draws. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 2) {
      System.err.println("usage: QualityChart OUT.png FILE…");
      System.exit(2);
    }
    System.setProperty("java.awt.headless", "true");
    List<XYChart> charts =
        charts(Cell.read(Arrays.stream(arguments).skip(1).map(Path::of).toList()));
    BitmapEncoder.saveBitmap(
        charts, ROWS, charts.size() / ROWS, arguments[0], BitmapEncoder.BitmapFormat.PNG);
  }

  /** Perplexities of all numbers of bits, then divergences. */
  private static List<XYChart> charts(List<Cell> cells) {
    List<Integer> bits =
        cells.stream().map(Cell::bits).distinct().sorted(Comparator.reverseOrder()).toList();
    List<XYChart> charts = new ArrayList<>();
    for (int b : bits) {
      charts.add(chart(b, "perplexity", cells, Cell::perplexity));
    }
    for (int b : bits) {
      charts.add(chart(b, "KL, nats a token", cells, Cell::divergence));
    }
    return charts;
  }

  private static XYChart chart(int bits, String value, List<Cell> all, ToDoubleFunction<Cell> of) {
    List<Cell> cells =
        all.stream()
            .filter(c -> c.bits() == bits && c.divergence() <= MOST)
            .sorted(Comparator.comparingDouble(Cell::processor))
            .toList();
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(bits + " bits")
            .xAxisTitle("processor seconds")
            .yAxisTitle(value)
            .build();
    chart.getStyler().setXAxisLogarithmic(true);
    // A logarithmic axis has labels at powers of ten only, of which a perplexity passes one or
    // none.
    chart
        .getStyler()
        .setYAxisTickLabelsFormattingFunction(v -> "%.3g".formatted(Math.pow(TEN, v)))
        .setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
    chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
    Map<String, List<Cell>> series = new LinkedHashMap<>();
    for (Cell c : cells) {
      series.computeIfAbsent(c.series(), k -> new ArrayList<>()).add(c);
    }
    series.forEach(
        (name, points) ->
            chart.addSeries(
                name,
                points.stream().mapToDouble(Cell::processor).toArray(),
                points.stream().mapToDouble(of).map(Math::log10).toArray()));
    return chart;
  }
}
