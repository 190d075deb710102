import { exp } from '../core/model/math.ts'
import type { DecisionBody, Proposal } from '../core/model/decision.ts'
import { filled, natural, reasons, wordsOf } from '../core/model/reasons.ts'

/**
 * Why a rule wants the limit that it wants. A verdict's reasons say what became of the limit; a proposal may not have
 * been taken. A slope is in percent of good answers for each percent of limit.
 */
const LIMIT: Record<string, string> = {
  hold: 'The limit stays.',
  failing:
    '{server} errors beside {ok} good answers: back to where the model lived, or to half of a first limit.',
  guard: 'The fast guard held the limit down for {seconds} s.',
  warming: 'Answers are late as with a cold cache, and fewer at once are no faster.',
  double: 'Latency has room: {earlyPermille} of the answers came within 0.4 of the objective.',
  model:
    'Throughput changes by {elasticityMilli} % with each percent of limit, and {latePermille} of the answers were late: that is the best of both.',
  overshoot: 'The last raise lost: back to what it was raised from.',
  regret: 'The last step lost {lossPermille} of the good answers.',
  slope:
    'Each percent of limit is worth {slopeMilli} % of good answers, give or take {errorMilli}: {observedMilli} in this comparison, {modelMilli} by the service times.',
  late: '{latePermille} of the answers were late, and a higher limit is not clearly better.',
}

/** "demand wants 3: A demand of ...", or with the bare numbers where there is no sentence for them. */
export function proposalWords(
  what: DecisionBody['what'],
  { rule, wants, numbers }: Proposal,
): string {
  const words = what === 'limit' ? ofLimit(rule, numbers) : ofReplicas(rule, wants, numbers)
  return words === null || words.includes('{')
    ? `${rule} wants ${wants}${listed(numbers)}.`
    : `${rule} wants ${wants}: ${words}`
}

function ofLimit(rule: string, numbers: Proposal['numbers']): string | null {
  const sentence = Object.hasOwn(LIMIT, rule) ? LIMIT[rule] : undefined
  if (sentence === undefined) return null
  const { lossMilli: loss } = numbers
  const lossPermille =
    loss === undefined ? {} : { lossPermille: Math.round(1000 * (1 - exp(-loss / 1000))) }
  return filled(sentence, { ...numbers, ...lossPermille })
}

function ofReplicas(rule: string, replicas: number, numbers: Proposal['numbers']): string | null {
  return Object.hasOwn(reasons, rule) ? wordsOf(rule, { replicas, ...numbers }) : null
}

/** " (demand 4.2, wait 12 ms)", or nothing. */
export function listed(numbers: Readonly<Record<string, number>>): string {
  const shown = Object.entries(numbers).map(([name, value]) => {
    const plain = name.replace(/(Us|Ms|Permille|Milli)$/, '')
    return `${plain} ${natural(name, value)}`
  })
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`
}
