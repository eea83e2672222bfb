/**
 * Configurations of storage commands to start from, one for each kind of store. Files lie where the published
 * configurations put them, gzipped, so that one can take the place of the other.
 *
 * What the commands heed, each for a reason that `docs/storage-commands.md` gives: the handle is printed and stdout closed
 * before the input is read; every failure shows in the exit status; an empty listing succeeds, a denied one fails; nothing
 * is replaced where the store can refuse; nothing is published before all of it is there.
 */
export type Kind = "azure" | "gcs" | "local" | "rclone" | "s3"

/** The kinds, with what they are called. */
export const kinds: { readonly [K in Kind]: string } = {
  s3: "Amazon S3 and stores like it, by the AWS command line",
  gcs: "Google Cloud Storage, by gcloud",
  azure: "Azure Blob Storage, by azcopy",
  local: "a folder of this machine, or a mounted one",
  rclone: "whatever rclone reaches"
}

/** The text of a configuration, with these values in place of the ones to be filled in. */
export const of = (kind: Kind, values: Readonly<Record<string, string>>): string => {
  const { commands, notes, variables } = starters[kind]
  return [
    comment(
      `Storage commands for holdfast: ${kinds[kind]}.

Check them with 'holdfast doctor --command-adapter-config FILE --storage-only' whenever something here changed.
Each command runs in bash under 'set -o nounset -o errexit -o pipefail'. A write prints the handle of its file on
stdout, closes stdout, takes the bytes from stdin, and ends with status 0 once the store has all of them. A read
prints the bytes and nothing else. Whatever else there is to say goes to stderr.

${notes}`,
      ""
    ),
    "env_vars:",
    ...Object.entries(variables).flatMap(([key, { about, standard }]) => [
      comment(about, "  "),
      `  - key: ${key}`,
      `    value: ${JSON.stringify(values[key] ?? standard)}`
    ]),
    "commands:",
    ...Object.entries(commands).map(([operation, { about, script }]) =>
      [comment(about, "  "), `  ${operation}: |`, indent(script, "    ")].join("\n")
    )
  ].join("\n") + "\n"
}

/** The values of a kind that are to be filled in, with what they are about and what stands there until then. */
export const variablesOf = (kind: Kind): Starter["variables"] => starters[kind].variables

const indent = (text: string, by: string): string =>
  text.trim().split("\n").map((line) => line === "" ? "" : `${by}${line}`).join("\n")

const comment = (text: string, by: string): string =>
  text.trim().split("\n").map((line) => `${by}# ${line}`.trimEnd()).join("\n")

interface Starter {
  readonly notes: string
  readonly variables: {
    readonly [name: string]: { readonly about: string; readonly standard: string; readonly isSecret?: boolean }
  }
  readonly commands: Partial<
    {
      readonly [O in keyof typeof about]: { readonly about: string; readonly script: string }
    }
  >
}

/** What is to be said of each command, whatever the store. */
const about = {
  create_backup: "A backup is a prefix of names: nothing to do.",
  create_for_write: "The bytes of one file of a backup.",
  open_for_read: "A file that is not there, or is cut short, makes this fail.",
  save_metadata_line: "Saved again under the same name, the same lines take each other's place.",
  list_metadata_files: "No metadata yet: prints nothing and succeeds. No access: fails. So no '|| :' here.",
  backup_metadata_file: "Moves metadata that compaction replaced out of the way.",
  list_files: "For maintenance: every file with its size and time, separated by tabs.",
  delete_file: "For maintenance: a file that is gone already is no failure."
} as const

type Operation = keyof typeof about

const optional = ["list_files", "delete_file"] as const

