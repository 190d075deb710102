import type { Address } from '../core/runtime/environment.ts'
import { bracketed } from '../core/runtime/listen.ts'
import type { SidecarConfig } from './config.ts'

/**
 * In loopback mode the sidecar has the pod's address and the model its loopback, both with one port. A model
 * that binds every address (0.0.0.0) can't be beside it: whoever comes second finds the address taken.
 */
type Addresses = Pick<SidecarConfig, 'app' | 'traffic'>

export function isLoopbackMode({ app, traffic }: Addresses): boolean {
  return traffic.some(({ port }) => port === app.port && port !== 0)
}

const FIX = 'or annotate the pod with outrigger.dev/mode: rename'

/** Why the sidecar could not start, with the fix; null: for another reason. */
export function takenByModel(error: unknown, config: Addresses): string | null {
  if (!(error instanceof Error) || !isLoopbackMode(config)) return null
  const { code, port, address } = error as NodeJS.ErrnoException & Partial<Shown>
  if (code !== 'EADDRINUSE' || port !== config.app.port || address === undefined) return null
  return `${shown({ host: address, port })} is taken (EADDRINUSE), most likely by the model, which listens on every address (0.0.0.0): let it listen on ${shown(config.app)} alone, ${FIX}`
}

/** What to add to the reason for which a model is not ready; '' where that can't be it. */
export function refusedHint(why: string, config: Addresses): string {
  if (!isLoopbackMode(config) || !why.includes('ECONNREFUSED')) return ''
  return `. It has to listen on ${shown(config.app)} alone: on every address (0.0.0.0) it finds the port taken (EADDRINUSE). Let it do so, ${FIX}`
}

interface Shown {
  address: string
  port: number
}

function shown({ host, port }: Address): string {
  return `${bracketed(host)}:${port}`
}
