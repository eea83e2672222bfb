#!/usr/bin/env bash
# A stranger's first hour with Holdfast: install it, set it up, have a network, back it up, break the backup, notice,
# mend it, clean up, restore.
#
#   bash scripts/first-hour.sh             installs what this checkout packs
#   bash scripts/first-hour.sh TARBALL     installs this package
#
# Needs Node.js 20.19 or newer, npm, bash and the usual tools, and about half a minute. It shows each command before it
# runs it, and stops at the first thing that is not as it should be. All that it makes lies in a temporary folder, which
# is gone when it ends, as are the processes that it started.
set -o errexit -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-first-hour.XXXXXX")
nodes=()
finished=no

leave() {
  for pid in "${nodes[@]}"; do kill "$pid" 2> /dev/null || true; done
  for pid in "${nodes[@]}"; do wait "$pid" 2> /dev/null || true; done
  rm -rf "$work"
  if [[ $finished = no ]]; then echo "This first hour did not go as it should: see above." >&2; fi
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

chapter() { printf '\n== %s\n' "$*"; }

fail() {
  echo "NOT AS IT SHOULD BE: $*" >&2
  exit 1
}

# expect CODE COMMAND…: shows the command and what it says, which is in $said afterwards; it must end with CODE.
expect() {
  local wanted=$1 code=0
  shift
  printf '\n$ %s\n' "$*"
  said=$("$@" 2>&1) || code=$?
  printf '%s\n' "$said"
  [[ $code = "$wanted" ]] || fail "'$*' ended with exit code $code instead of $wanted"
}

# says TEXT: the last command must have said so.
says() { [[ $said == *"$1"* ]] || fail "nothing was said of '$1'"; }

# serve NAME COMMAND…: starts a node in the background and waits until it serves; then its URL is in $address, and the
# newest epoch and version in $epoch and $version.
serve() {
  local log=$work/$1.log
  shift
  printf '\n$ %s &\n' "$*"
  "$@" > "$log" 2>&1 &
  nodes+=($!)
  until grep '^serving ' "$log"; do
    kill -0 $! 2> /dev/null || fail "'$*' does not serve: $(cat "$log")"
    sleep 0.1
  done
  read -r _ address _ epoch _ version < <(grep '^serving ' "$log")
}

# contents FOLDER: the files of a storage that hold a ledger, with their hashes. Names of backups end in a random suffix.
contents() {
  (cd "$1" && find . -name '*.chunk' -o -name '*.proof' | sort | xargs sha256sum | sed -E 's/\.[0-9a-f]{4}\//\//')
}

chapter "Install it"
if [[ $# = 0 ]]; then set -- "$(node "$here/pack.mjs" "$work/packed")"; fi
cp "$1" "$work/holdfast.tgz"
cd "$work"
export XDG_CACHE_HOME=$work/cache PATH=$work/npm/bin:$PATH
expect 0 npm install --global --prefix "$work/npm" --ignore-scripts --prefer-offline --no-audit --no-fund holdfast.tgz
expect 0 holdfast --version

chapter "Say where backups go, and have that checked"
expect 0 holdfast init local --file storage.yaml --folder "$work/storage"
mkdir storage
expect 0 holdfast doctor --command-adapter-config storage.yaml --storage-only
says "Nothing was left in the storage."

chapter "Have a network to back up"
serve devnet holdfast node devnet --epochs 4 --items 2000 --block-millis 0 --address 127.0.0.1:0
node=(--backup-service-address "$address")
storage=(--command-adapter-config storage.yaml)
expect 0 holdfast backup query node-state "${node[@]}"

chapter "Back it up: the chain of trust, a state, the transactions"
expect 0 holdfast backup oneoff epoch-ending --start-epoch 0 --end-epoch "$epoch" "${node[@]}" "${storage[@]}"
snapshot=(--state-snapshot-epoch $((epoch - 1)) --max-chunk-size 100000)
expect 0 holdfast backup oneoff state-snapshot "${snapshot[@]}" "${node[@]}" "${storage[@]}"
transactions=(--start-version 0 --num_transactions $((version + 1)))
expect 0 holdfast backup oneoff transaction "${transactions[@]}" "${node[@]}" "${storage[@]}"

chapter "See where it stands, and whether it holds"
expect 0 holdfast status "${storage[@]}" "${node[@]}"
says "version $version"
expect 0 holdfast backup verify "${storage[@]}" --strict

chapter "Break something: flip a bit of a chunk"
spoilt=$(cd storage && ls state_epoch_*/0-.chunk)
cp "storage/$spoilt" good.chunk
# The storage keeps its files gzipped: what is flipped is a bit of the records themselves.
gzip -cd good.chunk | node -e '
  const bytes = fs.readFileSync(0)
  bytes[bytes.length >> 1] ^= 1
  fs.writeSync(1, bytes)
' | gzip -c > "storage/$spoilt"
expect 1 holdfast backup verify "${storage[@]}" --strict
says "$spoilt"

chapter "Mend it, with the copy that a careful person has"
cp good.chunk "storage/$spoilt"
expect 0 holdfast backup verify "${storage[@]}" --strict

chapter "Clean up what a backup left that never came to its end"
mkdir storage/transaction_0-.dead
cp good.chunk storage/transaction_0-.dead/0-.chunk
expect 0 holdfast backup-maintenance cleanup "${storage[@]}" --older-than 0
says "transaction_0-.dead"
[[ -e storage/transaction_0-.dead/0-.chunk ]] || fail "without --delete nothing may be deleted"
expect 0 holdfast backup-maintenance cleanup "${storage[@]}" --older-than 0 --delete
[[ ! -e storage/transaction_0-.dead ]] || fail "the leftover is still there"

chapter "Bring it back to life in a store of its own"
expect 0 holdfast restore bootstrap-db --target-db-dir restored --replay-all "${storage[@]}"
serve restored holdfast node serve --db restored --address 127.0.0.1:0
restored=(--backup-service-address "$address")
expect 0 holdfast backup query node-state "${restored[@]}"
says "epoch: $epoch, committed_version: $version"

chapter "Compare: what the restored ledger gives to back up is what the network gave"
again=(--command-adapter-config again.yaml)
expect 0 holdfast init local --file again.yaml --folder "$work/again"
mkdir again
expect 0 holdfast backup oneoff epoch-ending --start-epoch 0 --end-epoch "$epoch" "${restored[@]}" "${again[@]}"
expect 0 holdfast backup oneoff state-snapshot "${snapshot[@]}" "${restored[@]}" "${again[@]}"
expect 0 holdfast backup oneoff transaction "${transactions[@]}" "${restored[@]}" "${again[@]}"
contents storage > storage.sums
contents again > again.sums
[[ $(wc -l < storage.sums) -gt 5 ]] || fail "there is little to compare"
diff storage.sums again.sums || fail "the restored ledger is another one"
echo "the same $(wc -l < storage.sums) files, byte for byte"

chapter "What is kept on this machine is this user's alone"
found=$(find storage.yaml cache/holdfast -perm /077)
[[ -z $found ]] || fail "others may read $found"
find storage.yaml cache/holdfast -printf '%M  %p\n'

finished=yes
chapter "Done in $SECONDS seconds. Next: docs/operating.md, and a configuration for your own storage (holdfast init)"
