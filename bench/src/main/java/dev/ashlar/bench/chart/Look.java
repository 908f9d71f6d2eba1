package dev.ashlar.bench.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;

/**
 * What tells one series from another: a colour and a mark, so that neither has to do it alone.
 *
 * <p>The colours are those of Okabe and Ito, "Color Universal Design" (2008), which people with any
 * kind of colour blindness tell apart, without yellow, which white swallows.
 *
 * @param colour of mark and line
 * @param mark at each point
 */
record Look(Color colour, Mark mark) {
  private static final Color[] COLOURS = {
    new Color(0x0072B2),
    new Color(0xD55E00),
    new Color(0x009E73),
    new Color(0x000000),
    new Color(0xCC79A7),
    new Color(0xE69F00),
    new Color(0x56B4E9),
  };
  private static final float THIN = 1.4f;

  /** Shapes on a square from -1 to 1. */
  enum Mark {
    /** Filled. */
    CIRCLE(true, new Ellipse2D.Double(-1, -1, 2, 2)),
    /** Filled. */
    SQUARE(true, polygon(-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9)),
    /** Filled. */
    UP(true, polygon(0, -1.1, 1.1, 0.9, -1.1, 0.9)),
    /** Hollow. */
    RING(false, new Ellipse2D.Double(-0.9, -0.9, 1.8, 1.8)),
    /** Filled. */
    DIAMOND(true, polygon(0, -1.25, 1.25, 0, 0, 1.25, -1.25, 0)),
    /** Two strokes. */
    CROSS(false, strokes(-0.9, -0.9, 0.9, 0.9, -0.9, 0.9, 0.9, -0.9)),
    /** Filled. */
    DOWN(true, polygon(0, 1.1, 1.1, -0.9, -1.1, -0.9)),
    /** Hollow. */
    BOX(false, polygon(-0.8, -0.8, 0.8, -0.8, 0.8, 0.8, -0.8, 0.8)),
    /** Two strokes. */
    PLUS(false, strokes(-1.2, 0, 1.2, 0, 0, -1.2, 0, 1.2));

    private final boolean filled;
    private final Shape shape;

    Mark(boolean filled, Shape shape) {
      this.filled = filled;
      this.shape = shape;
    }

    private static Shape polygon(double... corners) {
      Path2D path = new Path2D.Double();
      path.moveTo(corners[0], corners[1]);
      for (int i = 2; i < corners.length; i += 2) {
        path.lineTo(corners[i], corners[i + 1]);
      }
      path.closePath();
      return path;
    }

    private static Shape strokes(double... ends) {
      Path2D path = new Path2D.Double();
      for (int i = 0; i < ends.length; i += 2) {
        if (i % (2 + 2) == 0) {
          path.moveTo(ends[i], ends[i + 1]);
        } else {
          path.lineTo(ends[i], ends[i + 1]);
        }
      }
      return path;
    }
  }

  /**
   * That of a series: no two of the first 63 are alike, as 7 colours and 9 marks have no common
   * factor, and neighbours differ in both.
   */
  static Look of(int series) {
    Mark[] marks = Mark.values();
    return new Look(COLOURS[series % COLOURS.length], marks[series % marks.length]);
  }

  /** Draws the mark with its middle at a place. */
  void draw(Graphics2D g, double x, double y, double radius) {
    Graphics2D there = (Graphics2D) g.create();
    there.translate(x, y);
    there.scale(radius, radius);
    there.setColor(colour);
    there.setStroke(new BasicStroke((float) (THIN / radius)));
    if (mark.filled) {
      there.fill(mark.shape);
    } else {
      there.draw(mark.shape);
    }
    there.dispose();
  }
}
