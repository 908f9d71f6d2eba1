package dev.ashlar.cli.console;

import java.text.MessageFormat;
import java.util.ResourceBundle;

/** What libraries log, as notes on standard error: warnings, one line each. */
public final class ConsoleLogging extends System.LoggerFinder {
  /** For the service loader. */
  public ConsoleLogging() {}

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new Notes(name);
  }

  private record Notes(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      boolean debug = Boolean.getBoolean("ashlar.debug");
      return level.compareTo(debug ? Level.DEBUG : Level.WARNING) >= 0 && level != Level.OFF;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
      if (isLoggable(level)) {
        System.err.println(line(level, message + (thrown == null ? "" : " (" + thrown + ")")));
      }
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... params) {
      if (isLoggable(level)) {
        boolean plain = params == null || params.length == 0;
        System.err.println(line(level, plain ? format : MessageFormat.format(format, params)));
      }
    }

    private static String line(Level level, String message) {
      return "ashlar: " + (level == Level.WARNING ? "warning: " : "") + message;
    }
  }
}
