import { signedOrder, type Order, type OrderNumber } from '../../../core/model/order.ts'
import { check } from '../../../core/model/schema.ts'
import {
  HEADERS,
  scaleRequest,
  targets,
  type Platform,
  type ScaleRequest,
  type Targets,
} from '../../../core/model/tables.ts'
import { serve, type Answer } from '../../../core/runtime/admin.ts'
import { rootKeys } from '../../../core/runtime/keys.ts'
import { refusal } from '../../../core/runtime/signing.ts'
import { join } from 'node:path'
import {
  startController,
  type Controller,
  type ControllerOptions,
} from '../../../controller/main.ts'
import { readConfig } from '../../../controller/config.ts'
import { call, type Called } from '../../../core/runtime/call.ts'
import { Fleet } from './fleet.ts'

const TOKEN = 'secret'
export const CAUSE = `${'ab'.repeat(16)}-${'cd'.repeat(8)}`

/** A platform, an aggregator and sidecars as the controller meets them, over real sockets on loopback. */
export interface World {
  controller: Controller
  said: string[]
  targets: Targets[]
  scaled: ScaleRequest[]
  orders: Order[]
  /** Asks the controller. */
  ask(
    method: string,
    path: string,
    options?: { json?: unknown; headers?: Record<string, string> },
  ): Promise<Called>
  /** Waits until it is so. */
  until<T>(
    find: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  ): Promise<T>
}

interface Test {
  teardown(fn: () => unknown): void
}

/** Sends a line now and each `ms` until the reader goes. */
function every(ms: number, line: () => unknown): Answer {
  return {
    follow: write => {
      write(line())
      const timer = setInterval(() => write(line()), ms)
      return () => clearInterval(timer)
    },
  }
}

export async function world(
  t: Test,
  stateDir: string,
  options: Partial<ControllerOptions> & {
    environment?: Record<string, string>
    epoch?: number
    /** What sidecars say that they hold. */
    held?: OrderNumber
  } = {},
): Promise<World> {
  const fleet = new Fleet('local/busy', 1, () => 30)
  const seen = {
    targets: [] as Targets[],
    scaled: [] as ScaleRequest[],
    orders: [] as Order[],
    said: [] as string[],
  }
  const root = rootKeys(join(stateDir, 'keys')).publicKey
  const sidecars = await serve({
    host: '127.0.0.1',
    port: 0,
    routes: [
      {
        at: 'PUT /v1/order',
        async handle(ask) {
          const got = check(signedOrder, await ask.json())
          if (!got.ok || refusal(got.value, root, Date.now()) !== null)
            return { status: 409, json: { error: 'not signed' } }
          seen.orders.push(got.value.order)
          return { status: 200, json: {} }
        },
      },
    ],
  })
  const aggregator = await serve({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    routes: [
      {
        at: 'PUT /v1/targets',
        guarded: true,
        async handle(ask) {
          const got = check(targets, await ask.json())
          if (got.ok) seen.targets.push(got.value)
          return { status: got.ok ? 200 : 400, json: {} }
        },
      },
      {
        at: 'GET /v1/windows',
        handle: () =>
          every(500, () => {
            const windows = fleet.second(Date.now(), seen.orders.at(-1) ?? null)
            const { held, epoch = 0 } = options
            const replicas = held && windows.replicas.map(row => ({ ...row, order: held }))
            return { ...windows, ...(replicas && { replicas }), causes: [CAUSE], epoch }
          }),
      },
    ],
  })
  let version = 1
  const table = (): Platform => ({
    v: 1,
    boot: 'boot-1',
    version,
    aggregator: aggregator.address,
    edges: [{ edge: 'edge-1', admin: '127.0.0.1:1' }],
    endpoints: [fleet.row(Date.now())].map(row => ({
      ...row,
      replicas: row.replicas.map(replica => ({ ...replica, admin: sidecars.address })),
    })),
  })
  const platform = await serve({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    routes: [
      { at: 'GET /v1/platform', handle: () => every(300, table) },
      {
        at: 'PUT /v1/platform/:endpoint*',
        guarded: true,
        async handle(ask) {
          const got = check(scaleRequest, await ask.json())
          if (!got.ok) return { status: 400, json: {} }
          seen.scaled.push(got.value)
          version++
          fleet.scale(got.value.replicas, Date.now() - 20_000)
          return { status: 200, json: table() }
        },
      },
    ],
  })
  const config = readConfig({
    OUTRIGGER_ADMIN: '127.0.0.1:0',
    OUTRIGGER_PLATFORM: `http://${platform.address}`,
    OUTRIGGER_STATE_DIR: stateDir,
    OUTRIGGER_TOKEN: TOKEN,
    ...options.environment,
  })
  const log = (level: string, message: string): void => void seen.said.push(`${level} ${message}`)
  const controller = await startController(config, { version: '0.0.0', log, ...options })
  t.teardown(async () => {
    await controller.close()
    await Promise.all([platform.close(), aggregator.close(), sidecars.close()])
  })
  return {
    controller,
    ...seen,
    ask: (method, path, more) => call(method, `http://${controller.address}${path}`, more),
    async until(find) {
      for (let tries = 0; tries < 200; tries++) {
        const found = await find()
        if (found) return found
        await new Promise(resolve => setTimeout(resolve, 100))
      }
      throw new Error(
        `it did not come to pass within 20 s: ${find.toString()}; said: ${seen.said.join('; ')}`,
      )
    },
  }
}

export const token = { [HEADERS.token]: TOKEN }
