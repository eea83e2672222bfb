/**
 * A stand-in for the command-line tools of the clouds: keeps objects in a folder, as far as the published configurations
 * use those tools. An object appears whole, when all its bytes are in.
 */
import * as fs from "node:fs"
import * as path from "node:path"

const script = `#!/usr/bin/env bash
set -euo pipefail
tool=$(basename "$0")
[ "$tool" = sleep ] && exit 0   # retries of the configurations need not wait

arguments=()
direction= bucket= key= prefix= query= isNew= isDeep=
while [ $# -gt 0 ]; do
  case "$1" in
    --from-to) direction=$2; shift ;;
    --bucket) bucket=$2; shift ;;
    --key) key=$2; shift ;;
    --prefix) prefix=$2; shift ;;
    --query) query=$2; shift ;;
    --output|--separator|--time-format|--format) shift ;;
    --recursive) isDeep=yes ;;
    --if-generation-match=0) isNew=yes ;;
    -) arguments+=("-") ;;
    -*) ;;
    s3|s3api|storage|objects) ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
verb=\${arguments[0]} from=\${arguments[1]:-} to=\${arguments[2]:-}
case $direction in
  PipeBlob) to=$from from=- ;;
  BlobPipe) to=- ;;
esac

place() {
  case "$1" in
    remote:*) echo "$STAND_IN_STORE/\${1#remote:}" ;;
    s3://*|gs://*|https://*) local rest=\${1#*://}; echo "$STAND_IN_STORE/\${rest%%\\?*}" ;;
    *) echo "$1" ;;
  esac
}

case $verb in
  rcat) verb=cp to=$from from=- ;;
  cat) verb=cp to=- ;;
  moveto) verb=mv ;;
esac

# Path below the folder, size and time of all files in it whose path begins so.
files() {
  find . -type f -path "./$1*" -printf '%P\\t%s\\t%TY-%Tm-%TdT%TH:%TM:%.2TS+00:00\\n'
}

case $verb in
  cp)
    if [ "$from" = - ]; then
      target=$(place "$to")
      part="$STAND_IN_STORE/.part.$$"
      trap 'rm -f "$part"' EXIT
      mkdir -p "$(dirname "$target")"
      cat > "$part"
      [ -z "$isNew" ] || [ ! -e "$target" ] || { echo "$tool: 412 precondition failed" >&2; exit 1; }
      mv "$part" "$target"
    elif [ "$to" = - ]; then
      cat "$(place "$from")"
    else
      target=$(place "$to")
      mkdir -p "$(dirname "$target")"
      cp "$(place "$from")" "$target"
    fi ;;
  rm|deletefile)
    if [ -e "$(place "$from")" ]; then rm "$(place "$from")"
    elif [ "$tool" = gcloud ]; then echo "$tool: One or more URLs matched no objects: $from" >&2; exit 1
    elif [ "$tool" = rclone ]; then echo "$tool: object not found" >&2; exit 4
    fi ;;
  head-object) [ -e "$STAND_IN_STORE/$bucket/$key" ] || { echo "$tool: 404 Not Found" >&2; exit 254; } ;;
  list-objects-v2)
    cd "$STAND_IN_STORE/$bucket" 2> /dev/null || { echo None; exit 0; }
    case $query in
      *Size*) found=$(files "$prefix") ;;
      *) found=$(files "$prefix" | cut -f1 | tr '\\n' '\\t') ;;
    esac
    echo "\${found:-None}" ;;
  lsf)
    cd "$(place "$from")" 2> /dev/null || { echo "$tool: directory not found" >&2; exit 3; }
    if [ -n "$isDeep" ]; then files ""; else ls -1; fi ;;
  list)
    if [ "$tool" = gcloud ]; then
      from=\${from%"**"} bucket=\${from#gs://} bucket=\${bucket%%/*}
      cd "$STAND_IN_STORE/$bucket"
      files "\${from#"gs://$bucket/"}"
      exit
    fi ;;&
  ls|list)
    cd "$(place "$from")" 2> /dev/null || {
      # A container has no folders: an empty one is a listing all the same.
      [ "$verb" = list ] && exit 0
      echo "$tool: One or more URLs matched no objects: $from" >&2
      exit 1
    }
    for name in *; do
      [ -e "$name" ] || continue
      case $tool in
        aws) echo "2024-05-06 07:08:09        123 $name" ;;
        azcopy) echo "INFO: $name;  Content Length: 123.00 B" ;;
        *) echo "$from$name" ;;
      esac
    done ;;
  mv|sync)
    target=$(place "$to")
    mkdir -p "$(dirname "$target")"
    mv "$(place "$from")" "$target" ;;
esac
`

/**
 * Puts the stand-ins into a folder, and gives the variables that make commands find them. Objects lie in `store` there.
 */
export const cloudTools = (folder: string): ReadonlyArray<readonly [name: string, value: string]> => {
  const tools = path.join(folder, "tools")
  fs.mkdirSync(tools)
  for (const tool of ["aws", "gsutil", "gcloud", "azcopy", "rclone", "sleep"]) {
    fs.writeFileSync(path.join(tools, tool), script, { mode: 0o755 })
  }
  return [
    ["PATH", `${tools}:${process.env["PATH"] ?? ""}`],
    ["STAND_IN_STORE", path.join(folder, "store")]
  ]
}
