#!/bin/sh
# A run on a strange machine: packs a folder here, which then needs nothing but Linux and the
# driver of a GPU there.
#
#   bench/gpu/run.sh pack FOLDER MODEL   on a machine with a JDK 25 and TORNADOVM_HOME: makes FOLDER
#                                        with this script, the program, a Java runtime, the SDK and
#                                        MODEL, a GGUF file; apart from it at most 60 MB
#   FOLDER/run.sh                        on the strange machine: within 8 minutes leaves bench.json,
#                                        index.html, log.txt and the texts in FOLDER/result
#
# DEVICE        which device there is used, as 'ashlar doctor' numbers them (default: tornado:0)
# TORNADOVM_HOME  for pack: the folder of a TornadoVM SDK for JDK 25. It goes into FOLDER and nowhere
#               else; its licences go with it.
set -u

die() {
  printf 'run.sh: %s\n' "$1" >&2
  exit 1
}

here=$(CDPATH='' cd -P "$(dirname "$0")" && pwd) || die "cannot enter the folder of $0"

# --- pack --------------------------------------------------------------------------------------

# Bytes of everything but the model.
limit=60000000

# What of Java the program and TornadoVM need.
java_modules=java.base,java.logging,java.management,java.instrument,java.net.http,java.xml
java_modules=$java_modules,jdk.jfr,jdk.management,jdk.unsupported,jdk.zipfs,jdk.incubator.vector,jdk.internal.vm.ci

# The home of the java that the launcher starts.
java_home() {
  ASHLAR_OPTS=-XshowSettings:properties "$1" --version 2>&1 | sed -n 's/^ *java\.home = //p'
}

# Copies what runs of the SDK $1 to $2: neither its tests, examples and benchmarks, nor what only they
# need.
copy_sdk() {
  mkdir -p "$2/share/java/tornado" "$2/share/java/graalJars" || return 1
  cp -R "$1/lib" "$1/etc" "$2/" || return 1
  for file in "$1"/LICENSE* "$1"/README*; do
    if [ -f "$file" ]; then cp "$file" "$2/" || return 1; fi
  done
  for file in "$1"/share/java/*/*.jar; do
    case ${file##*/} in
      tornado-unittests* | tornado-examples* | tornado-benchmarks* | tornado-fuzz* | tornado-matrices*) continue ;;
      junit-* | hamcrest-* | jmh-* | jopt-simple-* | lucene-* | ejml-* | truffle-api-* | polyglot-* | graal-sdk-*) continue ;;
    esac
    path=${file%/*}
    cp "$file" "$2/share/java/${path##*/}/" || return 1
  done
  # Wherever the folder will lie: the launcher expands the variable.
  awk -v home="$1" -v variable="\${TORNADOVM_HOME}" '
    {
      line = ""
      while ((at = index($0, home)) > 0) {
        line = line substr($0, 1, at - 1) variable
        $0 = substr($0, at + length(home))
      }
      print line $0
    }' "$1/tornado-argfile" >"$2/tornado-argfile"
}

pack() {
  folder=$1 model=$2
  root=$(CDPATH='' cd -P "$here/../.." && pwd)
  [ -x "$root/ashlar" ] || die "pack is run from Ashlar's sources, as bench/gpu/run.sh"
  [ -f "$model" ] || die "there is no model file $model; a GGUF file goes into the folder"
  case $model in *.gguf) ;; *) die "$model is no GGUF file, the one file that a model has to be here" ;; esac
  [ ! -e "$folder" ] || die "$folder is there already"
  [ -n "${TORNADOVM_HOME:-}" ] || die "set TORNADOVM_HOME to the folder of a TornadoVM SDK for JDK 25"
  [ -r "$TORNADOVM_HOME/tornado-argfile" ] ||
    die "$TORNADOVM_HOME has no tornado-argfile; 'tornado --generate-argfile' writes it"
  home=$(java_home "$root/ashlar")
  [ -x "$home/bin/jlink" ] || die "the JDK that ./ashlar starts ($home) has no jlink"
  build=$root/.ashlar/app/$(cat "$root/.ashlar/current")
  [ -d "$build/lib" ] || die "there is no build in $root/.ashlar: run ./ashlar --version there"

  mkdir -p "$folder/app/.ashlar/app/packed" || die "cannot write to $folder"
  folder=$(CDPATH='' cd -P "$folder" && pwd)
  app=$folder/app
  cp "$root/ashlar" "$root/LICENSE" "$app/" &&
    cp -R "$build/lib" "$app/.ashlar/app/packed/" || die "cannot write to $folder"
  echo packed >"$app/.ashlar/current"
  copy_sdk "$TORNADOVM_HOME" "$app/sdk" || die "cannot copy the SDK"
  said=$("$home/bin/jlink" --add-modules "$java_modules" --strip-debug --no-header-files --no-man-pages \
    --compress zip-9 --vm server --output "$app/java" 2>&1) || die "jlink failed: $said"
  # The runtime has all that the program and the SDK need, or nothing is packed.
  said=$(TORNADOVM_HOME=$app/sdk ASHLAR_JAVA=$app/java "$app/ashlar" doctor 2>&1 >/dev/null)
  case $said in *'java does not start'* | *'boot layer'*) die "what was packed does not start: $said" ;; esac
  rm -f "$app/.ashlar/tornado-argfile"
  # One file: the runtime's library is a third of its size in it.
  (cd "$folder" && tar -cf app.tar app && gzip -9 app.tar) || die "cannot write $folder/app.tar.gz"
  rm -rf "$app"
  cp "$here/run.sh" "$folder/run.sh"
  size=$(($(wc -c <"$folder/app.tar.gz") + $(wc -c <"$folder/run.sh")))
  [ "$size" -le "$limit" ] || die "without the model it takes $size bytes, more than $limit"
  cp "$model" "$folder/model.gguf" || die "cannot copy the model"
  echo "$folder is ready, $((size / 1000000)) MB and the model: run $folder/run.sh on the other machine"
}

