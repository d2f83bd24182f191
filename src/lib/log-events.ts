/**
 * Everything that Berth writes to its log: a stable name, a level and a sentence for each event. Programs, alerts, the simulator and
 * tests match the name; the sentence is for people and may change. docs/operations.md has the table.
 */

export type LogLevel = "debug" | "info" | "warn" | "error";

export type LogEventRow = { readonly level: LogLevel; readonly text: string };

export const logEvents = {
  // Sessions with agents.
  "agent-disconnected": { level: "info", text: "An agent disconnected." },
  "agent-heartbeat-missed": { level: "warn", text: "An agent does not answer heartbeats." },
  "agent-payload-unacknowledged": { level: "warn", text: "An agent never acknowledged a payload." },
  "agent-payload-backlog": { level: "warn", text: "An agent leaves too many payloads unacknowledged." },
  "agent-update-failed": { level: "warn", text: "The update of an agent failed." },
  "agent-message-malformed": { level: "warn", text: "An agent sent a message of the wrong shape." },
  "agent-report-failed": { level: "error", text: "A report of an agent was not accepted." },
  "agent-message-bug": { level: "error", text: "A message of an agent met a bug." },
  "agent-not-reading": { level: "warn", text: "An agent does not read what it is sent." },
  "agent-messages-unfinished": { level: "warn", text: "An agent holds messages that it does not finish." },
  "agent-message-timeout": { level: "warn", text: "An agent does not finish the message that it began." },
  "agent-binary-frame": { level: "warn", text: "An agent sent a binary frame." },
  "agent-frame-unreadable": { level: "warn", text: "An agent sent a frame that cannot be read." },
  "agent-protocol-broken": { level: "warn", text: "An agent broke the WebSocket protocol." },
  "agent-messages-too-many": { level: "warn", text: "An agent sends too much." },
  "agent-refused": { level: "warn", text: "An agent was refused." },
  "agent-handshake-failed": { level: "error", text: "A handshake failed." },
  // The agent of a host.
  "registration-refused": { level: "error", text: "The registration was refused." },
  "registration-refused-reported": {
    level: "debug",
    text: "The registration was refused, which whoever started the agent reports.",
  },
  "registration-delayed": { level: "debug", text: "The registration waits for its next attempt." },
  "endpoint-unavailable": { level: "debug", text: "There is no endpoint to connect to yet." },
  "agent-ended": { level: "info", text: "This agent has ended." },
  "agent-stopped": { level: "debug", text: "The agent was stopped." },
  "agent-order-malformed": { level: "debug", text: "The control plane sent a message of the wrong shape." },
  "attachment-unconfirmed": { level: "warn", text: "An attachment was not confirmed." },
  "agent-state-foreign": {
    level: "warn",
    text: "The agent's state is from another version of Berth; its tasks are not taken over.",
  },
  "agent-state-unsaved": { level: "error", text: "The agent's state could not be saved." },
  "state-change-refused": { level: "warn", text: "A state change was refused." },
  "state-change-delayed": { level: "debug", text: "A state change waits for its next attempt." },
  "runtime-check-failed": { level: "warn", text: "The container runtime could not be checked." },
  // Docker.
  "docker-recovered": { level: "info", text: "Docker answers again." },
  "docker-events-lost": { level: "warn", text: "Docker's events are lost." },
  "docker-unused": { level: "warn", text: "Docker is not used: containers are simulated." },
  "docker-order-failed": { level: "error", text: "An order to Docker was not carried out." },
  "container-inspect-failed": { level: "warn", text: "A container could not be inspected." },
  "container-stop-failed": { level: "warn", text: "A container could not be stopped; Berth asks Docker again." },
  "container-left": { level: "warn", text: "A container is left on the host." },
  "task-containers-left": { level: "warn", text: "Containers of a task may be left on the host." },
  "task-volumes-left": { level: "warn", text: "Volumes of a task are left on the host." },
  "task-groundwork-left": { level: "warn", text: "Parts of a task are left on the host." },
  "agent-containers-left": { level: "warn", text: "Containers of an agent that has ended are left on the host." },
  "log-events-delayed": { level: "warn", text: "Log events of a container wait for CloudWatch Logs." },
  "log-events-delayed-again": { level: "debug", text: "Log events of a container still wait for CloudWatch Logs." },
  "log-events-dropped": { level: "warn", text: "Log events of a container are dropped." },
  "log-flush-late": { level: "warn", text: "The last log events of a container are still to be sent." },
  "log-positions-unsaved": { level: "warn", text: "How far logs were sent could not be saved." },
  "log-positions-unknown": { level: "warn", text: "How far logs were sent is not known; some are sent again." },
  "container-output-unreadable": { level: "warn", text: "The output of a container cannot be read." },
  "container-output-reread": { level: "debug", text: "The output of a container is read again." },
  "registry-logins-unreadable": { level: "warn", text: "Docker's logins for registries cannot be read." },
  "task-inputs-missing": { level: "warn", text: "A task cannot start because something that it needs is missing." },
  "task-credentials-missing": { level: "warn", text: "A container gets no credentials for its role." },
  "task-limits-unavailable": { level: "info", text: "Tasks are not limited as a whole, only their containers." },
  "task-namespaces-delayed": { level: "debug", text: "The namespaces of a task wait for another attempt." },
  "leftovers-removed": { level: "info", text: "What dead agents had left on this host was removed." },
  "leftovers-kept": { level: "debug", text: "What others have left on this host was not removed." },
  // What containers ask their agent.
  "endpoints-engine-remote": {
    level: "warn",
    text: "The engine is on another machine: its containers have no metadata and no credentials.",
  },
  "endpoints-port-taken": {
    level: "info",
    text: "Port 80 of 169.254.170.2 is taken: containers get the full address of their credentials.",
  },
  "endpoints-unavailable": {
    level: "warn",
    text: "There is nowhere to listen for containers: they have no metadata and no credentials.",
  },
  "endpoints-elsewhere": {
    level: "warn",
    text: "169.254.170.2 is not available here: AWS SDKs refuse to get credentials from another address over HTTP.",
  },
  "endpoints-address-refused": { level: "info", text: "169.254.170.2 cannot be added to the loopback device." },
  "endpoints-address-left": { level: "debug", text: "169.254.170.2 stays on the loopback device." },
  "docker-bridge-missing": { level: "debug", text: "Docker's bridge has no gateway." },
  "container-request-failed": { level: "error", text: "A container's request failed." },
  "docker-stats-missing": { level: "debug", text: "Docker gave no stats." },
  "docker-metadata-missing": { level: "debug", text: "Docker did not answer for metadata." },
  "container-tags-missing": { level: "debug", text: "Tags for a container's request were not available." },
  // Machines and the store.
  "append-failed": { level: "error", text: "An append failed." },
  "step-bug": { level: "error", text: "A step met a bug; the machine is being reloaded." },
  "empty-machine-bug": { level: "error", text: "A step of an empty machine met a bug." },
  "read-bug": { level: "error", text: "A read met a bug; it waits for the store." },
  "machine-halted": { level: "error", text: "The machine is halted." },
  "timer-fruitless": { level: "warn", text: "A timer step changed nothing and is due again; it is delayed." },
  "partition-load-failed": { level: "error", text: "The store could not load the partition; retrying." },
  "partition-load-retried": { level: "debug", text: "The store still could not load the partition; retrying." },
  "partition-loaded": { level: "info", text: "The store works again; the partition is loaded." },
  "partitions-without-room": {
    level: "warn",
    text: "Needed partitions could not be opened: there is no room in memory for their accounts.",
  },
  "effect-failed": { level: "error", text: "An effect could not be released." },
  "account-effect-failed": { level: "warn", text: "An effect of an account failed." },
  "fargate-reservation-failed": { level: "warn", text: "An account could not be asked for more of its Fargate quota." },
  "fargate-release-failed": { level: "warn", text: "A cluster could not give back its Fargate quota." },
  "cluster-deletion-finished": { level: "info", text: "An interrupted DeleteCluster was finished." },
  "cluster-deletion-unfinished": { level: "error", text: "An interrupted DeleteCluster could not be finished." },
  "cluster-deletion-unrecorded": { level: "warn", text: "The deletion of a cluster could not be recorded." },
  "deleted-cluster-kept": { level: "warn", text: "A deleted cluster could not be forgotten." },
  "empty-partition-kept": { level: "warn", text: "An empty partition could not be forgotten." },
  "empty-service-kept": { level: "warn", text: "An empty partition of a service could not be removed." },
  "empty-account-kept": { level: "warn", text: "An empty account could not be forgotten." },
  // The server.
  "server-listening": { level: "info", text: "The server listens." },
  "server-stopping": { level: "info", text: "The server is shutting down." },
  "server-stop-timeout": { level: "error", text: "The server did not shut down in time." },
  "server-stop-failed": { level: "error", text: "The server did not shut down cleanly." },
  "server-unhealthy": { level: "error", text: "The server is not healthy." },
  "server-warning": { level: "warn", text: "The server works, with a warning." },
  "server-recovered": { level: "info", text: "A reason or warning has passed." },
  "call-failed": { level: "error", text: "A call failed." },
  "call-answered": { level: "debug", text: "A call was answered." },
  "companion-unavailable": { level: "warn", text: "The companion did not answer a call." },
  "companion-part-missing": {
    level: "warn",
    text: "An answer has only what Berth knows, because the companion's part didn't come.",
  },
  "request-failed": { level: "error", text: "A request failed before its call." },
  "pass-on-failed": { level: "error", text: "A request could not be passed on to the companion." },
  "operator-request-failed": { level: "error", text: "A request of an operator failed." },
  "file-mode-repaired": { level: "warn", text: "Other users had access to a file of Berth's; its mode is repaired." },
  "key-socket-unavailable": {
    level: "warn",
    text: "The key socket could not be opened. `berth keys` works only while the server is stopped.",
  },
  "key-change-failed": { level: "error", text: "A change of the access keys failed." },
  "key-created": { level: "info", text: "An access key was created." },
  "key-rotated": { level: "info", text: "An access key was rotated." },
  "key-deleted": { level: "info", text: "An access key was deleted." },
  "key-uses-unwritten": { level: "warn", text: "The last uses of access keys could not be written." },
  "task-credentials-temporary": {
    level: "warn",
    text: "There is no usable seal key: the credentials of tasks end with the server, and secret values can't be stored or read.",
  },
  "log-causes-many": { level: "warn", text: "Lines of other causes." },
  "log-lines-dropped": { level: "warn", text: "Log lines were dropped because nobody read them." },
  // Log events of tasks.
  "log-store-crashed": {
    level: "error",
    text: "The thread of the log store has ended; the next call starts it again.",
  },
  "log-events-not-deleted": { level: "warn", text: "Old log events could not be deleted; Berth tries again." },
  // Hosts in the server's process, and of `berth hosts`.
  "fargate-host-failed": { level: "error", text: "A host for Fargate tasks could not be started." },
  "fargate-host-released": {
    level: "info",
    text: "A host for Fargate tasks has ended, because its cluster released it.",
  },
  "fargate-host-ended": { level: "warn", text: "A host for Fargate tasks has ended." },
  "simulated-hosts-too-many": { level: "warn", text: "There are too many simulated hosts." },
  "simulated-host-failed": { level: "error", text: "A simulated host cannot start." },
  "simulated-host-unconnected": { level: "warn", text: "A simulated host has not connected yet." },
  "simulated-attributes-refused": {
    level: "warn",
    text: "The attributes of a simulated host could not be registered.",
  },
  "adopted-instance-missing": { level: "debug", text: "An adopted instance was not found." },
  "host-unknown": { level: "warn", text: "The control plane no longer knows a saved host; it registers as a new one." },
  "host-deregistered": { level: "warn", text: "A container instance was deregistered." },
  "host-disk-kept": { level: "error", text: "The disk of a host could not be erased." },
} as const satisfies Readonly<Record<string, LogEventRow>>;

export type LogEvent = keyof typeof logEvents;

/** Where code writes what an operator should know. Whoever starts it passes a logger. */
export type Log = (event: LogEvent, fields: Readonly<Record<string, unknown>>) => void;
