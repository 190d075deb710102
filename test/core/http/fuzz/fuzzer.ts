import { Random } from '../../../../simulate/random.ts'
import { llhttp, UPGRADED } from './llhttp.ts'
import { ourAnswer, ourRequests, type Message, type Reading } from './ours.ts'
import { referenceAnswer, referenceRequests } from './reference.ts'
import { answerSeeds, fragments, requestSeeds } from './seeds.ts'

/** Streams made of others by cutting and mixing; what is new in how it is read is mixed further. */
export type Kind = 'request' | 'answer'

export interface Case {
  kind: Kind
  /** An answer to HEAD. */
  toHead: boolean
  stream: string
}

export interface Run {
  cases: number
  /** Messages that ours took whole, and that the others therefore had to read alike. */
  taken: number
  /** Of those, by how they were framed. */
  framings: Record<string, number>
  differences: string[]
  /** One case for each way of being read that was met. */
  corpus: Map<string, Case>
}

const MOST_BYTES = 2000
const MOST_DIFFERENCES = 5

export const seeds: readonly Case[] = [
  ...requestSeeds.map(stream => ({ kind: 'request' as const, toHead: false, stream })),
  ...answerSeeds.map(stream => ({ kind: 'answer' as const, toHead: false, stream })),
]

export function fuzz(cases: number, seed: number, start: readonly Case[] = []): Run {
  const random = new Random(seed)
  const run: Run = { cases, taken: 0, framings: {}, differences: [], corpus: new Map() }
  const pool: Case[] = [...seeds, ...start]
  for (let i = 0; i < cases && run.differences.length < MOST_DIFFERENCES; i++) {
    const one = i < pool.length ? pool[i] : mutant(pool, random)
    if (one === undefined) continue
    const read = look(one, random, run)
    const way = wayOf(one, read)
    if (run.corpus.has(way)) continue
    run.corpus.set(way, one)
    pool.push(one)
  }
  return run
}

/** Reads one case in every way, and notes what differs. */
function look(one: Case, random: Random, run: Run): Reading {
  const cuts = cutsOf(one.stream, random)
  const read = ours(one, [])
  for (const problem of [
    ...apart(read, ours(one, cuts)),
    ...compare('the reference', read, reference(one)),
    ...compare('llhttp', read, llhttp(one.stream, one.kind, one.toHead, cuts)),
  ]) {
    run.differences.push(`${problem}: ${JSON.stringify(one)} cut at ${cuts.join()}`)
  }
  for (const { whole, framing } of read.messages) {
    if (!whole) continue
    run.taken++
    const [kind = ''] = framing.split(' ')
    run.framings[kind] = (run.framings[kind] ?? 0) + 1
  }
  return read
}

function ours({ kind, stream, toHead }: Case, cuts: readonly number[]): Reading {
  return kind === 'request' ? ourRequests(stream, cuts) : ourAnswer(stream, toHead, cuts)
}

function reference({ kind, stream, toHead }: Case): Reading {
  return kind === 'request' ? referenceRequests(stream) : referenceAnswer(stream, toHead)
}

/** How others read it otherwise than ours: in no way where ours refused. */
export function differences(one: Case): string[] {
  const read = ours(one, [])
  return [
    ...compare('the reference', read, reference(one)),
    ...compare('llhttp', read, llhttp(one.stream, one.kind, one.toHead, [])),
  ]
}

function apart(whole: Reading, cut: Reading): string[] {
  return shown(whole) === shown(cut) ? [] : ['cut, it is read otherwise']
}

/** How much of a body came before what was wrong with it depends on the cuts. */
function shown({ messages, end }: Reading): string {
  const open = end === 'more' || end === 'close'
  return JSON.stringify([
    end,
    messages.map(one => (one.whole || open ? one : { ...one, body: '' })),
  ])
}

