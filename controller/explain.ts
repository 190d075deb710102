import type { Bodies, DecisionBody, LogRecord, Override, Summary } from '../core/model/decision.ts'
import { natural, reasons, wordsOf } from '../core/model/reasons.ts'
import { listed, proposalWords } from './proposals.ts'

/** A decision in sentences: what people read in the page and in `outrigger explain`. Pure. */
export interface Explanation {
  id: string
  seq: number
  /** UTC, ISO 8601. */
  time: string
  endpoint: string
  what: 'replicas' | 'limit'
  headline: string
  inputs: string[]
  proposals: string[]
  bounds: string[]
  outcome: string
  reasons: { code: string; sentence: string; help: string }[]
}

export function explain({
  id,
  seq,
  body,
}: Pick<LogRecord<'decision'>, 'id' | 'seq' | 'body'>): Explanation {
  return {
    id,
    seq,
    time: new Date(body.now).toISOString(),
    endpoint: body.endpoint,
    what: body.what,
    headline: headline(body),
    inputs: inputsOf(body),
    proposals: body.proposals.map(each => proposalWords(body.what, each)),
    bounds: boundsOf(body),
    outcome: outcomeOf(body),
    reasons: body.reasons.map(({ code, numbers }) => ({
      code,
      sentence: wordsOf(code, numbers),
      help: Object.hasOwn(reasons, code) ? reasons[code as keyof typeof reasons].help : '',
    })),
  }
}

/** What was asked for a decision, and what came back. */
export function actuationWords({
  asked,
  answered,
  error,
  tookMs,
}: Omit<Bodies['actuation'], 'decision' | 'endpoint'>): string {
  const took = natural('Ms', tookMs)
  return error === null
    ? `${asked}: ${answered}, in ${took}.`
    : `${asked}: failed after ${took}: ${error}.`
}

/** "replicas: up from 3 to 5." */
export function headline({ what, outcome }: DecisionBody): string {
  const { action, from, to } = outcome
  if (action === 'hold') return `${what}: hold at ${to}.`
  if (action === 'probe')
    return `${what}: compare ${to} with ${outcome.order?.probe?.other ?? outcome.order?.limit ?? to}.`
  return `${what}: ${action} from ${from} to ${to}.`
}

/** What people did outweighs what was measured. */
const FIRST = ['override', 'advise', 'frozen']

/** The reason that says most, in words: one sentence for a list. */
export function sentenceOf(body: DecisionBody): string {
  const said = body.reasons.find(({ code }) => FIRST.includes(code)) ?? body.reasons[0]
  return said === undefined ? headline(body) : wordsOf(said.code, said.numbers)
}

function inputsOf({ inputs }: DecisionBody): string[] {
  const { replicas: r, windows } = inputs
  const others = [
    [r.starting, 'starting'],
    [r.notReady, 'not ready'],
    [r.draining, 'draining'],
    [r.failed, 'failed'],
  ].filter(([count]) => count !== 0)
  const rest =
    others.length === 0 ? '' : `, ${others.map(([count, word]) => `${count} ${word}`).join(', ')}`
  const lines = [`${r.ready} of ${r.desired} replicas ready${rest}.`]
  if (windows === null) lines.push('No window came from the aggregator yet.')
  for (const span of ['3', '20', '300']) {
    const window = windows?.[span]
    if (window !== undefined) lines.push(windowOf(window))
  }
  if (inputs.windowAgeMs !== null && inputs.windowAgeMs > 3000) {
    lines.push(`The newest window is ${natural('ageMs', inputs.windowAgeMs)} old.`)
  }
  if (inputs.missing.length > 0) lines.push(`Silent: ${inputs.missing.join(', ')}.`)
  if (inputs.folds.length > 0) {
    const seconds = inputs.folds.reduce((sum, fold) => sum + fold.seconds, 0)
    const done = inputs.folds.reduce((sum, fold) => sum + fold.service.count, 0)
    lines.push(`Evidence for the limit: ${done} answers in ${seconds} replica-seconds.`)
  }
  if (inputs.activate) lines.push('An edge holds requests and asked for a replica.')
  return [...lines, ...inputs.overrides.map(overrideWords)]
}

/** An HPA or a ScaledObject that scales the same Deployment is an override, too: it sets nothing. */
export function overrideWords({ what, value, who, until }: Override): string {
  if (what === 'freeze' && /^(HorizontalPodAutoscaler|ScaledObject) \S+$/.test(who ?? ''))
    return `${who} scales it already, so no replicas are set here.`
  const end = until === null ? '' : ` until ${new Date(until).toISOString()}`
  return `${who ?? 'Someone'} set ${what} to ${value}${end}.`
}

function windowOf(w: Summary): string {
  const rate = Math.round((w.offered * 10) / Math.max(1, w.seconds)) / 10
  const held = w.heldMilli === 0 ? '' : `, ${natural('Milli', w.heldMilli)} held`
  const p95 = w.serviceP95 === null ? '' : `; 95 % served within ${natural('Us', w.serviceP95)}`
  const bad = [
    [w.server, 'server errors'],
    [w.rejected, 'rejected'],
    [w.late, 'late'],
  ].filter(([count]) => count !== 0)
  const worse = bad.map(([count, word]) => `, ${count} ${word}`).join('')
  const seen =
    w.coverage === 1000 ? '' : ` (${natural('Permille', w.coverage)} of the replica-seconds seen)`
  return (
    `Last ${w.seconds} s: ${w.offered} arrived (${rate} /s), ${w.ok} answered well${worse}; ` +
    `${natural('Milli', w.inFlightMilli)} in flight, ${natural('Milli', w.queuedMilli)} queued${held}${p95}${seen}.`
  )
}

/** Those that changed something, one a line; the others by name. */
function boundsOf({ bounds }: DecisionBody): string[] {
  const changed = bounds
    .filter(({ from, to }) => from !== to)
    .map(({ bound, from, to, numbers }) => `${bound} made ${from} into ${to}${listed(numbers)}.`)
  const others = bounds.filter(({ from, to }) => from === to).map(({ bound }) => bound)
  return others.length === 0
    ? changed
    : [...changed, `Nothing to change for: ${others.join(', ')}.`]
}

function outcomeOf({ what, outcome }: DecisionBody): string {
  const { action, from, to, order, victims, act } = outcome
  if (!act)
    return action === 'hold'
      ? `Hold: ${what} ${what === 'limit' ? 'stays' : 'stay'} at ${to}; nothing was asked.`
      : `Nothing was asked: ${action} from ${from} to ${to} is advice only.`
  if (what === 'replicas') {
    const leaving = victims.length === 0 ? '' : ` Leaving: ${victims.slice(0, 10).join(', ')}.`
    return `Asked the platform for ${to} replicas instead of ${from}.${leaving}`
  }
  const probe = order?.probe ?? null
  const arms =
    probe === null ? '' : `, alternating with ${probe.other} in slots of ${probe.slotSeconds} s`
  return `Order ${order?.n ?? 0} to every replica: limit ${order?.limit ?? to}${arms}.`
}
