package dev.ashlar.engine.demo;

import java.util.Random;

/**
 * A probabilistic grammar of short stories about a building site: the source of the demo model's
 * corpus.
 *
 * <p>It is a world with facts. Each person (first name and surname together) has one trade and one
 * home town, each trade its own favourite verbs, each trade and verb together their own objects,
 * each object and town together their own adjectives, and sums are right. A model must store all
 * that in its weights, so that coarse rounding costs something that can be seen. Every text has one
 * derivation only, and the generator adds up the logarithm of each choice it makes: {@link
 * Story#nats()} is exactly {@code −ln P(text)}, the loss below which no model of this source can go
 * on average.
 */
public final class DemoGrammar {
  /** Seed of the text the demo model was trained on. */
  public static final long TRAINING_TEXT = 1;

  /** Seed of the text the demo model is calibrated on. */
  public static final long CALIBRATION_TEXT = 2;

  /** Seed of the text that figures about the demo model are taken on. */
  public static final long TEST_TEXT = 3;

  /**
   * A generated text.
   *
   * @param text paragraphs, one a line
   * @param nats the source's own information in the text, {@code −ln P}
   */
  public record Story(String text, double nats) {}

  private static final int VERBS_PER_TRADE = 10;
  private static final int OBJECTS_PER_DEED = 8;
  private static final int ADJECTIVES_PER_OBJECT = 4;
  private static final int PEOPLE = DemoWords.NAMES.length * DemoWords.SURNAMES.length;
  private static final double LAST_SENTENCE = 0.22;

  private final int[] trade = new int[PEOPLE];
  private final int[] town = new int[PEOPLE];
  private final Table verbs;
  private final Table objects;
  private final Table adjectives;

  /** The one world: its facts are drawn from a fixed seed. */
  public DemoGrammar() {
    Random world = new Random(0x5A5E);
    for (int i = 0; i < trade.length; i++) {
      trade[i] = world.nextInt(DemoWords.TRADES.length);
      town[i] = world.nextInt(DemoWords.TOWNS.length);
    }
    verbs = new Table(world, DemoWords.TRADES.length, DemoWords.VERBS.length, VERBS_PER_TRADE);
    objects =
        new Table(
            world,
            DemoWords.TRADES.length * DemoWords.VERBS.length,
            DemoWords.OBJECTS.length,
            OBJECTS_PER_DEED);
    adjectives =
        new Table(
            world,
            DemoWords.OBJECTS.length * DemoWords.TOWNS.length,
            DemoWords.ADJECTIVES.length,
            ADJECTIVES_PER_OBJECT);
  }

  /** At least {@code characters} of text; the same seed gives the same text. */
  public Story generate(long seed, int characters) {
    Teller teller = new Teller(new Random(seed));
    while (teller.text.length() < characters) {
      teller.paragraph();
    }
    return new Story(teller.text.toString(), teller.nats);
  }

  /** For each parent word, a few child words with weights 1, 1/2, 1/3 and so on. */
  private static final class Table {
    private final int[][] children;

    Table(Random world, int parents, int words, int each) {
      children = new int[parents][each];
      for (int[] row : children) {
        boolean[] used = new boolean[words];
        for (int i = 0; i < each; i++) {
          int word = world.nextInt(words);
          while (used[word]) {
            word = (word + 1) % words;
          }
          used[word] = true;
          row[i] = word;
        }
      }
    }
  }

  /** One telling: draws, writes, and keeps the account of information. */
  private final class Teller {
    private final Random random;
    private final StringBuilder text = new StringBuilder();
    private double nats;

    Teller(Random random) {
      this.random = random;
    }

    void paragraph() {
      int hero = uniform(PEOPLE);
      int friend = another(hero);
      text.append(name(hero))
          .append(" was a ")
          .append(DemoWords.TRADES[trade[hero]])
          .append(" from ")
          .append(DemoWords.TOWNS[town[hero]])
          .append('.');
      do {
        text.append(' ');
        sentence(hero, friend);
      } while (!chance(LAST_SENTENCE));
      text.append('\n');
    }