export function compare(who: string, our: Reading, their: Reading): string[] {
  if (their.end === UPGRADED && our.messages.length >= their.messages.length) {
    // Ours goes on where llhttp stopped: what came before is compared.
    const before = ({ messages }: Reading): Reading => ({
      messages: messages.slice(0, their.messages.length - 1),
      end: 'more',
    })
    return compare(who, before(our), before(their))
  }
  const open = our.end === 'more' || our.end === 'close'
  // Behind a final answer llhttp goes on; we never do.
  const last = our.messages.at(-1)?.what ?? ''
  const final = our.end === 'close' && /^[2-9]/.test(last)
  if (open && !final && our.messages.length !== their.messages.length) {
    return [`${who} reads ${their.messages.length} messages, ours ${our.messages.length}`]
  }
  return our.messages.flatMap((message, i) => {
    // Refused in its body: whoever stands behind us never sees its end.
    if (!message.whole && !open) return []
    const problem = otherwise(message, their.messages[i])
    return problem === null ? [] : [`${who} has another ${problem} of message ${i}`]
  })
}

function otherwise(our: Message, their: Message | undefined): string | null {
  if (their === undefined) return 'end'
  if (our.what !== their.what) return 'start line'
  if (our.headers.join('\n') !== their.headers.join('\n')) return 'head'
  if (their.framing !== '' && our.framing !== their.framing) return 'framing'
  if (our.body !== their.body || our.whole !== their.whole) return 'body'
  return their.kept !== null && plain(our.kept ?? '') !== their.kept ? 'choice of headers' : null
}

/** Header lines without what is blank around their values. */
function plain(kept: string): string {
  return kept.replaceAll(/:[ \t]*([^\r\n]*?)[ \t]*\r\n/g, ':$1\n')
}

/** Cases read the same way teach nothing new. */
function wayOf({ kind }: Case, { messages, end }: Reading): string {
  const shapes = messages.map(
    ({ framing, whole }) =>
      `${framing.replace(/\d+/, n => (n === '0' ? '0' : 'n'))}${whole ? '' : '...'}`,
  )
  return `${kind}: ${shapes.slice(0, 2).join(', ')} ${end}`
}

/** One of them, changed in a few places. */
export function mutant(pool: readonly Case[], random: Random): Case {
  const of = pool[random.below(pool.length)]
  const other = pool[random.below(pool.length)]
  let stream = of?.stream ?? ''
  for (let n = random.below(4); n >= 0; n--) {
    stream = mutated(stream, other?.stream ?? '', random).slice(0, MOST_BYTES)
  }
  const kind = of?.kind ?? 'request'
  return { kind, toHead: kind === 'answer' && random.below(8) === 0, stream }
}

function mutated(stream: string, other: string, random: Random): string {
  const at = random.below(stream.length + 1)
  const to = Math.min(stream.length, at + random.below(1 + random.below(12)))
  const put = (text: string, until = at): string => stream.slice(0, at) + text + stream.slice(until)
  const lineFrom = stream.lastIndexOf('\n', at) + 1
  switch (random.below(9)) {
    case 0:
      return put('', to)
    case 1:
      return put(String.fromCharCode(random.below(256)), at + 1)
    case 2:
      return put(fragments[random.below(fragments.length)] ?? '')
    case 3:
      return put(fragments[random.below(fragments.length)] ?? '', to)
    case 4:
      return (
        stream.slice(0, lineFrom) +
        (fragments[random.below(fragments.length)] ?? '') +
        stream.slice(lineFrom)
      )
    case 5:
      return put(stream.slice(at, to), at)
    case 6:
      return stream.slice(0, at) + other.slice(random.below(other.length + 1))
    case 7:
      return stream + other
    default:
      return put(swapCase(stream.slice(at, to)), to)
  }
}

function swapCase(text: string): string {
  return text.replaceAll(/[a-z]/gi, letter =>
    letter < 'a' ? letter.toLowerCase() : letter.toUpperCase(),
  )
}

function cutsOf(stream: string, random: Random): number[] {
  const many = random.below(3) === 0 ? stream.length : random.below(4)
  return Array.from({ length: many }, () => random.below(stream.length + 1)).toSorted(
    (a, b) => a - b,
  )
}

/** Shorter, as long as it is read the same way. */
export function minimised(one: Case): Case {
  const way = wayOf(one, ours(one, []))
  return shortened(one, stream => wayOf(one, ours({ ...one, stream }, [])) === way)
}

/** As many of its bytes as can go are gone, so that it is still good. */
export function shortened(one: Case, good: (stream: string) => boolean): Case {
  let { stream } = one
  for (let size = Math.ceil(stream.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < stream.length;) {
      const shorter = stream.slice(0, at) + stream.slice(at + size)
      if (good(shorter)) stream = shorter
      else at += size
    }
  }
  return { ...one, stream }
}
