package dev.ashlar.engine.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ashlar.engine.model.Model;
import dev.ashlar.engine.model.ModelEncoder;
import dev.ashlar.tuning.calibration.Calibration;
import dev.ashlar.tuning.calibration.Documents;
import java.lang.Character.UnicodeScript;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BuiltInTextTest {
  private static List<String> pieces() {
    Documents.Separate documents = (Documents.Separate) BuiltInText.source().documents();
    return documents.documents().stream().map(d -> ((Documents.Text) d).text()).toList();
  }

  @Test
  void hasManyPiecesOfManyKinds() {
    List<String> pieces = pieces();
    assertTrue(pieces.size() > 60);
    assertEquals(pieces.size(), new HashSet<>(pieces).size());
    Set<UnicodeScript> scripts = EnumSet.noneOf(UnicodeScript.class);
    String all = String.join("", pieces);
    all.codePoints().forEach(c -> scripts.add(UnicodeScript.of(c)));
    assertTrue(
        scripts.containsAll(
            Set.of(
                UnicodeScript.LATIN,
                UnicodeScript.CYRILLIC,
                UnicodeScript.HAN,
                UnicodeScript.HIRAGANA,
                UnicodeScript.HANGUL,
                UnicodeScript.ARABIC,
                UnicodeScript.DEVANAGARI)));
    assertTrue(all.contains("import java") && all.contains("SELECT") && all.contains("User:"));
    assertTrue(pieces.stream().noneMatch(p -> p.contains("%%")));
  }

  @Test
  void makesSamplesWithoutWarnings() {
    try (Model demo = Model.open("demo")) {
      Calibration made =
          Calibration.of(
              List.of(BuiltInText.source()),
              ModelEncoder.forCalibration(demo),
              32,
              256,
              42,
              OptionalInt.empty());
      assertEquals(List.of(), made.warnings());
      assertEquals(32, made.set().count());
    }
  }
}
