import type { Socket } from 'node:net'
import type { H2Front } from './front.ts'

/**
 * Where connections of HTTP/2 (prior knowledge, RFC 9113 3.3) come in. node:http2 is loaded with the first: a
 * sidecar of a model that speaks HTTP/1.1 never pays for it.
 */
export interface Door {
  /** A connection, and what has been read of it: its preface and perhaps more. */
  accept(socket: Socket, bytes: Buffer): void
  /** No new streams: each session ends with its last one, and those that rest now. */
  closeResting(): void
  /** Cuts off what is left. */
  destroy(): void
  close(): void
  /** Sessions to the model. */
  links(): number
}

export function door(load: () => Promise<H2Front>): Door {
  let loading: Promise<H2Front> | null = null
  let front: H2Front | null = null
  return {
    accept(socket, bytes) {
      socket.pause()
      socket.unshift(bytes)
      // A client that sends no more is gone, as on HTTP/1.1.
      socket.allowHalfOpen = false
      socket.on('error', () => socket.destroy())
      if (front !== null) return front.accept(socket)
      loading ??= load().then(loaded => (front = loaded))
      loading.then(
        loaded => loaded.accept(socket),
        () => {
          socket.destroy()
          // No descriptor was left, say: the next may have more luck.
          loading = null
        },
      )
    },
    closeResting: () => front?.closeResting(),
    destroy: () => front?.destroy(),
    close: () => front?.close(),
    links: () => front?.open().sessions ?? 0,
  }
}
