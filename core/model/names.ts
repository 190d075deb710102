import { text } from './schema.ts'

/** Words shared by all contracts. */

/** namespace/name, as Kubernetes writes both (RFC 1123 labels). Locally the namespace is `local`. */
export const endpointName = text(
  127,
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\/[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/,
  'namespace/name in lower-case letters, digits and dashes',
)
export const shortName = text(
  63,
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
  'lower-case letters, digits, dots and dashes',
)
/** A revision: the first 16 hex digits of a SHA-256 over what makes the model behave differently. */
export const revisionName = text(64, /^[a-z0-9-]{1,64}$/, 'lower-case letters, digits and dashes')
/** One life of a process; new at each start. */
export const bootId = text(40, /^[A-Za-z0-9_-]{1,40}$/, 'letters, digits, dashes and underscores')
export const hexHash = text(64, /^[0-9a-f]{64}$/, 'a SHA-256 in 64 hex digits')
/** host:port, an IPv6 host in brackets. */
export const address = text(270, /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'host:port')
/** W3C trace id and span id, joined by a dash. */
export const spanReference = text(
  49,
  /^[0-9a-f]{32}-[0-9a-f]{16}$/,
  'trace id and span id in hex, joined by a dash',
)
