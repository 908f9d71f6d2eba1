# bench_java ARGUMENT…: builds the benchmarks of the checkout $root and runs the launcher's java on them.
# Sourced; ends with the build's first error and 2 where they cannot be built.
bench_java() {
  local home log
  log=$(mktemp)
  home=$(ASHLAR_OPTS=-XshowSettings:properties "$root/ashlar" --version 2>&1 | sed -n 's/^ *java\.home = //p')
  if ! (cd "$root" && mvn -B -q -DskipTests package -pl bench -am >"$log"); then
    echo "$(basename "$0"): $(grep -a -m 1 ERROR "$log" || tail -n 1 "$log")" >&2
    rm -f "$log"
    exit 2
  fi
  rm -f "$log"
  "$home/bin/java" --add-modules jdk.incubator.vector -cp "$root/bench/target/lib/*" "$@"
}
