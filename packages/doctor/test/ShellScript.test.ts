import { describe, expect, it } from "@effect/vitest"
import * as ShellScript from "../src/ShellScript.ts"

const programs = (script: string) => ShellScript.scan(script).programs
const variables = (script: string) => ShellScript.scan(script).variables
const passedOver = (script: string) => ShellScript.scan(script).passedOver

describe("ShellScript finds the programs", () => {
  it.each([
    ["gzip -c | aws s3 cp - \"s3://$B/$F\"", ["gzip", "aws"]],
    ["echo \"$X\"\nexec 1>&-  # close stdout\ngzip -c > \"$F\"", ["gzip"]],
    ["(aws s3 ls s3://$B/ ||:) | sed -ne 's#.* \\(.*\\)#metadata/\\1#p'", ["aws", "sed"]],
    ["cd a && (test -d b && ls -1 || exec) | while read f; do cut -f1 $f; done", ["ls", "cut"]],
    ["TEMP=$(mktemp)\ntrap \"rm -f $TEMP\" EXIT\nfor try in {0..4}\ndo\n  gcloud x 1>&2 || continue\ndone", [
      "mktemp",
      "gcloud"
    ]],
    ["LC_ALL=C sort < in > out 2>&1 &", ["sort"]],
    ["if ! grep -q x f; then cat f >&2; elif head f; then :; fi", ["grep", "cat", "head"]],
    ["case $x in a|b) tar x ;; *) zstd -d ;; esac; tail f", ["tar", "zstd", "tail"]],
    ["up() { curl -T - u; }; up < f", ["curl"]],
    ["[[ -e a && ( b < c ) ]] && touch d", ["touch"]],
    ["tee >(sha256sum > s) < <(zcat f)", ["tee", "sha256sum", "zcat"]],
    ["cat <<END | tr a b\n$(date) not-a-command here\nEND\nsync f", ["cat", "tr", "date", "sync"]],
    ["cat <<'END'\n$(date) rm\nEND\n", ["cat"]],
    ["x=(aws gsutil); \"${x[0]}\" ls; ./own.sh; /usr/bin/env y; $TOOL z", []],
    ["exec env A=b node x", ["env"]],
    ["xs=`ls -1`; n=$((1 + 2)); echo \"$(wc -l <<< \"$xs\")\"", ["ls", "wc"]],
    ["gzip \\\n  -c | aws s3 cp -", ["gzip", "aws"]]
  ])("of %j", (script, expected) => {
    expect(programs(script)).toEqual(expected)
  })
})

describe("ShellScript finds the variables that nothing sets", () => {
  it.each([
    ["echo $A \"${B}\" '$C' \\$D $1 $? \"$$\" ${#E} $F/x", ["A", "B", "E", "F"]],
    ["echo ${A:-x} ${B-} ${C:+y} ${D:=z} ${E%.*} ${F:?must} ${G:1:2}", ["E", "F", "G"]],
    ["A=1; B=$A; for f in x; do echo $f; done; read -r c d; echo $c $d $B $e", ["e"]],
    ["local x=1; export Y; printf -v z %s 1; echo $x $Y $z", []],
    ["echo ${A:-$B} ${C/$D/$E}", ["B", "C", "D", "E"]],
    ["cat <<END\n$A\nEND\ncat <<'END'\n$B\nEND\n", ["A"]],
    ["awk '{ print $NF }' \"$A\"", ["A"]],
    ["echo $(( $A + b ))", ["A"]],
    ["trap \"rm -f $T\" EXIT", ["T"]]
  ])("in %j", (script, expected) => {
    expect(variables(script)).toEqual(expected)
  })
})

describe("ShellScript finds where failures are passed over", () => {
  it.each([
    ["(aws s3 ls x ||:) | sed p", ["|| :"]],
    ["mkdir x || true; set +e; set +o pipefail", ["|| true", "set +e", "set +o pipefail"]],
    ["a || exit 1; set -e; set -o pipefail; echo '|| :' # || true", []]
  ])("in %j", (script, expected) => {
    expect(passedOver(script)).toEqual(expected)
  })

  it("says where it cannot know", () => {
    expect(ShellScript.scan("source ./env.sh; echo $A").isOpaque).toBe(true)
    expect(ShellScript.scan("echo eval").isOpaque).toBe(false)
  })
})

describe("ShellScript", () => {
  it("comes to an end with whatever is torn", () => {
    const script = "case $x in a) f() { echo \"${A:-$(b `c` <<E)}\"; };; esac\n$((1+(2))) [[ x ]] 'q' <(d)\nE\n"
    for (let end = 0; end <= script.length; end++) {
      for (const start of [0, 3, 11, 25]) expect(() => ShellScript.scan(script.slice(start, end))).not.toThrow()
    }
  })
})
