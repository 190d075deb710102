import { readFileSync } from 'node:fs'
import type { Log } from './log.ts'

/** Descriptors that are not for clients: our own files and ports, samples, probes, and the word that there are too many. */
const OWN = 48
const LEAST = 4

/** Connections of clients that there are descriptors for: each may need a second one, to the model. */
export function connectionsFor(asked: number, descriptors: number): number {
  return Math.min(asked, Math.max(LEAST, Math.floor((descriptors - OWN) / 2)))
}

/** The bounds as far as this process may open files: what is short is said at the start, not met as EMFILE. */
export function affordable<T extends { connections: number }>(bounds: T, log: Log): T {
  const descriptors = openFiles()
  const connections = connectionsFor(bounds.connections, descriptors)
  if (connections < bounds.connections) {
    log('info', 'fewer connections than asked for: this process may open too few files', {
      asked: bounds.connections,
      connections,
      openFiles: descriptors,
    })
  }
  return { ...bounds, connections }
}

/** Node raises the soft limit to the hard one when it starts. Where the kernel does not say it: no bound. */
function openFiles(): number {
  try {
    const text = readFileSync('/proc/self/limits', 'utf8')
    const [, soft] = /^Max open files +(\d+)/m.exec(text) ?? []
    return soft === undefined ? Infinity : Number(soft)
  } catch {
    return Infinity
  }
}
