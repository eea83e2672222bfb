/**
 * A configuration file to start from, beside one of storage commands.
 */
/** The text of a configuration whose storage is behind the commands of a file. */
export const of = (commands: string): string =>
  `# Settings of holdfast, for '--config holdfast.yaml' or HOLDFAST_CONFIG=holdfast.yaml.
#
# A key is a flag without its dashes. At the top it counts for every command that has the flag, below the name of a command
# for that one alone. Variables (HOLDFAST_BACKUP_SERVICE_ADDRESS) override the file, flags override both. Paths are relative
# to the folder of this file. 'holdfast config print' shows the values that count, 'holdfast config check' finds mistakes.

# Where the backups lie.
command-adapter-config: ${JSON.stringify(commands)}

# The backup service of the node.
backup-service-address: http://localhost:6186

# The genesis waypoint of your network: verify and restore then trust nothing else.
# trust-waypoint: VERSION:HEX
# require-waypoint: true

backup:
  continuously:
    # For Prometheus, at /metrics.
    metrics-address: 127.0.0.1:9186
    # state-snapshot-interval-epochs: 1

# restore:
#   bootstrap-db:
#     target-db-dir: /var/lib/holdfast/restored
`