const starter = (
  notes: string,
  variables: Starter["variables"],
  scripts:
    & { readonly [O in Exclude<Operation, typeof optional[number]>]: string }
    & { readonly [O in typeof optional[number]]?: string },
  more: { readonly [O in Operation]?: string } = {}
): Starter => ({
  notes,
  variables,
  commands: Object.fromEntries(
    Object.entries({ ...about, ...more }).flatMap(([operation, said]) => {
      const script = Object.entries(scripts).find(([each]) => each === operation)?.[1]
      return script === undefined ? [] : [[operation, { about: said, script }] as const]
    })
  )
})

const subDirectory = { about: "All files lie below this prefix.", standard: "holdfast" }
const echoName = "echo \"$BACKUP_NAME\""

const s3 = starter(
  `Credentials come from the environment of holdfast, as 'aws' finds them: a profile, a role, variables. They need to
list the bucket, and to get, put and delete objects (deleting is part of moving metadata).`,
  { BUCKET: { about: "The bucket, without s3://.", standard: "my-bucket" }, SUB_DIR: subDirectory },
  {
    create_backup: echoName,
    create_for_write: `
handle="$BACKUP_HANDLE/$FILE_NAME"
if aws s3api head-object --bucket "$BUCKET" --key "$SUB_DIR/$handle" < /dev/null > /dev/null 2>&1; then
  echo "$handle is there already" >&2
  exit 1
fi
echo "$handle"
exec 1>&-
gzip -c | aws s3 cp - "s3://$BUCKET/$SUB_DIR/$handle" --only-show-errors > /dev/null`,
    open_for_read: "aws s3 cp \"s3://$BUCKET/$SUB_DIR/$FILE_HANDLE\" - --only-show-errors | gzip -cd",
    save_metadata_line: `
handle="metadata/$FILE_NAME"
echo "$handle"
exec 1>&-
gzip -c | aws s3 cp - "s3://$BUCKET/$SUB_DIR/$handle" --only-show-errors > /dev/null`,
    list_metadata_files: `
aws s3api list-objects-v2 --bucket "$BUCKET" --prefix "$SUB_DIR/metadata/" \\
    --query 'Contents[].Key' --output text |
  tr '\\t' '\\n' | sed -n 's#^.*/\\(metadata/[^/][^/]*\\)$#\\1#p'`,
    backup_metadata_file: `
aws s3 mv "s3://$BUCKET/$SUB_DIR/metadata/$FILE_NAME" "s3://$BUCKET/$SUB_DIR/metadata_backup/$FILE_NAME" \\
    --only-show-errors`,
    list_files: `
aws s3api list-objects-v2 --bucket "$BUCKET" --prefix "$SUB_DIR/" \\
    --query 'Contents[].[Key,Size,LastModified]' --output text | sed -n "s#^$SUB_DIR/##p"`,
    delete_file: "aws s3 rm \"s3://$BUCKET/$SUB_DIR/$FILE_HANDLE\" --only-show-errors"
  },
  {
    create_for_write: "The bytes of one file of a backup. An object appears once all of it is there; none is replaced.",
    list_metadata_files: "'aws s3 ls' fails where there are no metadata yet; this succeeds, and fails without access."
  }
)

