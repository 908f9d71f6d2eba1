package dev.ashlar.engine.demo;

/** The vocabulary of {@link DemoGrammar}. */
final class DemoWords {
  /** The first {@link #WOMEN} are women. */
  static final String[] NAMES =
      words(
          "Ada Bea Clara Dora Edith Fern Greta Hilda Ines Johanna Kate Lena Mara Nora Olga Paula"
              + " Rosa Sonja Tilda Ursula Vera Wanda Yvonne Zoe"
              + " Abel Bruno Carl David Emil Frank Gustav Hugo Ivan Jonas Karl Leo Max Nils Otto"
              + " Peter Ralf Simon Theo Ulrich Viktor Walter Xaver Yannick");

  static final int WOMEN = 24;

  static final String[] SURNAMES =
      words(
          "Alder Birch Brook Cole Dale Field Ford Frost Grove Hale Heath Hill Lake Lane March Marsh"
              + " Mead Moor Pike Reed Rivers Rowe Shaw Snow Stone Vale Wells West Wood York");

  static final String[] TRADES =
      words(
          "mason carpenter roofer smith painter glazier plumber carter miller baker potter weaver"
              + " surveyor digger sculptor tiler");

  static final String[] TOWNS =
      words(
          "Ashford Birkdale Carrow Dunmore Elmstead Fairhaven Glenrock Harwick Inverley Kingsbrook"
              + " Larkhill Millbury Northgate Oakridge Penfield Quarryton Redcliff Stonebridge"
              + " Thornby Upton");

  static final String[] DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday");

  static final String[] NUMBERS =
      words(
          "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
              + " fifteen sixteen seventeen eighteen");

  static final String[] VERBS =
      words(
          "cut lifted carried measured marked split polished cleaned moved stacked broke mended"
              + " painted sold bought found lost hid drew planed nailed sawed turned washed dried"
              + " heated cooled filled emptied weighed counted joined fixed raised lowered pushed"
              + " pulled rolled wrapped opened closed built tested traded");

  static final String[] OBJECTS =
      words(
          "stone block arch wall beam plank door window roof tile brick lintel column step floor"
              + " chimney gate bridge tower vault hammer chisel saw rope ladder cart wheel barrel"
              + " bucket crate lamp table bench chair shelf box basin pipe kettle oven loaf sack"
              + " jar bowl cup plate cloth rug net map plan line post rail fence hinge lock key"
              + " bell clock statue slab pillar corner panel frame");

  static final String[] ADJECTIVES =
      words(
          "old new heavy light grey red white black rough smooth broken square round long short"
              + " wide narrow thick thin wet dry warm cold clean dusty hollow solid plain carved"
              + " crooked");

  private DemoWords() {}

  private static String[] words(String list) {
    return list.split(" ");
  }
}
