import type { Variable } from './env-table.ts'

/** The part of env-table.ts that bounds what clients may send, or withhold. */
export const trafficVariables = {
  OUTRIGGER_HEAD_BYTES: {
    kind: 'int',
    default: '32768',
    min: 1024,
    max: 1_048_576,
    sentence: 'Bytes that a head may have, of a request and of an answer.',
  },
  OUTRIGGER_MAX_HEADERS: {
    kind: 'int',
    default: '100',
    min: 10,
    max: 1000,
    sentence: 'Headers that a head may have, of a request and of an answer.',
  },
  OUTRIGGER_MAX_CONNECTIONS: {
    kind: 'int',
    default: '10000',
    min: 1,
    max: 1_000_000,
    sentence: 'Connections of clients that may be open at once; more are answered 503.',
  },
  OUTRIGGER_PIPELINE_BYTES: {
    kind: 'int',
    default: '65536',
    min: 1,
    max: 16_777_216,
    sentence:
      'Bytes that a client may send before their turn (further requests, a body that waits for a slot); then its connection is not read.',
  },
  OUTRIGGER_KEPT_BYTES: {
    kind: 'int',
    default: '33554432',
    min: 65_536,
    max: 68_719_476_736,
    sentence:
      'Bytes of heads that are not whole and of what came before its turn that all clients together may make the sidecar keep; who would add to them is answered 503.',
  },
  OUTRIGGER_UNREAD_BYTES: {
    kind: 'int',
    default: '67108864',
    min: 65_536,
    max: 68_719_476_736,
    sentence:
      'Bytes of answers that all clients together may leave unread, counting 64 KiB more for each of them; beyond that those are cut off that have taken nothing for longest.',
  },
  OUTRIGGER_HEAD_TIMEOUT: {
    kind: 'int',
    default: '15000',
    min: 100,
    max: 3_600_000,
    sentence: 'How long a head may take from its first byte to its last, ms.',
  },
  OUTRIGGER_IDLE_TIMEOUT: {
    kind: 'int',
    default: '75000',
    min: 100,
    max: 3_600_000,
    sentence: 'How long a connection of a client may rest, ms. Longer than clients keep theirs.',
  },
  OUTRIGGER_BODY_TIMEOUT: {
    kind: 'int',
    default: '60000',
    min: 100,
    max: 3_600_000,
    sentence:
      'How long a client may send nothing of a body that it owes, or take nothing of an answer, ms.',
  },
  OUTRIGGER_QUIET_TIMEOUT: {
    kind: 'int',
    default: '300000',
    min: 100,
    max: 86_400_000,
    sentence:
      'How long a gRPC call may rest whose client has sent something and is still to send more, ms.',
  },
  OUTRIGGER_H2_STREAMS: {
    kind: 'int',
    default: '1000',
    min: 1,
    max: 100_000,
    sentence:
      'HTTP/2: streams that a client may have open on a connection. With fewer than the limit, requests would wait in clients, unseen.',
  },
  OUTRIGGER_H2_RESET_BURST: {
    kind: 'int',
    default: '1000',
    min: 1,
    max: 1_000_000,
    sentence:
      'HTTP/2: streams that a client may reset on a connection at once (rapid reset); then it is ended.',
  },
  OUTRIGGER_H2_RESET_RATE: {
    kind: 'int',
    default: '100',
    min: 1,
    max: 1_000_000,
    sentence: 'HTTP/2: streams that a client may reset a second, beyond the burst.',
  },
  OUTRIGGER_H2_CONTROL_BURST: {
    kind: 'int',
    default: '10000',
    min: 10,
    max: 1_000_000,
    sentence:
      'HTTP/2: PING and SETTINGS frames that a client may send on a connection at once; then it is ended.',
  },
  OUTRIGGER_H2_CONTROL_RATE: {
    kind: 'int',
    default: '1000',
    min: 1,
    max: 1_000_000,
    sentence: 'HTTP/2: PING and SETTINGS frames that a client may send a second, beyond the burst.',
  },
  OUTRIGGER_H2_INVALID_FRAMES: {
    kind: 'int',
    default: '100',
    min: 0,
    max: 100_000,
    sentence: 'HTTP/2: frames of a connection that may be invalid before it is ended.',
  },
  OUTRIGGER_H2_REFUSED_STREAMS: {
    kind: 'int',
    default: '100',
    min: 1,
    max: 100_000,
    sentence:
      'HTTP/2: streams of a connection that may be refused for want of its memory before it is ended.',
  },
  OUTRIGGER_H2_SESSION_MEMORY: {
    kind: 'int',
    default: '10',
    min: 1,
    max: 1000,
    sentence: 'HTTP/2: MB that a connection may take; new streams beyond that are refused.',
  },
} as const satisfies Record<string, Variable>
