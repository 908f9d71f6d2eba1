package dev.ashlar.bench.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QualityChartTest {
  private static final int SERIES = 20;
  private static final int FAR = 90;

  /** Twenty series at 4, 3 and 2 bits, the last of them spread over decades. */
  private static List<Cell> many() {
    Random random = new Random(5);
    List<Cell> cells = new ArrayList<>();
    for (int bits : new int[] {3, 4, 2}) {
      for (int i = 0; i < SERIES; i++) {
        double worse = bits == 2 ? Math.pow(10, 2 * random.nextDouble()) : 1 + random.nextDouble();
        cells.add(
            new Cell("a method, number " + i, bits, 30 * worse, 0.1 * worse, 30 + 50 * i * i));
      }
    }
    return cells;
  }

  @Test
  void namesAllSeriesApartAndOutsideThePlots() {
    QualityChart chart = new QualityChart(many());
    BufferedImage image = chart.draw();
    List<Rectangle2D> names = List.copyOf(chart.names().values());
    assertEquals(SERIES, names.size());
    Rectangle2D picture =
        new Rectangle2D.Double(
            0,
            0,
            (double) image.getWidth() / QualityChart.SCALE,
            (double) image.getHeight() / QualityChart.SCALE);
    for (int i = 0; i < names.size(); i++) {
      assertTrue(picture.contains(names.get(i)), "outside: " + names.get(i));
      for (int j = 0; j < i; j++) {
        assertFalse(names.get(i).intersects(names.get(j)), i + " lies on " + j);
      }
      for (int row = 0; row < chart.rows().size(); row++) {
        for (int column = 0; column < 2; column++) {
          assertFalse(names.get(i).intersects(QualityChart.place(row, column)));
        }
      }
      assertTrue(holds(image, names.get(i), Color.BLACK), "no text for " + i);
    }
    chart
        .names()
        .forEach(
            (name, place) -> assertTrue(holds(image, place, chart.looks().get(name).colour())));
  }

  @Test
  void drawsEachPointInTheColourOfItsSeriesAndWithinItsPlot() {
    QualityChart chart = new QualityChart(many());
    BufferedImage image = chart.draw();
    for (int row = 0; row < chart.rows().size(); row++) {
      for (int column = 0; column < 2; column++) {
        Plot plot = chart.rows().get(row).get(column);
        Rectangle2D field = Plot.field(QualityChart.place(row, column));
        assertEquals(SERIES, plot.series().size());
        plot.series()
            .forEach(
                (name, points) -> {
                  for (Point2D point : points) {
                    Point2D at = plot.on(field, point);
                    assertTrue(field.contains(at), name + " at " + at);
                    Rectangle2D near = new Rectangle2D.Double(at.getX() - 6, at.getY() - 6, 12, 12);
                    assertTrue(holds(image, near, chart.looks().get(name).colour()), name);
                  }
                });
      }
    }
  }

  @Test
  void isLogarithmicWhereAFigureIsMoreThanTenTimesAnother() {
    List<List<Plot>> rows = new QualityChart(many()).rows();
    assertEquals(
        List.of("4 bits: perplexity", "3 bits: perplexity", "2 bits: perplexity"),
        rows.stream().map(r -> r.getFirst().title()).toList());
    assertFalse(rows.get(0).getFirst().y().logarithmic());
    assertTrue(rows.get(2).getFirst().y().logarithmic());
    assertTrue(Axis.of(new double[] {50, 501}).logarithmic());
    assertFalse(Axis.of(new double[] {50, 500}).logarithmic());
    assertFalse(Axis.of(new double[] {0, 500}).logarithmic());
  }

  @Test
  void ticksAreRoundWithinTheAxisAndAFew() {
    for (double[] range :
        new double[][] {{26.07}, {28, 80}, {50, 2880}, {0.09, 4.6}, {30, 1e6}, {0, 0}, {99, 101}}) {
      Axis axis = Axis.of(range);
      List<Double> ticks = axis.ticks();
      assertTrue(ticks.size() >= 3 && ticks.size() <= 12, axis + ": " + ticks);
      assertEquals(ticks.size(), ticks.stream().map(Axis::label).distinct().count());
      for (double tick : ticks) {
        assertTrue(axis.place(tick) >= 0 && axis.place(tick) <= 1, axis + ": " + tick);
      }
    }
    assertEquals(List.of(100.0, 200.0, 500.0), new Axis(60, 900, true).ticks().subList(0, 3));
    assertEquals("0.05", Axis.label(0.05));
    assertEquals("1000", Axis.label(1000));
  }

  @Test
  void noTwoSeriesLookAlikeAndColoursAreFarFromWhite() {
    HashSet<Look> looks = new HashSet<>();
    for (int i = 0; i < 63; i++) {
      Look look = Look.of(i);
      assertTrue(looks.add(look), "again: " + look);
      Look next = Look.of(i + 1);
      assertTrue(look.colour() != next.colour() && look.mark() != next.mark());
      Color c = look.colour();
      assertTrue(255 * 3 - c.getRed() - c.getGreen() - c.getBlue() > FAR * 2, "pale: " + c);
    }
  }

  @Test
  void aSeedWithoutSecondsCountsAndOneThatIsNoNumberSpoilsItsCell(@TempDir Path folder)
      throws IOException {
    Path figures = folder.resolve("figures.tsv");
    Files.writeString(
        figures,
        """
        awq\t3\t42\t60\t1\tNaN\t9\t300\t1
        awq\t3\t43\t62\t1\t0.5\t9\t300\t1
        rtn\t3\t42\t80\t1\t1.1\t9\t30\t1
        rtn\t3\t43\t90\t1\t1.3\t-\t-\t-
        """);
    List<Cell> cells = Cell.read(List.of(figures));
    assertFalse(cells.getFirst().isFinite());
    assertEquals(new Cell("rtn", 3, 85, 1.2000000000000002, 30), cells.getLast());
  }

  @Test
  void isTheSamePictureAgainWithMediansOverSeedsAndNoScreen(@TempDir Path folder)
      throws IOException {
    Path figures = folder.resolve("figures.tsv");
    Files.writeString(
        figures,
        """
        rtn\t3\t42\t80\t1\t1.1\t9\t30\t1
        rtn\t3\t43\t90\t1\t1.3\t9\t50\t1
        rtn\t3\t44\t100\t1\t1.5\t-\t-\t-
        gptq\t3\t42\tInfinity\t1\tNaN\t9\t300\t1
        feedback\t3\t42\t36\t1\t0.2\t9\t400\t1
        feedback, labels\t3\t42\t29\t1\t0.3\t9\t500\t1
        feedback, elsewhere\t3\t42\t28\t1\t0.3\t-\t-\t-
        """);
    List<Cell> cells = Cell.read(List.of(figures));
    assertEquals(new Cell("rtn", 3, 90, 1.3, 40), cells.getFirst());
    Path a = folder.resolve("a.png");
    Path b = folder.resolve("b.png");
    QualityChart.main(new String[] {a.toString(), figures.toString()});
    QualityChart.main(new String[] {b.toString(), figures.toString()});
    assertEquals(-1, Files.mismatch(a, b));
    QualityChart chart = new QualityChart(cells);
    assertEquals(List.of("rtn", "gptq", "feedback"), List.copyOf(chart.looks().keySet()));
    assertEquals(2, chart.rows().getFirst().getFirst().series().get("feedback").size());
    assertFalse(chart.rows().getFirst().getFirst().series().containsKey("gptq"));
    assertEquals(chart.draw().getWidth(), ImageIO.read(a.toFile()).getWidth());
    assertThrows(IllegalArgumentException.class, () -> new QualityChart(List.of(cells.get(1))));
  }

  private static boolean holds(BufferedImage image, Rectangle2D place, Color colour) {
    int scale = QualityChart.SCALE;
    for (int y = (int) (scale * place.getY()); y < scale * place.getMaxY(); y++) {
      for (int x = (int) (scale * place.getX()); x < scale * place.getMaxX(); x++) {
        Color there = new Color(image.getRGB(x, y));
        int far =
            Math.abs(there.getRed() - colour.getRed())
                + Math.abs(there.getGreen() - colour.getGreen())
                + Math.abs(there.getBlue() - colour.getBlue());
        if (far < FAR) {
          return true;
        }
      }
    }
    return false;
  }
}
