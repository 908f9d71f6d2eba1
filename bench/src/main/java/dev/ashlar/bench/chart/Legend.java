package dev.ashlar.bench.chart;

import java.awt.Color;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All names with their looks, in columns as many as a width has room for, filled downward.
 *
 * @param places by name, below a height of zero
 * @param height of all of it
 */
record Legend(Map<String, Rectangle2D> places, double height) {
  private static final int KEY = 22;
  private static final int GAP = 16;
  private static final int LEADING = 6;
  private static final double RADIUS = 4;

  /** Lays out. */
  static Legend of(FontMetrics font, double width, List<String> names) {
    double widest = names.stream().mapToInt(font::stringWidth).max().orElse(0) + KEY;
    int columns = (int) Math.max(1, Math.floor((width + GAP) / (widest + GAP)));
    int rows = (names.size() + columns - 1) / columns;
    double line = font.getAscent() + font.getDescent() + LEADING;
    Map<String, Rectangle2D> places = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      places.put(
          names.get(i),
          new Rectangle2D.Double(
              i / rows * (widest + GAP),
              i % rows * line,
              KEY + font.stringWidth(names.get(i)),
              line));
    }
    return new Legend(places, rows * line);
  }

  /** Draws, from a corner on. */
  void draw(Graphics2D g, double x, double y, Map<String, Look> looks) {
    FontMetrics font = g.getFontMetrics();
    places.forEach(
        (name, place) -> {
          double left = x + place.getX();
          double top = y + place.getY();
          looks.get(name).draw(g, left + KEY / 2.0, top + place.getHeight() / 2, RADIUS);
          g.setColor(Color.BLACK);
          g.drawString(
              name, (float) (left + KEY), (float) (top + LEADING / 2.0 + font.getAscent()));
        });
  }
}
