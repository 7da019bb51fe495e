#!/usr/bin/env bash
# Snakemake 9.27.1: the words that begin a statement of its language (module, rule, include, report and
# so on) begin one wherever a line begins with them, also within the parentheses of a call in plain
# Python. So f(module="math"), which works on one line, is a syntax error when the argument stands on
# a line of its own, as a formatter puts it; and the error names no argument.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check snakemake==9.27.1
env/bin/snakemake --version
plan() {
    printf 'def told(**words):\n    return sorted(words)\n\n\n%s\n\n\nrule all:\n    output:\n        "out.txt",\n    shell:\n        "touch {output}"\n' "$1" > Snakefile
    env/bin/snakemake --dry-run --quiet all > said.txt 2>&1 && echo planned || grep -m 1 -o "SyntaxError" said.txt
}
for word in module rule include; do
    one=$(plan "told($word=1)")
    other=$(plan "told(
    $word=1,
)")
    echo "$word= on the call's line: $one; on a line of its own: $other"
    [ "$one" = planned ] && [ "$other" = SyntaxError ] || { echo "changed: 'planned' and 'SyntaxError' were seen with 9.27.1"; exit 1; }
done
