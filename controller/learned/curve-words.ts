import type { Curve, Law } from './curve.ts'
import { percent, plain } from './numbers.ts'

/** What is to be said beside the curve. Pure. */

/** Further off than this in the median: the law is no guide. */
const NO_LAW = 0.2

export function curveWords(curve: Curve, limit: number): string[] {
  const batches = curve.batches
    ? [
        'It answers in batches: by number in flight a finished batch would be credited to the few that are left, so only what limits gave is shown.',
      ]
    : []
  return [...batches, curve.law === null ? noLaw(curve) : lawWords(curve.law, curve.unit, limit)]
}

function noLaw({ noLaw: why, tried, levels }: Curve): string {
  const ns = [...tried, ...levels].map(({ n }) => n)
  if (ns.length === 0) return 'No throughput was measured yet, so no law is fitted to it.'
  const range = `${plain(Math.min(...ns))} to ${plain(Math.max(...ns))}`
  return why === 'unsure'
    ? `No scalability law is fitted: too many would fit what was measured with ${range} in flight.`
    : `No scalability law is fitted: not enough spread, the requests in flight hardly varied (${range}).`
}

function lawWords(law: Law, unit: Curve['unit'], limit: number): string {
  const { lambda, sigma, kappa, errors, peak, misfit, from, least, most } = law
  const what =
    from === 'tried'
      ? 'what the limits tried gave'
      : 'throughput by number in flight (right but for models that answer in batches)'
  const near = `${plain(least)} to ${plain(most)} in flight`
  if (misfit > NO_LAW) {
    return `The Universal Scalability Law misses ${what} by ${percent(misfit)} in the median (${near}): it is no guide here.`
  }
  const fitted =
    `The Universal Scalability Law fitted to ${what}, ${near}, misses it by ${percent(misfit)} in the median: ` +
    `lambda ${plain(lambda)} ${unit} a second for one alone (${error(errors.lambda)}), ` +
    `sigma ${plain(sigma)}, the share that goes one after another (${error(errors.sigma)}), ` +
    `kappa ${plain(kappa)}, what each pair in flight costs (${error(errors.kappa)}).`
  return `${fitted} ${peakWords(peak, most, limit)}`
}

/** A parameter that stands at 0 or 1 has none of its own. */
function error(value: number): string {
  return value === 0 ? 'at its bound' : `standard error ${plain(value)}`
}

function peakWords(peak: number | null, most: number, limit: number): string {
  if (peak === null) return 'By it throughput has no top.'
  if (peak > 2 * most) return 'By it throughput has its top far beyond what was measured.'
  const where = `By it throughput is highest at ${plain(peak)} in flight`
  return peak > limit ? `${where}; the limit may stay below for the sake of latency.` : `${where}.`
}
