# What `methods` and `peers` have in common; sourced by them.
#
# Asymmetric groups of 64, 64 samples of 256 tokens in the order of the text; perplexity over 16 windows
# of 512 tokens on two texts, KL divergence from the float model on the first. A line of a FILE is a
# cell: name, bits, seed, both perplexities, the divergence, seconds, processor seconds, peak bytes; what
# was measured elsewhere than the others has '-' for the last three.
#
# The script that sources this has `rows` (NAME|OPTIONS, a line each) and `quantized OPTIONS BITS SEED`,
# which makes $scratch/out of $model and $scratch/text.txt, and sets seconds, processor and peak, and
# more if it has a column of its own.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
shared=${ASHLAR_SHARED:-$root/../shared}
program=$(basename "$0")
group=64 samples=64 length=256 windows=16

die() { echo "$program: $1" >&2; exit 2; }

# number KEY FILE: the first value of that name.
number() { sed -n "s/^ *\"$1\": *\([0-9.eE+-]*\),\{0,1\}\$/\1/p" "$2" | head -n 1; }

# values KEY FILE: all of them below "results", a line each.
values() { sed -n '/^  "results"/,$p' "$2" | sed -n "s/^ *\"$1\": *\([0-9.eE+-]*\),\{0,1\}\$/\1/p"; }

# ashlar_quantizes BITS SEED OPTION…: $scratch/out by Ashlar; sets seconds, processor (of the whole
# program) and peak.
ashlar_quantizes() {
  local TIMEFORMAT='%U %S' bits=$1 seed=$2; shift 2
  if ! { time "$root/ashlar" quantize --model "$model" --dataset "$scratch/text.txt" --bits "$bits" --asym \
    --group-size "$group" --seqlen "$length" --seed "$seed" --no-eval --json \
    --output-dir "$scratch/out" "$@" >"$scratch/quantize.json" 2>"$scratch/log" </dev/null; } 2>"$scratch/time"; then
    die "$cell: $(tail -n 1 "$scratch/log")"
  fi
  processor=$(awk '{ print $1 + $2 }' "$scratch/time")
  seconds=$(number tuningSeconds "$scratch/quantize.json")
  peak=$(number peakMemoryBytes "$scratch/quantize.json")
}

# calibration SEED: the text from another place on.
calibration() {
  local text=$shared/text/wikitext2-valid.txt
  if [ "$1" = 42 ]; then cat "$text"; else tail -c "+$((($1 * 7919) % 400000 + 1))" "$text" | sed 1d; fi
}

# measured TEXT OUT [OPTION…]: figures of $scratch/out on a text.
measured() {
  local text=$shared/text/$1 out=$2; shift 2
  "$root/ashlar" eval --model "$scratch/out" --dataset "$text" --limit "$windows" --seqlen 512 --json "$@" \
    >"$out" 2>"$scratch/log" </dev/null || die "$cell cannot be measured: $(tail -n 1 "$scratch/log")"
}

# cell NAME OPTIONS BITS SEED
cell() {
  local name=$1 options=$2 bits=$3 seed=$4 cell="$1, $3 bits" seconds processor peak more=
  rm -rf "$scratch/out"
  calibration "$seed" >"$scratch/text.txt"
  quantized "$options" "$bits" "$seed"
  measured wikitext2-test.txt "$scratch/a.json" --reference "$model"
  measured tinyshakespeare.txt "$scratch/b.json"
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s%s\n' "$name" "$bits" "$seed" \
    "$(values perplexity "$scratch/a.json")" "$(values perplexity "$scratch/b.json")" \
    "$(values kl_divergence "$scratch/a.json")" "$seconds" "$processor" "$peak" "${more:+	$more}" >>"$file"
}

# has NAME BITS SEED: whether the file has that cell.
has() {
  awk -F '\t' -v name="$1" -v bits="$2" -v seed="$3" \
    '$1 == name && $2 == bits && $3 == seed { found = 1 } END { exit !found }' "$file"
}

# run [NAME…]: the cells that the file does not have yet, of all rows or of these.
run() {
  local name options bits seed
  for name in "$@"; do
    cut -d '|' -f 1 <<<"$rows" | grep -qxF -- "$name" || die "there is no '$name'; there are: $(names)"
  done
  model=$(ls "$shared"/models/*.gguf 2>/dev/null | head -n 1)
  [ -n "$model" ] || die "no model in $shared/models"
  touch "$file"
  for seed in ${SEEDS:-42 43}; do
    for bits in ${BITS:-3 4 2}; do
      while IFS='|' read -r name options; do
        if [ $# -gt 0 ] && ! printf '%s\n' "$@" | grep -qxF -- "$name"; then continue; fi
        if ! has "$name" "$bits" "$seed"; then cell "$name" "$options" "$bits" "$seed"; fi
      done <<<"$rows"
    done
  done
}

names() { cut -d '|' -f 1 <<<"$rows" | sed "s/.*/'&'/" | paste -sd ' '; }

# table FILE…: the rows of this script in their order, then those of others as they come.
table() {
  echo '| method | bits | WikiText-2 | tiny Shakespeare | KL | tuning, s | processor, s | peak, GB | seeds |'
  echo '|---|---|---|---|---|---|---|---|---|'
  awk -F '\t' -v order="$rows" '
    function median(text,   v, n, i, j, t) {
      n = split(text, v, " ")
      for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
      return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
    }
    BEGIN {
      rows = split(order, row, "\n")
      for (r = 1; r <= rows; r++) { sub(/\|.*/, "", row[r]); known[row[r]] = 1 }
    }
    function cost(format, values, divisor) {
      return values == "" ? "–" : sprintf(format, median(values) / divisor)
    }
    !($1 in known) { known[$1] = 1; row[++rows] = $1 }
    { seen[$1, $2]++; for (i = 4; i <= 9; i++) if ($i != "-") all[$1, $2, i] = all[$1, $2, i] " " $i }
    END {
      for (bits = 4; bits >= 2; bits--) for (r = 1; r <= rows; r++) {
        name = row[r]
        if (!((name, bits) in seen)) continue
        printf "| %s | %d | %.2f | %.2f | %.4f | %s | %s | %s | %d |\n", name, bits, median(all[name, bits, 4]), \
          median(all[name, bits, 5]), median(all[name, bits, 6]), cost("%.0f", all[name, bits, 7], 1), \
          cost("%.0f", all[name, bits, 8], 1), cost("%.2f", all[name, bits, 9], 1e9), seen[name, bits]
      }
    }' "$@"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
