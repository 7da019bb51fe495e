#!/usr/bin/env bash
# snakemake 9.27.1: every job that ends makes the scheduler go round once more in each second that
# follows, while jobs wait: the rounds of a run grow with the square of its jobs. The default limit of
# 100 jobs a second asks for a round a second after each round, and the end of a job asks for one too.
#
# Seen: 60 jobs of a second on two cores take 30 s and about 900 rounds (one a job would do), 15 jobs
# about 60; in a run of 240 jobs in fourteen minutes, Snakemake itself computed for two minutes.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check snakemake==9.27.1
export PATH="$PWD/env/bin:$PATH" XDG_CACHE_HOME="$PWD"

cat >Snakefile <<'END'
rule all:
    input: expand("{job}.txt", job=range(int(config["jobs"])))
rule one:
    output: "{job}.txt"
    shell: "sleep 1; touch {output}"
END

rounds() {
    rm -f -- *.txt
    snakemake --cores 2 --verbose --config jobs="$1" 2>&1 | grep -c "Resources before job selection"
}
few=$(rounds 15) many=$(rounds 60)
echo "15 jobs take $few rounds, 60 jobs $many: $((many / 60)) a job"
[ "$many" -gt $((8 * few)) ] || { echo "changed: four times the jobs took more than eight times the rounds with 9.27.1"; exit 1; }
