#!/usr/bin/env bash
# snakemake 9.27.1: any --config on the command line drops the whole config: of the profile, also keys
# that it does not name; the same goes for the first of two --config flags.
#
# Seen: with config: {depth: 5} in the profile, --config width=3 leaves the Snakefile's own depth of 1;
# so does --config depth=5 --config width=3.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check snakemake==9.27.1
export PATH="$PWD/env/bin:$PATH" XDG_CACHE_HOME="$PWD"

printf 'depth: 1\nwidth: 1\n' >defaults.yaml
printf 'configfile: "defaults.yaml"\nprint("seen:", config["depth"], config["width"], flush=True)\nrule all:\n' >Snakefile
mkdir profile
printf 'config:\n  depth: 5\n' >profile/config.yaml

seen() { snakemake --dry-run --quiet all "$@" 2>/dev/null | sed -n 's/^seen: //p' | head -n 1; }
check() {
    local expected=$1 found
    shift
    found=$(seen "$@")
    echo "snakemake $* gives depth and width $found"
    [ "$found" = "$expected" ] || { echo "changed: $expected was seen with 9.27.1"; exit 1; }
}
check "5 1" --profile profile
check "1 3" --profile profile --config width=3
check "1 3" --config depth=5 --config width=3
check "5 3" --config depth=5 width=3
