package dev.ashlar.cli.command;

import dev.ashlar.tuning.Methods;
import dev.ashlar.tuning.method.Method;
import dev.ashlar.tuning.method.Method.Option;
import dev.ashlar.tuning.method.Method.Spelling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;

/** The choice of a method and its options on a command line, written from what methods say. */
final class MethodArguments {
  private static final String METHOD = "--method";

  private final List<Method> methods = Methods.all();
  private final Map<String, String> given = new LinkedHashMap<>();
  private String chosen;

  /** Adds the options of all methods to a command. */
  void addTo(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(METHOD)
            .paramLabel("NAME")
            .type(String.class)
            .description(literal("How codes are chosen: " + descriptions() + "."))
            .setter(
                new ISetter() {
                  @Override
                  public <T> T set(T value) {
                    chosen = (String) value;
                    return value;
                  }
                })
            .build());
    Map<String, Option> named = new LinkedHashMap<>();
    methods.forEach(m -> m.options().forEach(o -> named.putIfAbsent(o.name(), o)));
    named.values().forEach(o -> spelled(o).ifPresent(spec::addOption));
  }

  /** What an option does and what holds without it. */
  static String described(Option option) {
    String text = option.description();
    boolean says = option.spelling() instanceof Spelling.Switch || text.contains("default");
    String bare = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    return says ? text : bare + " (default " + option.fallback() + ").";
  }

  private String descriptions() {
    List<String> all = new ArrayList<>();
    for (Method m : methods) {
      String usual = m == Methods.DEFAULT ? " (the default)" : "";
      all.add(m.name() + usual + ", " + m.description());
    }
    return String.join("; or ", all);
  }

  private Optional<OptionSpec> spelled(Option option) {
    return switch (option.spelling()) {
      case Spelling.Named n ->
          Optional.of(
              OptionSpec.builder("--" + option.name().replace('_', '-'))
                  .paramLabel(n.label())
                  .type(String.class)
                  .description(literal(described(option)))
                  .setter(
                      new ISetter() {
                        @Override
                        public <T> T set(T value) {
                          note(option.name(), (String) value);
                          return value;
                        }
                      })
                  .build());
      case Spelling.Switch s ->
          Optional.of(
              OptionSpec.builder("--" + s.flag())
                  .arity("0")
                  .type(Boolean.class)
                  .description(literal(described(option)))
                  .setter(
                      new ISetter() {
                        @Override
                        public <T> T set(T value) {
                          note(option.name(), Boolean.TRUE.equals(value) ? s.value() : null);
                          return value;
                        }
                      })
                  .build());
      case Spelling.Pair p -> Optional.empty();
    };
  }

  /** Parsing begins by setting everything to nothing. */
  private void note(String name, String value) {
    if (value == null) {
      given.remove(name);
    } else {
      given.put(name, value);
    }
  }

  /** The method that was asked for; empty if none was. */
  Optional<Method> asked() {
    return Optional.ofNullable(chosen).map(Methods::named);
  }

  /** The options that were given, by the methods' names for them. */
  Map<String, String> given() {
    return new LinkedHashMap<>(given);
  }

  /** As it stands: picocli takes descriptions for formats. */
  private static String literal(String text) {
    return text.replace("%", "%%");
  }
}
