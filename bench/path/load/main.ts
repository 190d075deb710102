import { grpcLanes } from './grpc.ts'
import { httpLane } from './http.ts'
import { hold } from './idle.ts'
import type { Figures, Lane } from './open.ts'
import { paced } from './pacer.ts'
import { streams } from './sse.ts'
import { websocketLane } from './websocket.ts'

/** One load, as a process of its own: its argument is JSON, and so is what it prints. */
export interface LoadTask {
  kind: 'http' | 'websocket' | 'grpc' | 'sse' | 'idle'
  port: number
  path: string
  connections: number
  perSecond: number
  seconds: number
}

const task = JSON.parse(process.argv[2] ?? '') as LoadTask
const { kind, port, path, connections } = task
if (kind === 'idle') {
  const open = await hold(port, path, connections)
  console.log('holding')
  // Held until standard input ends.
  process.stdin.resume().once('end', () => {
    console.log(JSON.stringify({ open: open() }))
    process.exit(0)
  })
} else {
  console.log(JSON.stringify(await loaded()))
  process.exit(0)
}

async function loaded(): Promise<Figures> {
  const ready = kind === 'sse' ? null : await lanes()
  const [before, start] = [process.cpuUsage(), performance.now()]
  const figures = ready === null ? await streams(port, task) : await paced(ready, task)
  const { user, system } = process.cpuUsage(before)
  return { ...figures, core: (user + system) / 1000 / (performance.now() - start) }
}

async function lanes(): Promise<Lane[]> {
  if (kind === 'grpc') return grpcLanes(port, path, connections)
  const lane = kind === 'websocket' ? websocketLane : httpLane
  return Promise.all(Array.from({ length: connections }, () => lane(port, path)))
}
