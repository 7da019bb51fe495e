#!/usr/bin/env bash
# snakemake 9.27.1: a name that looks like a number cannot be given with --config, however it is
# quoted, and a profile cannot give it either.
#
# Seen: --config 'run="2024_01"' reaches the workflow as the integer 202401, with the inner quotes as
# without them; so does run: "2024_01", a YAML string, below config: in a profile, because snakemake
# hands a profile's strings on through the same parser. In a file of --configfile the same quotes
# keep the name.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check snakemake==9.27.1
export PATH="$PWD/env/bin:$PATH" XDG_CACHE_HOME="$PWD"

printf 'print("run:", repr(config["run"]), flush=True)\nrule all:\n' >Snakefile
mkdir profile
printf 'config:\n  run: "2024_01"\n' >profile/config.yaml
printf 'run: "2024_01"\n' >file.yaml

seen() { snakemake --dry-run --quiet all "$@" 2>/dev/null | sed -n 's/^run: //p' | head -n 1; }
check() {
    local expected=$1 found
    shift
    found=$(seen "$@")
    echo "snakemake $* gives run = $found"
    [ "$found" = "$expected" ] || { echo "changed: $expected was seen with 9.27.1"; exit 1; }
}
check 202401 --config run=2024_01
check 202401 --config 'run="2024_01"'
check 202401 --config "run='2024_01'"
check 202401 --profile profile
check "'2024_01'" --configfile file.yaml
