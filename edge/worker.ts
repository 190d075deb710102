import type { Socket } from 'node:net'
import { readConfig } from './config.ts'
import { localRoom } from './local.ts'
import type { FromWorker, ToWorker } from './workers.ts'

/** A worker process: owns the endpoints that its parent's tables name. Gone with its parent. */
process.on('disconnect', () => process.exit(1))
// The parent says when to leave, so that a signal to the whole group does not cut requests off.
process.on('SIGTERM', () => undefined)
process.on('SIGINT', () => undefined)

const tell = (message: FromWorker): void => void process.send?.(message)
const version = process.argv[2] ?? 'unknown'
const { room, telemetry } = await localRoom(
  readConfig({ workers: '1' }),
  version,
  endpoint => tell({ kind: 'activate', endpoint }),
  Number(process.argv[3] ?? 1),
)

process.on('message', (message: ToWorker, socket?: Socket) => {
  if (message.kind === 'table') return room.table(message.table)
  if (message.kind === 'accept') {
    tell({ kind: 'took', n: message.n })
    if (socket === undefined) return
    socket.on('error', () => socket.destroy())
    room.accept(message.endpoint, socket)
    return void socket.resume()
  }
  if (message.kind === 'second') {
    return void room
      .second(message.mark)
      .then(second => tell({ kind: 'second', seq: message.mark.seq, second }))
  }
  if (message.kind === 'leave') return room.leave()
  void room
    .drain(message.mostMs)
    .then(() => telemetry.shutdown())
    .then(() => process.exit(0))
})
