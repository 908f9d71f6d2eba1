# Keeps programs running that take many command lines; sourced by the scripts beside it.
#
# start_warm NAME CHECKOUT SCRATCH: the program of CHECKOUT, through its own launcher and flags, but
# with a main class that reads command lines; one of that name that runs already is ended first, so
# that a new process begins. warm_run NAME OUT ERR ARGUMENT…: one of them, with its output in two
# files; the exit status is in $warm_status. end_warm NAME: to be called for each before the end.

declare -A warm_input warm_output warm_process

start_warm() {
  local name=$1 checkout=$2 scratch=$3/warm-$1 in out
  if [ -n "${warm_process[$name]:-}" ]; then end_warm "$name"; fi
  [ -p "$scratch/in" ] || prepare_warm "$checkout" "$scratch" || return 1
  ASHLAR_OPTS="${ASHLAR_OPTS:-} --patch-module dev.ashlar.cli=$scratch/classes" \
    "$checkout/ashlar" <"$scratch/in" >"$scratch/out" 2>/dev/null &
  warm_process[$name]=$!
  exec {in}>"$scratch/in" {out}<"$scratch/out"
  warm_input[$name]=$in
  warm_output[$name]=$out
}

# By an empty line: the end of its input would not do, since programs started later hold the pipe too.
end_warm() {
  local in=${warm_input[$1]} out=${warm_output[$1]}
  printf '\n' >&"$in"
  exec {in}>&- {out}<&-
  wait "${warm_process[$1]}" || true
  unset "warm_process[$1]"
}

# prepare_warm CHECKOUT SCRATCH: builds the program and the main class, makes the pipes.
prepare_warm() {
  local checkout=$1 scratch=$2 home lib
  mkdir -p "$scratch"
  "$checkout/ashlar" --version >/dev/null 2>"$scratch/err" || { cat "$scratch/err" >&2; return 1; }
  home=$(ASHLAR_OPTS=-XshowSettings:properties "$checkout/ashlar" --version 2>&1 | sed -n 's/^ *java\.home = //p')
  lib=$checkout/.ashlar/app/$(cat "$checkout/.ashlar/current")/lib
  "$home/bin/javac" -d "$scratch/classes" -p "$lib" --add-modules dev.ashlar.cli \
    --patch-module "dev.ashlar.cli=$here/warm" "$here/warm/dev/ashlar/cli/Main.java" 2>"$scratch/err" ||
    { cat "$scratch/err" >&2; return 1; }
  mkfifo "$scratch/in" "$scratch/out"
}

warm_run() {
  local name=$1 line="$2"$'\x1f'"$3" word; shift 3
  for word in "$@"; do line+=$'\x1f'${word//$'\n'/$'\x1e'}; done
  printf '%s\n' "$line" >&"${warm_input[$name]}"
  read -r warm_status <&"${warm_output[$name]}" || { echo "the program ended at: $*" >&2; return 1; }
}
