import { decide, due, fresh, type State } from '../../controller/decide/decide.ts'
import { summarise } from '../../controller/decide/summarise.ts'
import type { PlatformEndpoint } from '../../core/model/tables.ts'
import type { EndpointWindows } from '../../core/model/windows.ts'
import { measured, windowsOf, type Measured } from './measured.ts'
import { Plant } from './plant.ts'
import { ms, type Scenario } from './scenario.ts'

/** What a scenario came to. */
export interface Played {
  /** Replicas asked for, by second. */
  desired: number[]
  reasons: Set<string>
  /** Times in s and sizes of what was done. */
  moves: { at: number; change: number }[]
  offered: number
  bad: number
  lost: number
  replicaSeconds: number
}

type Replica = PlatformEndpoint['replicas'][number]
const SUBJECT = { endpoint: 'local/plant', revision: 'r1' }
const START = 1_800_000_000_000

/** Plays a scenario in virtual time with the real decider, which decides when it is due. */
export function play(scenario: Scenario): Played {
  const { plant, read } = scenario
  const model = new Plant(scenario)
  const box = new Box(plant.replicas, ms(plant.startUp))
  const seconds: Measured[] = []
  const out = emptyPlay()
  let state: State = fresh(read, 'r1')
  let decided: number | null = null
  let seen: { windows: EndpointWindows; at: number } | null = null
  for (let second = 0; second < ms(scenario.run) / 1000; second++) {
    const now = START + (second + 1) * 1000
    const ready = box.ready(now)
    const happened = model.second(second, ready.length)
    const heard = within(plant.silent, second) ? 1 - (plant.silent?.share ?? 0) : 1
    seconds.push(measured(happened, ready.length, heard, plant.edge !== false))
    if (seconds.length > 300) seconds.shift()
    tally(out, happened, box.replicas.length)
    const wanted = due(state, read, now, decided)
    if (!wanted.limit && !wanted.replicas) {
      out.desired.push(box.desired)
      continue
    }
    if (!within(plant.aggregatorGone, second)) {
      seen = { windows: windowsOf(seconds, now, ready), at: now }
    }
    const inputs = summarise({
      windows: seen?.windows ?? null,
      windowAgeMs: seen === null ? null : now - seen.at,
      platform: box.seen(),
      platformVersion: second,
      now,
      since: decided,
      folds: [],
      overrides: [],
      activate: model.waiting > 0 && ready.length === 0 && plant.edge !== false,
    })
    if (wanted.limit) state = decide('limit', SUBJECT, inputs, state, read, now).state
    if (wanted.replicas) {
      const { verdict, state: after } = decide('replicas', SUBJECT, inputs, state, read, now)
      state = after
      decided = now
      for (const { code } of verdict.reasons) out.reasons.add(code)
      if (verdict.outcome.act) {
        out.moves.push({ at: second, change: verdict.outcome.to - verdict.outcome.from })
        box.scale(verdict.outcome.to, verdict.outcome.victims, now)
      }
    }
    out.desired.push(box.desired)
  }
  return out
}

function within(span: { from: string; until: string } | undefined, second: number): boolean {
  return span !== undefined && second * 1000 >= ms(span.from) && second * 1000 < ms(span.until)
}

function tally(out: Played, s: ReturnType<Plant['second']>, replicas: number): void {
  out.offered += s.offered
  out.bad += s.late + s.rejected + s.failed
  out.lost += s.rejected + s.failed
  out.replicaSeconds += replicas
}

function emptyPlay(): Played {
  const reasons = new Set<string>()
  return { desired: [], reasons, moves: [], offered: 0, bad: 0, lost: 0, replicaSeconds: 0 }
}

/** How often the direction of the moves changed, the first one included. */
export function directionChanges({ moves }: Played): number {
  return moves.filter((move, i) => Math.sign(move.change) !== Math.sign(moves[i - 1]?.change ?? 0))
    .length
}

/** A platform that starts and stops replicas. */
class Box {
  replicas: Replica[] = []
  desired = 0
  private readonly startUpMs: number
  private made = 0

  constructor(count: number, startUpMs: number) {
    this.startUpMs = startUpMs
    this.scale(count, [], START - 600_000)
    this.ready(START)
  }

  /** Names of the ready ones, after those whose time has come. */
  ready(now: number): string[] {
    for (const replica of this.replicas) {
      if (replica.ready !== null || now - replica.started < this.startUpMs) continue
      replica.ready = replica.started + this.startUpMs
      replica.state = 'ready'
    }
    return this.replicas.filter(r => r.state === 'ready').map(r => r.replica)
  }

  scale(to: number, victims: string[], now: number): void {
    this.desired = to
    const kept = this.replicas.filter(r => !victims.includes(r.replica))
    this.replicas = kept.slice(0, to)
    while (this.replicas.length < to) this.replicas.push(started(`r${++this.made}`, now))
  }

  seen(): PlatformEndpoint {
    const { desired, replicas } = this
    return { endpoint: 'local/plant', revision: 'r1', port: 1, desired, replicas }
  }
}

function started(replica: string, now: number): Replica {
  return {
    replica,
    revision: 'r1',
    state: 'starting',
    address: '127.0.0.1:1',
    admin: '127.0.0.1:2',
    started: now,
    ready: null,
    restarts: 0,
    why: null,
  }
}
