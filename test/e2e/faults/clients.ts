import { connect, type Socket } from 'node:net'
import type { Random } from '../../../simulate/random.ts'

/** What a client does on a connection of its own; it is over when the connection is closed. */
export type Deed = (socket: Socket, request: Request) => void

/** One request, and how far it goes before something happens. */
export interface Request {
  /** All of it. */
  text: string
  /** Half of its head; all but half of its body, or of its head where it has none. */
  halfHead: string
  half: string
}

const MOST_BODY = 200_000

export function requestOf(path: string, random: Random): Request {
  const rare = random.below(6) === 0
  const body = random.below(3) === 0 ? '' : 'b'.repeat(1 + random.below(MOST_BODY))
  const method = rare ? 'PROPFIND' : body === '' ? 'GET' : 'POST'
  const start = `${method} ${path} HTTP/1.1\r\nHost: a\r\n`
  const chunked = body !== '' && random.below(3) === 0
  const head = chunked
    ? `${start}Transfer-Encoding: chunked\r\n\r\n`
    : `${start}${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n`
  const framed = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
  const halfHead = head.slice(0, head.length / 2)
  const half = framed === '' ? halfHead : head + framed.slice(0, framed.length / 2)
  return { text: head + framed, halfHead, half }
}

const soon = (random: Random, act: () => void): void => void setTimeout(act, random.below(40))

export function deedsOf(random: Random): Record<string, Deed> {
  return {
    'asks and reads': (socket, { text }) => {
      socket.write(text)
      socket.on('data', () => soon(random, () => socket.end()))
    },
    'asks three times at once': (socket, { text }) => {
      socket.write(text.repeat(3))
      soon(random, () => socket.destroy())
    },
    'asks and is gone': (socket, { text }) => socket.write(text, () => socket.destroy()),
    'asks and resets': (socket, { text }) => {
      socket.write(text, () => soon(random, () => socket.resetAndDestroy()))
    },
    'asks and shuts its half': (socket, { text }) => void socket.end(text),
    'dies in its head': (socket, { halfHead }) => socket.write(halfHead, () => socket.destroy()),
    'dies in its body': (socket, { half }) => {
      socket.write(half, () => soon(random, () => socket.destroy()))
    },
    'resets in its body': (socket, { half }) => {
      socket.write(half, () => soon(random, () => socket.resetAndDestroy()))
    },
    'shuts its half in its body': (socket, { half }) => void socket.end(half),
    'stalls in its head': (socket, { halfHead }) => void socket.write(halfHead),
    'stalls in its body': (socket, { half }) => void socket.write(half),
    'leaves while it is answered': (socket, { text }) => {
      socket.write(text)
      socket.once('data', () => socket.resetAndDestroy())
    },
    'reads nothing': (socket, { text }) => {
      socket.write(text)
      socket.pause()
      setTimeout(() => socket.destroy(), 100)
    },
    'upgrades, and is gone': socket => {
      socket.write(
        'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n',
      )
      const gone = random.below(2) === 0
      soon(random, () => (gone ? socket.destroy() : socket.resetAndDestroy()))
    },
    'comes and goes': socket => socket.destroy(),
  }
}

/** Resolves when the connection is closed; false: the sidecar left it open for longer than it may. */
export function once(port: number, deed: Deed, request: Request): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    const timer = setTimeout(() => {
      socket.destroy()
      resolve(false)
    }, 15_000)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(true)
    })
    socket.resume()
    socket.on('connect', () => deed(socket, request))
  })
}
