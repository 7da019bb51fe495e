#!/usr/bin/env bash
# snakemake 9.27.1: parameters or inputs of a rule that change places rerun nothing. Of a finished job
# the values of its parameters and the names of its inputs are kept sorted, without their names.
#
# Seen: with low=1, high=2 turned into low=2, high=1, or over=a.txt, under=b.txt turned round, the
# default triggers plan no job, and the stale result stays; another value (low=3) does rerun.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check snakemake==9.27.1
export PATH="$PWD/env/bin:$PATH" XDG_CACHE_HOME="$PWD"

touch a.txt b.txt
cat >Snakefile <<'END'
rule job:
    input:
        over=config.get("over", "a.txt"),
        under=config.get("under", "b.txt"),
    output: "made.txt"
    params:
        low=config.get("low", 1),
        high=config.get("high", 2),
    shell: "echo {input.over} {input.under} {params.low} {params.high} >{output}"
END
snakemake --quiet all --cores 1

check() {
    local expected=$1 said=rerun
    shift
    snakemake --dry-run --cores 1 "$@" 2>&1 | grep -q "Nothing to be done" && said=nothing
    echo "snakemake $* plans: $said"
    [ "$said" = "$expected" ] || { echo "changed: $expected was seen with 9.27.1"; exit 1; }
}
check nothing --config low=2 high=1
check nothing --config over=b.txt under=a.txt
check rerun --config low=3
grep -qx "a.txt b.txt 1 2" made.txt
