import type { Belief } from '../controller/learned/belief.ts'
import { plot } from './plot.ts'

/** What the learner believes, for people: its sentences, and throughput against concurrency. */
export function beliefLines(belief: Belief, width: number): string[] {
  const { endpoint, revision, at, limit, sentences, curve } = belief
  const { unit, tried, levels, now, law } = curve
  const head = `${new Date(at).toISOString()}  ${endpoint}  what is believed of the limit  (revision ${revision.slice(0, 8)})`
  const lines = [head, ...sentences.flatMap(each => wrapped(each, width))]
  if (tried.length + levels.length === 0) return lines
  const chart = plot({
    title: `One replica: ${unit} a second, against requests in flight`,
    width: width - 2,
    line: { x: limit, name: `limit ${limit}` },
    marks: [
      { sign: '.', means: 'the Universal Scalability Law', points: law?.line ?? [] },
      {
        sign: '+',
        means: 'by number in flight, last 5 min',
        points: levels.map(({ n, x }) => [n, x] as const),
      },
      {
        sign: 'x',
        means: 'a limit tried, but seldom reached',
        points: tried.filter(({ bound }) => bound < 0.5).map(({ n, x }) => [n, x] as const),
      },
      {
        sign: 'o',
        means: 'a limit tried and reached',
        points: tried.filter(({ bound }) => bound >= 0.5).map(({ n, x }) => [n, x] as const),
      },
      { sign: '@', means: 'the last 20 s', points: now === null ? [] : [[now.n, now.x] as const] },
    ],
  })
  return [...lines, '', ...chart.map(line => `  ${line}`)]
}

/** Two columns in; what is longer than the terminal goes on in the next line. */
function wrapped(sentence: string, width: number): string[] {
  const lines: string[] = []
  let line = ' '
  for (const word of sentence.split(/ (?!%)/)) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = '   '
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