    private void sentence(int hero, int friend) {
      switch (uniform(5)) {
        case 0 -> {
          who(hero);
          deed(hero);
          text.append('.');
        }
        case 1 -> {
          who(hero);
          deed(hero);
          text.append(" while ").append(name(friend)).append(' ');
          text.append("the ").append(DemoWords.TRADES[trade[friend]]);
          deed(friend);
          text.append('.');
        }
        case 2 -> sum(hero);
        case 3 -> {
          text.append("Then ").append(name(friend)).append(" of ");
          text.append(DemoWords.TOWNS[town[friend]]).append(" came, and ");
          text.append(pronoun(friend));
          deed(friend);
          text.append('.');
        }
        default -> {
          text.append("On ").append(DemoWords.DAYS[uniform(DemoWords.DAYS.length)]).append(' ');
          text.append(pronoun(hero));
          deed(hero);
          text.append(" and");
          deed(hero);
          text.append('.');
        }
      }
    }

    /** {@code " cut the old stone"}, by the facts of the person who does it. */
    private void deed(int person) {
      int verb = drawn(verbs, trade[person]);
      int object = drawn(objects, trade[person] * DemoWords.VERBS.length + verb);
      text.append(' ').append(DemoWords.VERBS[verb]).append(" the ");
      if (chance(0.6)) {
        text.append(adjective(object, town[person])).append(' ');
      }
      text.append(DemoWords.OBJECTS[object]);
    }

    private String adjective(int object, int ofTown) {
      return DemoWords.ADJECTIVES[drawn(adjectives, object * DemoWords.TOWNS.length + ofTown)];
    }

    private void sum(int hero) {
      int a = 1 + uniform(9);
      int b = 1 + uniform(9);
      int object = uniform(DemoWords.OBJECTS.length);
      who(hero);
      text.append(" counted ").append(DemoWords.NUMBERS[a]).append(' ');
      text.append(DemoWords.OBJECTS[object]).append(a == 1 ? "" : "s").append(" and ");
      text.append(DemoWords.NUMBERS[b]).append(" more, which made ");
      text.append(DemoWords.NUMBERS[a + b]).append('.');
    }

    private void who(int hero) {
      if (chance(0.5)) {
        text.append(DemoWords.NAMES[firstName(hero)]);
      } else {
        String p = pronoun(hero);
        text.append(Character.toUpperCase(p.charAt(0))).append(p, 1, p.length());
      }
    }

    private String pronoun(int person) {
      return firstName(person) < DemoWords.WOMEN ? "she" : "he";
    }

    private int firstName(int person) {
      return person / DemoWords.SURNAMES.length;
    }

    private String name(int person) {
      return DemoWords.NAMES[firstName(person)]
          + " "
          + DemoWords.SURNAMES[person % DemoWords.SURNAMES.length];
    }

    private int another(int person) {
      int other = uniform(PEOPLE - 1);
      return other < person ? other : other + 1;
    }

    private int uniform(int n) {
      nats += Math.log(n);
      return random.nextInt(n);
    }

    private boolean chance(double p) {
      boolean yes = random.nextDouble() < p;
      nats -= Math.log(yes ? p : 1 - p);
      return yes;
    }

    private int drawn(Table table, int parent) {
      int[] row = table.children[parent];
      double total = 0;
      for (int i = 0; i < row.length; i++) {
        total += 1.0 / (i + 1);
      }
      double at = random.nextDouble() * total;
      int i = 0;
      while (i < row.length - 1 && at >= 1.0 / (i + 1)) {
        at -= 1.0 / (i + 1);
        i++;
      }
      nats -= Math.log(1.0 / (i + 1) / total);
      return row[i];
    }
  }
}