const gcs = starter(
  `Credentials are those of 'gcloud auth' or of the machine's service account. They need to list the bucket, and to get,
create and delete objects (deleting is part of moving metadata).`,
  { BUCKET: { about: "The bucket, without gs://.", standard: "my-bucket" }, SUB_DIR: subDirectory },
  {
    create_backup: echoName,
    create_for_write: `
handle="$BACKUP_HANDLE/$FILE_NAME"
echo "$handle"
exec 1>&-
gzip -c | gcloud storage cp --if-generation-match=0 - "gs://$BUCKET/$SUB_DIR/$handle" > /dev/null`,
    open_for_read: "gcloud storage cat \"gs://$BUCKET/$SUB_DIR/$FILE_HANDLE\" | gzip -cd",
    save_metadata_line: `
handle="metadata/$FILE_NAME"
echo "$handle"
exec 1>&-
gzip -c | gcloud storage cp - "gs://$BUCKET/$SUB_DIR/$handle" > /dev/null`,
    list_metadata_files: `
said=$(mktemp)
trap 'rm -f "$said"' EXIT
if found=$(gcloud storage ls "gs://$BUCKET/$SUB_DIR/metadata/" 2> "$said"); then
  sed -n 's#^gs://.*/\\(metadata/[^/][^/]*\\)$#\\1#p' <<< "$found"
elif ! grep -q 'matched no objects' "$said"; then
  cat "$said" >&2
  exit 1
fi`,
    backup_metadata_file: `
gcloud storage mv "gs://$BUCKET/$SUB_DIR/metadata/$FILE_NAME" \\
    "gs://$BUCKET/$SUB_DIR/metadata_backup/$FILE_NAME" >&2`,
    list_files: `
gcloud storage objects list "gs://$BUCKET/$SUB_DIR/**" \\
    --format='value[separator="\\t"](name,size,update_time)' | sed -n "s#^$SUB_DIR/##p"`,
    delete_file: `
said=$(mktemp)
trap 'rm -f "$said"' EXIT
if ! gcloud storage rm "gs://$BUCKET/$SUB_DIR/$FILE_HANDLE" 2> "$said"; then
  cat "$said" >&2
  grep -q 'matched no objects' "$said"
fi`
  },
  {
    create_for_write:
      `The bytes of one file of a backup. An object appears once all of it is there; generation 0 says that
none of the name may exist.`,
    list_metadata_files: "'ls' fails also where there are no metadata yet: that one failure is none."
  }
)

const azure = starter(
  `SAS is a secret: keep this file private. It needs to list the container, and to read, write and delete blobs (deleting
is part of moving metadata). azcopy replaces a blob of the same name; backups never use a name twice, and a container
with versioning keeps what was replaced. For maintenance, 'docs/storage-commands.md' shows a list_files by 'az'.`,
  {
    ACCOUNT: { about: "The storage account.", standard: "myaccount" },
    CONTAINER: { about: "The container.", standard: "backups" },
    SUB_DIR: subDirectory,
    SAS: { about: "The shared access signature, with its '?'.", standard: "?sv=fill-this-in", isSecret: true }
  },
  {
    create_backup: echoName,
    create_for_write: `
handle="$BACKUP_HANDLE/$FILE_NAME"
echo "$handle"
exec 1>&-
gzip -c | azcopy cp --from-to PipeBlob \\
    "https://$ACCOUNT.blob.core.windows.net/$CONTAINER/$SUB_DIR/$handle$SAS" > /dev/null`,
    open_for_read: `
azcopy cp --from-to BlobPipe \\
    "https://$ACCOUNT.blob.core.windows.net/$CONTAINER/$SUB_DIR/$FILE_HANDLE$SAS" < /dev/null | gzip -cd`,
    save_metadata_line: `
handle="metadata/$FILE_NAME"
echo "$handle"
exec 1>&-
gzip -c | azcopy cp --from-to PipeBlob \\
    "https://$ACCOUNT.blob.core.windows.net/$CONTAINER/$SUB_DIR/$handle$SAS" > /dev/null`,
    list_metadata_files: `
azcopy list "https://$ACCOUNT.blob.core.windows.net/$CONTAINER/$SUB_DIR/metadata/$SAS" |
  sed -n 's#^INFO: ##; s#^\\([^;/ ]*\\.meta\\); .*#metadata/\\1#p'`,
    backup_metadata_file: `
from="https://$ACCOUNT.blob.core.windows.net/$CONTAINER/$SUB_DIR/metadata/$FILE_NAME$SAS"
azcopy cp "$from" \\
    "https://$ACCOUNT.blob.core.windows.net/$CONTAINER/$SUB_DIR/metadata_backup/$FILE_NAME$SAS" >&2
azcopy rm "$from" >&2`
  },
  {
    open_for_read: "azcopy takes an open stdin for something to upload: it gets none.",
    backup_metadata_file: "Moves metadata that compaction replaced out of the way: a copy, then the original goes."
  }
)

