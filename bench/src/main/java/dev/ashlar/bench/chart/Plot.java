package dev.ashlar.bench.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Line2D;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One plot: points of series, joined in their order, with names beside them where there is room.
 *
 * @param title above it
 * @param across below it
 * @param up on its left
 * @param x the axis across
 * @param y the axis upward
 * @param series by name, each point within both axes
 */
record Plot(
    String title, String across, String up, Axis x, Axis y, Map<String, List<Point2D>> series) {
  private static final int LEFT = 58;
  private static final int RIGHT = 10;
  private static final int TOP = 24;
  private static final int BOTTOM = 40;
  private static final int GAP = 5;
  private static final double RADIUS = 4;
  private static final Color GRID = new Color(0xE4E4E4);
  private static final Color TEXT = new Color(0x202020);
  private static final float LINE = 1.2f;

  /**
   * Draws.
   *
   * @param place of all of it, labels of axes included
   * @param looks by name
   */
  void draw(Graphics2D g, Rectangle2D place, Map<String, Look> looks) {
    Rectangle2D field = field(place);
    axes(g, place, field);
    List<Shape> taken = new ArrayList<>();
    series.forEach(
        (name, points) -> {
          g.setColor(looks.get(name).colour());
          g.setStroke(new BasicStroke(LINE));
          for (int i = 1; i < points.size(); i++) {
            Line2D line = new Line2D.Double(on(field, points.get(i - 1)), on(field, points.get(i)));
            g.draw(line);
            taken.add(line);
          }
        });
    series.forEach(
        (name, points) ->
            points.forEach(
                p -> {
                  Point2D at = on(field, p);
                  looks.get(name).draw(g, at.getX(), at.getY(), RADIUS);
                  double reach = RADIUS + 1;
                  taken.add(
                      new Rectangle2D.Double(
                          at.getX() - reach, at.getY() - reach, 2 * reach, 2 * reach));
                }));
    g.setColor(TEXT);
    series.forEach((name, points) -> name(g, field, name, points, taken));
  }

  /** What points lie in. */
  static Rectangle2D field(Rectangle2D place) {
    return new Rectangle2D.Double(
        place.getX() + LEFT,
        place.getY() + TOP,
        place.getWidth() - LEFT - RIGHT,
        place.getHeight() - TOP - BOTTOM);
  }

  /** Where a point lies. */
  Point2D on(Rectangle2D field, Point2D point) {
    return new Point2D.Double(
        field.getX() + x.place(point.getX()) * field.getWidth(),
        field.getMaxY() - y.place(point.getY()) * field.getHeight());
  }

  private void axes(Graphics2D g, Rectangle2D place, Rectangle2D field) {
    FontMetrics font = g.getFontMetrics();
    g.setStroke(new BasicStroke(1));
    for (double tick : x.ticks()) {
      double at = field.getX() + x.place(tick) * field.getWidth();
      g.setColor(GRID);
      g.draw(new Line2D.Double(at, field.getY(), at, field.getMaxY()));
      centred(g, Axis.label(tick), at, field.getMaxY() + font.getAscent() + GAP);
    }
    for (double tick : y.ticks()) {
      double at = field.getMaxY() - y.place(tick) * field.getHeight();
      g.setColor(GRID);
      g.draw(new Line2D.Double(field.getX(), at, field.getMaxX(), at));
      g.setColor(TEXT);
      String label = Axis.label(tick);
      g.drawString(
          label,
          (float) (field.getX() - GAP - font.stringWidth(label)),
          (float) (at + font.getAscent() / 2.0 - 1));
    }
    g.setColor(TEXT);
    g.draw(field);
    centred(g, title, field.getCenterX(), field.getY() - font.getDescent() - GAP);
    centred(g, across, field.getCenterX(), place.getMaxY() - font.getDescent());
    AffineTransform upright = g.getTransform();
    g.rotate(-Math.PI / 2, place.getX() + font.getAscent(), field.getCenterY());
    centred(g, up, place.getX() + font.getAscent(), field.getCenterY());
    g.setTransform(upright);
  }

  private static void centred(Graphics2D g, String text, double x, double y) {
    g.setColor(TEXT);
    g.drawString(text, (float) (x - g.getFontMetrics().stringWidth(text) / 2.0), (float) y);
  }

  /** Beside one of the points, where nothing lies yet; or nowhere: the legend has all names. */
  private void name(
      Graphics2D g, Rectangle2D field, String name, List<Point2D> points, List<Shape> taken) {
    FontMetrics font = g.getFontMetrics();
    double width = font.stringWidth(name);
    double height = font.getAscent() + font.getDescent();
    double side = RADIUS + GAP - 2;
    for (Point2D point : points) {
      Point2D at = on(field, point);
      double[][] corners = {
        {at.getX() + side, at.getY() - height / 2},
        {at.getX() - side - width, at.getY() - height / 2},
        {at.getX() - width / 2, at.getY() - side - height},
        {at.getX() - width / 2, at.getY() + side},
        {at.getX() + side / 2, at.getY() - side - height},
        {at.getX() + side / 2, at.getY() + side},
        {at.getX() - side / 2 - width, at.getY() - side - height},
        {at.getX() - side / 2 - width, at.getY() + side},
      };
      for (double[] corner : corners) {
        Rectangle2D label = new Rectangle2D.Double(corner[0], corner[1], width, height);
        if (field.contains(label) && taken.stream().noneMatch(s -> s.intersects(label))) {
          g.drawString(name, (float) label.getX(), (float) (label.getY() + font.getAscent()));
          taken.add(label);
          return;
        }
      }
    }
  }
}
