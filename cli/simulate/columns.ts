import type { Figures, Ratio } from './rows.ts'
import { FEW } from './rows.ts'
import { duration, number, percent } from './words.ts'

/** The columns of the table, in the terminal and in the report. */
export interface Column {
  of: keyof Figures
  head: string
  /** For a newcomer. */
  means: string
  say: (value: number) => string
}

const quantiles = (what: 'wait' | 'response', head: string, means: string): Column[] =>
  ([50, 95, 99] as const).map(share => ({
    of: `${what}${share}`,
    head: `${head} p${share}`,
    means: `${share} % of the answered requests ${means} within this.`,
    say: duration,
  }))

export const columns: readonly Column[] = [
  { of: 'requests', head: 'Requests', means: 'That clients sent for the first time.', say: number },
  {
    of: 'bad',
    head: 'Bad %',
    means: 'Waited more than 100 ms for a slot, were turned away for good, or failed.',
    say: percent,
  },
  { of: 'lost', head: 'Lost %', means: 'Were turned away for good, or failed.', say: percent },
  { of: 'rejections', head: '429s', means: 'Answers 429, those to retries included.', say: number },
  { of: 'replicas', head: 'Replicas', means: 'On average over the run.', say: number },
  {
    of: 'replicaSeconds',
    head: 'Replica-s',
    means: "What was paid for: the sum of all replicas' lives, s.",
    say: number,
  },
  ...quantiles('wait', 'Wait', 'reached the model'),
  ...quantiles('response', 'Resp', 'were answered'),
  {
    of: 'goodput',
    head: 'Good/s',
    means: 'Answers a second within the objective, counted from when the model got the request.',
    say: number,
  },
  {
    of: 'turns',
    head: 'Turns',
    means: 'How often the number of replicas turned round.',
    say: number,
  },
]

export const RATIO = {
  head: 'Bad / ours',
  means: "The rival's bad requests for each of ours. At most 100, said as 100+.",
}
export const NEAR_ZERO = `* The rival has hardly any bad requests itself (fewer than ${FEW.requests}, or below ${percent(FEW.share)} %): the ratio says little.`

const MOST = 100

/** 4.2, 100+, and with a star where the rival is near zero. */
export function ratioIn(ratio: Ratio | null): string {
  if (ratio === null) return '-'
  const words = ratio.value > MOST ? `${MOST}+` : number(ratio.value)
  return ratio.nearZero ? `${words}*` : words
}