const local = starter(
  `The folder must be there: where it is a mount that is missing, commands fail rather than fill the disk below.
Each file is written aside and gets its name once it is whole and on disk.`,
  { FOLDER: { about: "The folder, as an absolute path.", standard: "/var/backups/holdfast" } },
  {
    create_backup: `
mkdir "$FOLDER/$BACKUP_NAME"
${echoName}`,
    create_for_write: `
handle="$BACKUP_HANDLE/$FILE_NAME"
if test -e "$FOLDER/$handle"; then
  echo "$handle is there already" >&2
  exit 1
fi
echo "$handle"
exec 1>&-
part=$(mktemp "$FOLDER/.part.XXXXXXXX")
trap 'rm -f "$part"' EXIT
gzip -c > "$part"
sync "$part"
ln "$part" "$FOLDER/$handle"`,
    open_for_read: "gzip -cd < \"$FOLDER/$FILE_HANDLE\"",
    save_metadata_line: `
handle="metadata/$FILE_NAME"
cd "$FOLDER"
mkdir -p metadata
echo "$handle"
exec 1>&-
part=$(mktemp .part.XXXXXXXX)
trap 'rm -f "$part"' EXIT
gzip -c > "$part"
sync "$part"
test -e "$handle" || ln "$part" "$handle"`,
    list_metadata_files: `
cd "$FOLDER"
if test -d metadata; then find metadata -maxdepth 1 -type f -name '*.meta'; fi`,
    backup_metadata_file: `
cd "$FOLDER"
mkdir -p metadata_backup
mv "metadata/$FILE_NAME" "metadata_backup/$FILE_NAME"`,
    list_files: `
cd "$FOLDER"
find . -type f -printf '%P\\t%s\\t%T@\\n'`,
    delete_file: `
cd "$FOLDER"
rm -f "$FILE_HANDLE"
rmdir "\${FILE_HANDLE%/*}" 2> /dev/null || :`
  },
  {
    create_backup: "A backup is a folder.",
    create_for_write: "The bytes of one file of a backup. 'ln' refuses a name that is taken.",
    save_metadata_line: "Metadata of a name that is there already are kept: they are the same."
  }
)

const rclone = starter(
  `'rclone config' makes the remote and keeps its credentials. rcat replaces a file of the same name; backups never use a
name twice.`,
  { REMOTE: { about: "The remote and the path in it.", standard: "remote:holdfast" } },
  {
    create_backup: echoName,
    create_for_write: `
handle="$BACKUP_HANDLE/$FILE_NAME"
echo "$handle"
exec 1>&-
gzip -c | rclone rcat "$REMOTE/$handle"`,
    open_for_read: "rclone cat \"$REMOTE/$FILE_HANDLE\" | gzip -cd",
    save_metadata_line: `
handle="metadata/$FILE_NAME"
echo "$handle"
exec 1>&-
gzip -c | rclone rcat "$REMOTE/$handle"`,
    list_metadata_files: `
found=$(rclone lsf --files-only "$REMOTE/metadata") || test $? -eq 3
sed -n 's#^\\([^/][^/]*\\)$#metadata/\\1#p' <<< "$found"`,
    backup_metadata_file: "rclone moveto \"$REMOTE/metadata/$FILE_NAME\" \"$REMOTE/metadata_backup/$FILE_NAME\"",
    list_files: `
rclone lsf --recursive --files-only --format pst --separator $'\\t' \\
    --time-format '2006-01-02T15:04:05Z07:00' "$REMOTE" || test $? -eq 3`,
    delete_file: "rclone deletefile \"$REMOTE/$FILE_HANDLE\" || test $? -eq 4"
  },
  { list_metadata_files: "Status 3 says that there is no such folder yet; every other failure is one." }
)

const starters: { readonly [K in Kind]: Starter } = { s3, gcs, azure, local, rclone }
