/** The command line: parses, reports, joins the other rooms. */
module dev.ashlar.cli {
  requires dev.ashlar.tensor;
  requires dev.ashlar.nn;
  requires dev.ashlar.tuning;
  requires dev.ashlar.io;
  requires dev.ashlar.text;
  requires dev.ashlar.formats;
  requires dev.ashlar.engine;
  requires info.picocli;
  requires java.management;
  requires jdk.management;

  // picocli fills annotated fields by reflection.
  opens dev.ashlar.cli.command to
      info.picocli;

  provides System.LoggerFinder with
      dev.ashlar.cli.console.ConsoleLogging;
}
