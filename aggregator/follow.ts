import type { IncomingMessage } from 'node:http'
import { LONGEST_SAMPLE, sample as sampleSchema } from '../core/model/sample.ts'
import { check, sentence } from '../core/model/schema.ts'
import { HEADERS, type Targets } from '../core/model/tables.ts'
import type { Clock } from '../core/runtime/clock.ts'
import { follow } from '../core/runtime/follow.ts'
import { once, type Log } from '../core/runtime/log.ts'
import { oddField } from './store/odd.ts'
import { Offsets } from './store/position.ts'
import type { Store } from './store/store.ts'

type Target = Targets['targets'][number]

export interface FollowDesk {
  store: Store
  clock: Clock
  log: Log
  /** 0 to 1, for spreading connections. */
  random: () => number
  /** ms without a line before a sender is taken for dead. */
  silenceMs?: number
}

interface Stream {
  open: boolean
  /** As the targets have it: one that is starting or leaving is not missed. */
  expected: boolean
  /** It sent a line, or its connection failed: waiting longer for a first answer brings nothing. */
  answered: boolean
  stop(): void
}

/** A connection each 2 ms on the whole, so that a restart does not meet all senders at once. */
const SPREAD_MS = 2
const MOST_SPREAD_MS = 1500

/** The followed streams: one for each target, for as long as it is one. */
export class Streams {
  private readonly byTarget = new Map<string, Stream>()
  private readonly desk: FollowDesk

  constructor(desk: FollowDesk) {
    this.desk = desk
  }

  set(targets: readonly Target[]): void {
    const wanted = new Map(targets.map(target => [keyOf(target), target]))
    for (const [key, stream] of this.byTarget) {
      const target = wanted.get(key)
      if (target !== undefined) {
        stream.expected = target.expected
        continue
      }
      stream.stop()
      this.byTarget.delete(key)
    }
    const fresh = [...wanted].filter(([key]) => !this.byTarget.has(key))
    const spread = fresh.length === 1 ? 0 : Math.min(MOST_SPREAD_MS, fresh.length * SPREAD_MS)
    for (const [key, target] of fresh) {
      this.byTarget.set(key, streamOf(target, this.desk, spread * this.desk.random()))
    }
  }

  counts(): { open: number; lost: number } {
    const all = [...this.byTarget.values()]
    const lost = all.filter(stream => !stream.open && stream.expected).length
    return { open: all.filter(stream => stream.open).length, lost }
  }

  allAnswered(): boolean {
    return [...this.byTarget.values()].every(stream => stream.answered)
  }

  stop(): void {
    this.set([])
  }
}

function keyOf({ kind, endpoint, replica, admin }: Target): string {
  return `${kind} ${endpoint ?? ''} ${replica} ${admin}`
}

function streamOf(target: Target, desk: FollowDesk, delayMs: number): Stream {
  const { store, clock } = desk
  const { say, again } = once((level, message, fields) =>
    desk.log(level, message, { replica: target.replica, admin: target.admin, ...fields }),
  )
  const offsets = new Offsets()
  let asked = clock.now()
  let resume: { boot: string; seq: number } | null = null
  /** ms of silence that the last sample announced. */
  let rest = 0
  let stopFollowing = (): void => {}

  function opened(response: IncomingMessage): void {
    const theirs = Number(response.headers[HEADERS.now] ?? NaN)
    offsets.opened(asked, clock.now(), Number.isSafeInteger(theirs) ? theirs : null)
    stream.open = true
  }
  function line(value: unknown): void {
    const checked = check(sampleSchema, value)
    if (!checked.ok) throw new Error(checked.issues.slice(0, 3).map(sentence).join('; '))
    const { value: sample } = checked
    const taken = store.take(target, sample, offsets.of(sample.boot), clock.now())
    if (taken === 'nonsense') {
      const odd = oddField(sample)
      const why = odd === null ? '' : `: its ${odd} can't be those of a second`
      throw new Error(`a sample of ${sample.kind} ${sample.endpoint} at ${sample.start}${why}`)
    }
    rest = (sample.rest ?? 0) * 1000
    resume = { boot: sample.boot, seq: sample.seq }
    stream.answered = true
    again(LOST)
  }
  const timer = setTimeout(() => {
    const { stop } = follow({
      url: () => {
        asked = clock.now()
        return `http://${target.admin}/v1/samples?follow=1&rest=1&since=${since(target.kind, resume)}`
      },
      line,
      opened,
      lost(why, nonsense) {
        if (nonsense) store.nonsense()
        store.lost(target)
        rest = 0
        stream.open = false
        stream.answered = true
        say('warn', LOST, { why })
      },
      longestLine: LONGEST_SAMPLE,
      restMs: () => rest,
      ...(desk.silenceMs === undefined ? {} : { silenceMs: desk.silenceMs }),
    })
    stopFollowing = stop
  }, delayMs)
  const stream: Stream = {
    open: false,
    expected: target.expected,
    answered: false,
    stop() {
      clearTimeout(timer)
      stopFollowing()
    },
  }
  return stream
}

const LOST = 'lost a sender of samples'

/**
 * BOOT:SEQ of the last sample taken. A life that the sender does not know means: all that you keep. An
 * edge sends a line an endpoint under one number, so its last number may not be complete.
 */
function since(kind: Target['kind'], last: { boot: string; seq: number } | null): string {
  if (last === null || (kind === 'edge' && last.seq === 0)) return 'none:0'
  return `${last.boot}:${kind === 'edge' ? last.seq - 1 : last.seq}`
}
