/** Every environment variable of the edge, once: config.ts and docs/edge.md follow this table. */
export interface Variable {
  /** As it would be written; null: it must be given; '': it may be left out. */
  default: string | null
  sentence: string
}

export const variables = {
  OUTRIGGER_CONTROLLER: {
    default: null,
    sentence: 'URL of the admin server of the controller, http://HOST:PORT.',
  },
  OUTRIGGER_TOKEN: {
    default: '',
    sentence: 'Shared token between the components of Outrigger.',
  },
  OUTRIGGER_EDGE: {
    default: 'edge',
    sentence: 'Name of this edge; its pass carries it.',
  },
  OUTRIGGER_ADMIN: {
    default: '127.0.0.1:15001',
    sentence:
      'Where samples, health and /metrics are served, host:port. Port 0: the kernel chooses.',
  },
  OUTRIGGER_EDGE_HOST: {
    default: '127.0.0.1',
    sentence: 'Host on which the ports of the endpoints are opened.',
  },
  OUTRIGGER_STATE_DIR: {
    default: '',
    sentence:
      'Folder in which the last replica table is kept; without one a restart waits for the controller.',
  },
  OUTRIGGER_WORKERS: {
    default: '1',
    sentence: 'Processes that serve, 1 to 64. Each endpoint belongs to one of them.',
  },
  OUTRIGGER_HEAD_BYTES: {
    default: '32768',
    sentence: 'Bytes that a head may have, of a request and of an answer, 1024 to 1048576.',
  },
  OUTRIGGER_MAX_HEADERS: {
    default: '100',
    sentence: 'Headers that a head may have, of a request and of an answer, 10 to 1000.',
  },
  OUTRIGGER_MAX_CONNECTIONS: {
    default: '10000',
    sentence:
      'Connections of clients that may be open at once in each worker, of all its endpoints together, 1 to 1000000; more are answered 503.',
  },
  OUTRIGGER_MAX_UPGRADES: {
    default: '1000',
    sentence:
      'Upgraded connections (WebSocket) of an endpoint that may be open at once, 0 to 100000; more are answered 503.',
  },
  OUTRIGGER_PIPELINE_BYTES: {
    default: '65536',
    sentence:
      'Bytes that a client may send before their turn (further requests, a body that is held), 1 to 16777216; then its connection is not read.',
  },
  OUTRIGGER_UNREAD_BYTES: {
    default: '134217728',
    sentence:
      'Bytes of answers that all clients of a worker together may leave unread, counting 64 KiB more for each of them, 65536 to 68719476736; beyond that those are cut off that have taken nothing for longest.',
  },
  OUTRIGGER_HEAD_TIMEOUT: {
    default: '15000',
    sentence: 'How long a head may take from its first byte to its last, ms, 100 to 3600000.',
  },
  OUTRIGGER_IDLE_TIMEOUT: {
    default: '75000',
    sentence:
      'How long a connection of a client may rest, ms, 100 to 3600000. Longer than clients keep theirs.',
  },
  OUTRIGGER_BODY_TIMEOUT: {
    default: '60000',
    sentence:
      'How long a client may send nothing of a body that it owes, or take nothing of an answer, ms, 100 to 3600000.',
  },
  OUTRIGGER_DRAIN_GRACE: {
    default: '0',
    sentence:
      'How long to go on taking connections after SIGTERM, ms, at most 600000: a Service forgets an address only by and by.',
  },
  OUTRIGGER_LOG_LEVEL: { default: 'info', sentence: 'debug, info, warn or error.' },
  OUTRIGGER_PARENT: {
    default: '',
    sentence: 'stdin: exit, after a drain of at most 2 s, when standard input ends.',
  },
} as const satisfies Record<string, Variable>

export type VariableName = keyof typeof variables
