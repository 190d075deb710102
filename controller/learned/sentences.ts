import { natural, wordsOf } from '../../core/model/reasons.ts'
import type { Belief, Known } from './belief.ts'
import { curveWords } from './curve-words.ts'
import { percent, plain } from './numbers.ts'

type Believed = Omit<Belief, 'sentences'>

/** Standard errors from zero that a slope has to be before it is said to be one. */
const CLEAR = 2

/** What is believed, how sure that is, what is tried next and why, and what holds it. Pure. */
export function sentencesOf(belief: Believed, known: Known): string[] {
  return [
    found(belief, known),
    objective(belief),
    ...sure(belief, known),
    ...next(belief, known),
    ...held(belief, known),
    ...curveWords(belief.curve, belief.limit),
  ]
}

function found({ phase, limit }: Believed, { settings, state }: Known): string {
  const requests = `${limit} ${limit === 1 ? 'request' : 'requests'}`
  if (settings['fixed-limit'] !== null) return `The limit is fixed at ${requests} a replica.`
  if (state.order === null) return `One replica may hold ${requests}: nothing is known yet.`
  return phase === 'cold'
    ? `One replica may hold ${requests}. That is still being found: the limit grows from a low one while latency has room and throughput rises.`
    : `One replica may hold ${requests}. That was found; small comparisons with its neighbours go on.`
}

function objective({ objective: how, objectiveUs }: Believed): string {
  const within = natural('Us', objectiveUs ?? 0)
  if (how === 'given') return `Answers are wanted within ${within}: setting latency-objective.`
  return how === 'derived'
    ? `No objective was given: ${within}, four times the 95th percentile at low load, stands guard.`
    : 'No objective was given, and none is derived yet from the first answers.'
}

/** How sure it is. */
function sure({ phase, slope, elasticity }: Believed, { notes, state }: Known): string[] {
  if (notes.judged === null) return ['No evidence has been judged yet.']
  if (phase === 'cold') {
    const { mean, error } = elasticity
    return [
      `So far throughput grows by ${percent(mean / 100)} with each percent of limit (standard error ${percent(error / 100)}): ` +
        `${mean > 0.15 ? 'more still brings more' : 'more brings hardly more'}.`,
    ]
  }
  if (slope === null) return [judgedWords(notes.judged)]
  const tenth = 0.0953 // ln 1.1
  const seen = state.observations.length
  return [
    `Judged at ${clock(slope.at)}: ten percent above ${slope.limit} would be worth ${signed(slope.slope * tenth)}, ` +
      `give or take ${percent(slope.error * tenth)} (slope ${plain(slope.slope)}, standard error ${plain(slope.error)}, ` +
      `from ${seen} ${seen === 1 ? 'comparison' : 'comparisons'}): ${verdict(slope)}. ${became(notes.judged)}`,
  ]
}

function verdict({ slope, error }: NonNullable<Belief['slope']>): string {
  if (Math.abs(slope) <= CLEAR * error) return 'no clear difference'
  return slope > 0 ? 'more is better' : 'fewer are better'
}

/** A step is smaller where the slope is unsure, and within bounds. */
function became({ limit, to }: NonNullable<Known['notes']['judged']>): string {
  return limit === to ? 'So the limit stayed.' : `So the limit went to ${to}.`
}

function judgedWords({ reasons }: NonNullable<Known['notes']['judged']>): string {
  const [first] = reasons
  return first === undefined ? 'Nothing changed.' : wordsOf(first.code, first.numbers)
}

/** What is tried next. */
function next(belief: Believed, { state, settings, now }: Known): string[] {
  const { other, limit, judgedAt, phase } = belief
  if (settings['fixed-limit'] !== null || state.order === null) return []
  if (phase === 'cold') {
    return [`Next: judged as soon as enough answers have come under ${state.order.limit}.`]
  }
  const when = judgedAt !== null && judgedAt > now ? `at ${clock(judgedAt)}` : 'soon'
  const { probe } = state.order
  if (probe !== null) {
    return [
      `Next: ${limit} and ${probe.other} take turns of ${probe.slotSeconds} s, the first ${probe.settleSeconds} s of each left out; ` +
        `they are compared ${when} at the earliest. ${why(state.run, probe.other > limit)}`,
    ]
  }
  if (other !== null) {
    return [
      `Next: ${other} is tried on all replicas (requests are long), and compared ${when}. ${why(state.run, other > limit)}`,
    ]
  }
  const rests =
    state.skip > 0 ? 'The last comparison showed no difference, so it rests' : 'It rests'
  return [`Next: nothing is compared now. ${rests}; a neighbour is tried ${when} at the earliest.`]
}

/** As the learner chooses its side: on with a run, else in turn. */
function why(run: number, above: boolean): string {
  if (run > 0 && above) return 'Why above: more was better the last time.'
  if (run < 0 && !above) return 'Why below: fewer were better the last time.'
  const side = above ? 'above' : 'below'
  return `Why ${side}: neighbours are tried in turn, where there is room for them.`
}

function held({ holds }: Believed, { notes, state, now }: Known): string[] {
  const said = notes.reasons
    .filter(({ code }) => holds.includes(code))
    .map(({ code, numbers }) => `What holds it: ${lower(wordsOf(code, numbers))}`)
  const { bad } = state
  if (bad === null || bad.until <= now) return said
  const until = clock(bad.until)
  return [...said, `At ${bad.limit} too many answers were late: not tried again before ${until}.`]
}

function lower(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1)
}

/** UTC. */
function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`
}

function signed(share: number): string {
  return `${share > 0 ? '+' : ''}${percent(share)}`
}
