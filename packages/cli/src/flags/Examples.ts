/**
 * The examples of the commands, as help shows them. A test reads each as the program does.
 */
/** An example of a command. */
export interface Example {
  /** What the command line does, in half a sentence. */
  readonly what: string
  /** The command line as typed. No word needs quotes; output may go to a file (`> FILE`). */
  readonly line: string
}

/** The examples of a command, by its full name: `holdfast backup verify`. */
export const of = (path: string): ReadonlyArray<Example> =>
  (examples[path] ?? []).map(([what, ...lines]) => ({
    what,
    line: [path, ...lines].filter((each) => each !== "").join(" ")
  }))

/** What each example does, and its flags. */
const examples: Readonly<Record<string, ReadonlyArray<readonly [what: string, ...flags: ReadonlyArray<string>]>>> = {
  "holdfast backup oneoff epoch-ending": [
    ["Epochs 0 to 99, into a folder", "--start-epoch 0 --end-epoch 100", "--local-fs-dir backups"]
  ],
  "holdfast backup oneoff state-snapshot": [
    ["The state at the end of epoch 99", "--state-snapshot-epoch 99", "--local-fs-dir backups"]
  ],
  "holdfast backup oneoff transaction": [
    ["The first million transactions", "--start-version 0 --num_transactions 1000000", "--local-fs-dir backups"],
    [
      "Through shell commands, from another node",
      "--start-version 0 --num_transactions 500",
      "--command-adapter-config storage.yaml",
      "--backup-service-address http://node:6186"
    ]
  ],
  "holdfast backup continuously": [
    ["Everything of a node, until stopped", "--command-adapter-config storage.yaml"],
    [
      "As a service, with a configuration file and Prometheus metrics",
      "--config holdfast.yaml",
      "--metrics-address 127.0.0.1:9186"
    ]
  ],
  "holdfast gen-replay-verify-jobs": [
    [
      "Ranges of a million versions, ten ranges to a job",
      "--max-versions-per-range 1000000 --max-ranges-per-job 10",
      "--local-fs-dir backups"
    ]
  ],
  "holdfast replay-verify": [["Show the alternatives", ""]],
  "holdfast backup query node-state": [
    ["How far the node of this machine is", ""],
    ["How far another node is, as JSON", "--backup-service-address http://node:6186 --output json"]
  ],
  "holdfast backup query backup-storage-state": [
    ["How far the backups in a folder reach", "--local-fs-dir backups"]
  ],
  "holdfast backup verify": [
    ["Everything; fail if anything could not be checked", "--strict", "--local-fs-dir backups"],
    [
      "What is new, every day, and 5% of the rest",
      "--every 24h --sample 5%",
      "--command-adapter-config storage.yaml"
    ]
  ],
  "holdfast restore bootstrap-db": [
    ["What a restore would read, and how long it would take", "--dry-run --local-fs-dir backups"],
    ["The newest state and the transactions after it", "--target-db-dir restored --local-fs-dir backups"]
  ],
  "holdfast restore oneoff epoch-ending": [
    [
      "The chain of trust, into a new ledger store",
      "--epoch-ending-manifest epoch_ending_0-99.f00d/epoch_ending.manifest",
      "--target-db-dir restored",
      "--local-fs-dir backups"
    ]
  ],
  "holdfast restore oneoff state-snapshot": [
    [
      "A state, into a ledger store with the chain of trust",
      "--state-manifest state_epoch_99_ver_5000.f00d/state.manifest",
      "--state-into-version 5000",
      "--target-db-dir restored",
      "--local-fs-dir backups"
    ]
  ],
  "holdfast restore oneoff transaction": [
    [
      "The transactions after the state",
      "--transaction-manifest transaction_5001-.f00d/transaction.manifest",
      "--target-db-dir restored",
      "--local-fs-dir backups"
    ]
  ],
  "holdfast backup-maintenance compact": [
    [
      "Join the metadata of up to 1000 transaction backups",
      "--transaction-file-compact-factor 1000 --local-fs-dir backups"
    ]
  ],
  "holdfast backup-maintenance cleanup": [
    ["List the files that no backup needs", "--local-fs-dir backups"],
    ["Delete those that are older than a week", "--delete --older-than 604800 --local-fs-dir backups"]
  ],
  "holdfast backup-maintenance retain": [
    ["Show the plan that keeps two snapshots", "--keep-snapshots 2 --local-fs-dir backups"]
  ],
  "holdfast backup-maintenance repair-metadata": [
    ["List torn files and the lines that can be saved", "--local-fs-dir backups"],
    [
      "Save the readable lines of one file in a new file",
      "--file metadata/transaction_0-99.meta --local-fs-dir backups"
    ]
  ],
  "holdfast backup-maintenance read-metadata": [
    ["A file of this machine", "transaction_0-99.meta"],
    ["A file of a storage", "metadata/transaction_0-99.meta --local-fs-dir backups"]
  ],
  "holdfast status": [
    [
      "What can be restored, and how far the node is ahead",
      "--local-fs-dir backups --backup-service-address http://localhost:6186"
    ]
  ],
  "holdfast node serve": [
    ["The store of a restore, beside the node of this machine", "--db restored --address 127.0.0.1:6187"]
  ],
  "holdfast node devnet": [
    ["A network to try things on, kept in a folder", "--db network"],
    ["A network that does not grow, at a free port", "--epochs 3 --items 300 --block-millis 0 --address 127.0.0.1:0"]
  ],
  "holdfast explore coverage": [
    ["What covers epoch 99, and what is missing", "--epoch 99 --local-fs-dir backups"]
  ],
  "holdfast explore transaction": [
    ["Transaction 5000, decoded", "--at-version 5000 --local-fs-dir backups"]
  ],
  "holdfast explore state": [
    ["The validator set, proven", "--address 0x1 --resource 0x1::stake::ValidatorSet --prove --local-fs-dir backups"]
  ],
  "holdfast doctor": [
    ["Commands, storage, node and machine", "--command-adapter-config storage.yaml"],
    ["The storage alone, without writing", "--storage-only --read-only --local-fs-dir backups"]
  ],
  "holdfast init s3": [["For an S3 bucket", "--bucket my-bucket --file storage.yaml"]],
  "holdfast init gcs": [["For a Cloud Storage bucket", "--bucket my-bucket --file storage.yaml"]],
  "holdfast init azure": [["For an Azure container", "--account my-account --container backups --file storage.yaml"]],
  "holdfast init local": [[
    "For a mounted folder, with a holdfast.yaml beside the file",
    "--folder /mnt/backups --with-config"
  ]],
  "holdfast init rclone": [[
    "For a remote that 'rclone config' created",
    "--remote remote:holdfast --file storage.yaml"
  ]],
  "holdfast config print": [
    ["Values that count for a command", "backup continuously --config holdfast.yaml"],
    ["Values that are set for any command", "--config holdfast.yaml"]
  ],
  "holdfast config check": [["Check a whole file", "--config holdfast.yaml"]],
  "holdfast completions bash": [[
    "For all shells of this user",
    "> ~/.local/share/bash-completion/completions/holdfast"
  ]],
  "holdfast completions zsh": [["In a folder of $fpath", "> ~/.zsh/completions/_holdfast"]],
  "holdfast completions fish": [["For this user", "> ~/.config/fish/completions/holdfast.fish"]],
  "holdfast demo": [["Run the demo in a folder .holdfast", ""]]
}

/** The commands that have examples. */
export const paths: ReadonlyArray<string> = Object.keys(examples)
