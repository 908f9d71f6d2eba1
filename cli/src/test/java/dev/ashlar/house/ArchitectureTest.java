package dev.ashlar.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.Architectures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows between the rooms, and what may be named only in one of them. */
class ArchitectureTest {
  private static final List<String> MODULES =
      List.of("tensor", "nn", "tuning", "io", "text", "formats", "engine", "tornado", "cli");

  /** With the one that is on no list of layers. */
  private static final List<String> ROOMS =
      Stream.concat(MODULES.stream(), Stream.of("bench")).toList();

  private static JavaClasses house;

  @BeforeAll
  static void importClasses() {
    List<Path> folders = new ArrayList<>();
    for (String module : MODULES) {
      // Tests run in their module's folder; its neighbours are beside it.
      Path classes = Path.of("..", module, "target", "classes");
      assertTrue(Files.isDirectory(classes), "not compiled: " + classes.toAbsolutePath());
      folders.add(classes);
    }
    house = new ClassFileImporter().importPaths(folders);
  }

  @Test
  void arrowsPointOneWay() {
    Architectures.layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("dev.ashlar..")
        .layer("tensor")
        .definedBy("dev.ashlar.tensor..")
        .layer("nn")
        .definedBy("dev.ashlar.nn..")
        .layer("tuning")
        .definedBy("dev.ashlar.tuning..")
        .layer("io")
        .definedBy("dev.ashlar.io..")
        .layer("text")
        .definedBy("dev.ashlar.text..")
        .layer("formats")
        .definedBy("dev.ashlar.formats..")
        .layer("engine")
        .definedBy("dev.ashlar.engine..")
        .layer("tornado")
        .definedBy("dev.ashlar.tornado..")
        .layer("cli")
        .definedBy("dev.ashlar.cli..")
        .whereLayer("tensor")
        .mayOnlyBeAccessedByLayers("nn", "tuning", "formats", "engine", "tornado", "cli")
        .whereLayer("nn")
        .mayOnlyBeAccessedByLayers("tuning", "engine", "tornado", "cli")
        .whereLayer("tuning")
        .mayOnlyBeAccessedByLayers("engine", "cli")
        .whereLayer("io")
        .mayOnlyBeAccessedByLayers("text", "formats", "engine", "cli")
        .whereLayer("text")
        .mayOnlyBeAccessedByLayers("formats", "engine", "cli")
        .whereLayer("formats")
        .mayOnlyBeAccessedByLayers("engine", "cli")
        .whereLayer("engine")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("tornado")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .check(house);
  }

  /** Every package of every room is a slice of its own. */
  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.ashlar.(**)").should().beFreeOfCycles().check(house);
  }

  /** Models, blocks and units know their backend; only what loads or begins one may choose. */
  @Test
  void theBackendIsPassedOn() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.ashlar.tensor..", "dev.ashlar.nn..", "dev.ashlar.tuning..")
        .and()
        .haveNameNotMatching(
            "dev\\.ashlar\\.(tensor\\.autograd\\.Tape|tensor\\.affine\\.Affine|nn\\.architecture\\.Architectures"
                + "|tuning\\.method\\.LinearLayer)")
        .should()
        .callMethod("dev.ashlar.tensor.kernel.Backends", "chosen")
        .orShould()
        .callMethod("dev.ashlar.tensor.autograd.Tape", "off")
        .orShould()
        .callMethod("dev.ashlar.tensor.autograd.Tape", "recording")
        .check(house);
  }

  @Test
  void theVectorApiStaysInItsRoom() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.ashlar.tensor.kernel.vector..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..")
        .check(house);
  }

  @Test
  void tornadoVmStaysInItsRoom() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.ashlar.tornado..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("uk.ac.manchester.tornado..")
        .check(house);
  }

  @Test
  void lowerRoomsDependOnTheJdkAlone() {
    classes()
        .that()
        .resideInAnyPackage("dev.ashlar.tensor..", "dev.ashlar.nn..", "dev.ashlar.tuning..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.ashlar..", "java..", "jdk..")
        .check(house);
    classes()
        .that()
        .resideInAnyPackage("dev.ashlar.text..", "dev.ashlar.formats..", "dev.ashlar.engine..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.ashlar..", "java..")
        .check(house);
    classes()
        .that()
        .resideInAPackage("dev.ashlar.io..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.ashlar.io..", "java..", "com.fasterxml.jackson..")
        .check(house);
  }

  @Test
  void onlyParallelStartsThreads() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.ashlar.tensor..",
            "dev.ashlar.nn..",
            "dev.ashlar.tuning..",
            "dev.ashlar.io..",
            "dev.ashlar.text..",
            "dev.ashlar.formats..",
            "dev.ashlar.engine..")
        .and()
        .haveNameNotMatching("dev\\.ashlar\\.tensor\\.Parallel(\\$.*)?")
        .should()
        .callMethod(Thread.class, "start")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(java.util.concurrent.ExecutorService.class)
        .check(house);
  }

  @Test
  void onlyTheCommandLinePrints() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.ashlar.cli..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(house);
  }

  /** What does not fit in one file is two things. */
  @Test
  void filesAreShort() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (String module : ROOMS) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src"))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          long lines = Files.readAllLines(file).size();
          if (lines > 400) {
            tooLong.add(file + ": " + lines + " lines");
          }
        }
      }
    }
    assertEquals(List.of(), tooLong);
  }

  /** Names of files, JSON and reports are the same wherever a program runs. */
  @Test
  void nothingDependsOnTheLocale() {
    noClasses()
        .should()
        .callMethod(String.class, "format", String.class, Object[].class)
        .orShould()
        .callMethod(String.class, "formatted", Object[].class)
        .orShould()
        .callMethod(String.class, "toLowerCase")
        .orShould()
        .callMethod(String.class, "toUpperCase")
        .check(house);
  }
}
