# The peers' programs; sourced by the scripts beside it and by bench/proof/peers.
#
# environment SCRATCH: sets $python to one that has them, installed into ASHLAR_INTEROP_VENV or below
# SCRATCH if need be. Where that cannot be done it says SKIPPED and ends the script with 0.

peers=${ASHLAR_INTEROP_PEERS:-torch transformers==5.24.0 auto-round==0.16.1 gptqmodel==7.7.0 optimum==2.3.0 compressed-tensors==0.20.0}

skip() { echo "SKIPPED: $1"; exit 0; }

environment() {
  local venv=${ASHLAR_INTEROP_VENV:-$1/venv}
  case $venv in /*) ;; *) venv=$PWD/$venv ;; esac
  python=$venv/bin/python
  if ! "$python" -c 'import torch, transformers, auto_round' 2>/dev/null; then
    command -v python3 >/dev/null || skip "there is no python3"
    python3 -m venv "$venv" || skip "no environment for python can be made"
    # shellcheck disable=SC2086  # a list of packages
    "$venv/bin/pip" install -q $peers >"$1/pip.log" 2>&1 \
      || skip "the peers cannot be installed ($(tail -n 1 "$1/pip.log"))"
    "$python" -c 'import torch, transformers, auto_round' 2>"$1/import.log" \
      || skip "the peers do not run ($(tail -n 1 "$1/import.log"))"
  fi
  offline
}

offline() { export TRANSFORMERS_OFFLINE=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false CUDA_VISIBLE_DEVICES=; }

# packages NAME...: sets $python to that of ASHLAR_INTEROP_VENV, or the one at hand, if it has them.
packages() {
  local names; names=$(IFS=,; echo "$*")
  python=${ASHLAR_INTEROP_VENV:+$ASHLAR_INTEROP_VENV/bin/}python3
  "$python" -c "import $names" 2>/dev/null || skip "$python has not all of $names"
  offline
}

# llama_libraries SCRATCH: sets $libraries to a folder with llama.cpp's: ASHLAR_LLAMA_LIBRARIES, else npm's package of
# node-llama-cpp, unpacked below SCRATCH.
llama_libraries() {
  libraries=${ASHLAR_LLAMA_LIBRARIES:-}
  if [ -z "$libraries" ]; then
    command -v npm >/dev/null || skip "there is no npm, and ASHLAR_LLAMA_LIBRARIES names no folder"
    (cd "$1" && npm pack --silent "@node-llama-cpp/linux-x64@${ASHLAR_NODE_LLAMA:-3.22.1}" >/dev/null 2>&1 \
      && tar xzf ./*.tgz) || skip "npm has no package @node-llama-cpp/linux-x64"
    libraries=$1/package/bins/linux-x64
  fi
  echo "llama.cpp from $libraries"
}
