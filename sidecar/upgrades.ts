import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { readMessage } from '../core/carry/message.ts'
import { isRefusal } from '../core/http/head.ts'
import { HEADERS } from '../core/model/tables.ts'
import type { Admission } from './admit/admission.ts'
import type { Address } from '../core/runtime/environment.ts'
import { forwardUpgrade } from './forward/upgrade.ts'
import { endWith } from './traffic.ts'

/** Upgraded connections: open for long and mostly idle, so they have a bound of their own and no slot. `headers`: that a head may have. */
export interface Upgrades {
  accept(request: IncomingMessage, socket: Duplex, firstBytes: Buffer): void
  open(): number
  /** Cuts off those that are open. */
  destroy(): void
}

export function upgrades(
  app: Address,
  { most, headers }: { most: number; headers: number },
  admission: Admission,
): Upgrades {
  const open = new Set<Duplex>()
  return {
    open: () => open.size,
    destroy: () => open.forEach(socket => socket.destroy()),
    accept(request, socket, firstBytes) {
      const head = readMessage(request, headers)
      if (isRefusal(head) || !head.webSocket) return endWith(socket, '400 Bad Request')
      if (open.size >= most) {
        admission.refuseUpgrade()
        return endWith(
          socket,
          `429 Too Many Requests\r\nretry-after: 5\r\n${HEADERS.reason}: upgrades`,
        )
      }
      open.add(socket)
      forwardUpgrade(app, head, socket, firstBytes, () => open.delete(socket))
    },
  }
}