# --- run ---------------------------------------------------------------------------------------

# Seconds in all, and how many of them are left.
budget=470
began=$(date +%s)
left() {
  echo $((budget - ($(date +%s) - began)))
}

say() {
  printf '%s\n' "$*" | tee -a "$result/log.txt"
}

# step SECONDS OUT ARGUMENT…: runs ashlar for at most so long, its words into the log; ends with its
# status, 124 if time was up.
step() {
  seconds=$1 out=$2
  shift 2
  rest=$(left)
  if [ "$seconds" -gt "$rest" ]; then seconds=$rest; fi
  say "--- ashlar $* (at most $seconds s)"
  if [ "$seconds" -lt 5 ]; then
    say "no time is left for it"
    return 124
  fi
  start=$(date +%s)
  timeout -k 5 "$seconds" "$here/app/ashlar" "$@" >"$out" 2>>"$result/log.txt" </dev/null
  status=$?
  say "status $status after $(($(date +%s) - start)) s"
  return $status
}

# text BACKEND OUT SECONDS: the greedy text that a backend generates.
text() {
  step "$3" "$result/$2" generate --backend "$1" --model "$here/model.gguf" --temperature 0 \
    --max-tokens 32 --prompt 'The capital of France is'
}

# Seconds in which bench starts and, once its time is up, ends.
edge=25

# measure SECONDS NAME ARGUMENT…: bench's report in result/NAME, its table in the log. What the time
# does not last for is in the report as not measured, which is no failure; what the device failed at
# is one.
measure() {
  most=$1 name=$2
  shift 2
  rest=$(left)
  if [ "$most" -gt "$rest" ]; then most=$rest; fi
  if [ "$most" -le $((2 * edge)) ]; then
    say "no time is left for it"
    return 124
  fi
  step "$most" "$result/$name.txt" bench --gpu="$device" --time $((most - edge)) "$@" --report "$result/$name"
  status=$?
  cat "$result/$name.txt" >>"$result/log.txt"
  return $status
}

# Whether a report was cut short by the time.
cut_short() {
  grep -q ' s were over"' "$result/$1/bench.json" 2>/dev/null
}

run() {
  [ -f "$here/app.tar.gz" ] && [ -f "$here/model.gguf" ] ||
    die "$here is no packed folder: 'run.sh pack FOLDER MODEL' makes one"
  result=$here/result
  rm -rf "$result"
  mkdir -p "$result" || die "cannot write to $here"
  : >"$result/log.txt"
  [ -d "$here/app" ] || (cd "$here" && gzip -dc app.tar.gz | tar -xf -) || die "cannot unpack app.tar.gz"
  export TORNADOVM_HOME="$here/app/sdk" ASHLAR_JAVA="$here/app/java"
  device=${DEVICE:-tornado:0}
  failed=''
  say "$(date -u '+%Y-%m-%d %H:%M:%S') $(uname -srm), $device"
  nvidia-smi -L >>"$result/log.txt" 2>/dev/null

  step 60 "$result/doctor.txt" doctor || failed="$failed doctor"
  cat "$result/doctor.txt" >>"$result/log.txt"
  text vector text-vector.txt 60 || failed="$failed generate-vector"
  if text "$device" text-device.txt 120; then
    if cmp -s "$result/text-vector.txt" "$result/text-device.txt"; then
      say "the texts of vector and $device are the same"
    else
      say "the texts of vector and $device differ"
      failed="$failed same-text"
    fi
  else
    failed="$failed generate-device"
  fi
  # The device's lines first, which any machine has the time for; then those of the processor beside
  # them; then what a quick look leaves out, many sequences far into their contexts.
  measure 200 device --quick --only-device || failed="$failed bench"
  if [ -f "$result/device/bench.json" ]; then
    cp "$result/device/bench.json" "$result/device/index.html" "$result/"
    if cut_short device; then say "some lines of the device were not measured in 200 s"; fi
    if ! measure "$(left)" all --quick; then
      say "the processor was not measured beside the device"
    elif cut_short all; then
      say "not everything of the processor was measured beside the device; what was is in $result/all"
    else
      cp "$result/all/bench.json" "$result/all/index.html" "$result/"
    fi
    if measure "$(left)" deep --filter '32 sequences at 2048' && ! cut_short deep; then
      say "32 sequences at 2048 are in $result/deep"
    else
      say "32 sequences at 2048 were not measured in the time that was left"
    fi
  fi
  say "done after $(($(date +%s) - began)) s; everything is in $result"
  if [ -n "$failed" ]; then
    say "failed:$failed"
    exit 1
  fi
}

case ${1:-run} in
  pack)
    [ $# = 3 ] || die "usage: bench/gpu/run.sh pack FOLDER MODEL"
    pack "$2" "$3"
    ;;
  run)
    [ $# -le 1 ] || die "usage: run.sh"
    run
    ;;
  *) die "usage: bench/gpu/run.sh pack FOLDER MODEL, then FOLDER/run.sh" ;;
esac
