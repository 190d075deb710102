import { Slots } from './slots.ts'

/** Revisions' default `timeoutSeconds` (Knative, pkg/apis/config/defaults.go), us. */
export const REQUEST_TIMEOUT_US = 300_000_000

/**
 * Knative's queue-proxy: `containerConcurrency` in flight, ten times as many waiting, 503 beyond; 0 for
 * no limit. Who waits longer than the request's time-out gets 503 too. The real line is not quite in order
 * (a newcomer may take a slot before the one that is woken for it): first in, first out is kinder to it.
 *
 * Source: Knative Serving at 98e5ef9 (August 2026), pkg/queue/sharedmain/main.go (buildBreaker),
 * pkg/queue/{breaker,handler}.go.
 */
export function queueProxy(containerConcurrency: number): Slots {
  if (containerConcurrency === 0) return new Slots(Infinity, 0, Infinity)
  return new Slots(containerConcurrency, 10 * containerConcurrency, REQUEST_TIMEOUT_US)
}
