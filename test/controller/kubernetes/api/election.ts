import { ApiError, type Kube, type Query } from '../../../../controller/kubernetes/api/client.ts'
import { Lease } from '../../../../controller/kubernetes/api/lease.ts'
import type { Time } from '../../../../controller/kubernetes/api/time.ts'
import { FakeApiStore, StatusError } from '../../../support/fake-api-store.ts'
import { random } from '../../../support/prng.ts'

/** What a request meets on its way. */
export interface Weather {
  /** Of 1: lost on the way there, lost on the way back, late by up to a minute. */
  dropped: number
  unanswered: number
  late: number
  /** No request arrives while it is so. */
  cutOff(candidate: Candidate): boolean
}

interface Happening {
  at: number
  run: () => void
  /** What happens to a process waits while it is frozen. */
  of: Candidate | null
}

export class Candidate {
  readonly lease: Lease
  readonly identity: string
  /** True ms until which it is frozen. */
  frozenUntil = 0
  dead = false
  elected = false
  lost: string | null = null
  private readonly world: World
  private readonly rate: number
  private readonly offset: number

  constructor(world: World, identity: string, rate: number) {
    this.world = world
    this.identity = identity
    this.rate = rate
    this.offset = world.uniform() * 1e6
    this.lease = new Lease({
      kube: world.kube(this),
      namespace: 'system',
      name: 'leader',
      identity,
      on: {
        elected: () => (this.elected = true),
        lost: why => (this.lost = why),
      },
      log: () => undefined,
      time: this.time,
      // Clocks of the wall are wrong and jump.
      utc: () => world.uniform() * 2e12,
    })
  }

  /** Its own monotonic clock. */
  now(): number {
    return this.offset + this.rate * this.world.now
  }

  /** Whether it would act now. A frozen one is asked as well: it may be thawed at any moment. */
  believes(): boolean {
    return !this.dead && this.lease.held(this.now())
  }

  private get time(): Time {
    return {
      now: () => this.now(),
      after: (ms, run) => this.world.after(ms / this.rate, run, this),
      random: this.world.uniform,
    }
  }
}

/** Candidates in virtual time, each with a clock of its own, and an API server behind bad weather. */
export class World {
  now = 0
  readonly store = new FakeApiStore()
  readonly uniform: () => number
  weather: Weather = { dropped: 0, unanswered: 0, late: 0, cutOff: () => false }
  candidates: Candidate[] = []
  private happenings: Happening[] = []
  private made = 0

  constructor(seed: number) {
    this.uniform = random(seed).uniform
  }

  add(rate = 1): Candidate {
    const candidate = new Candidate(this, `c${++this.made}`, rate)
    this.candidates.push(candidate)
    candidate.lease.start()
    return candidate
  }

  /** Gone from one moment to the next, as by kill -9. */
  kill(candidate: Candidate): void {
    candidate.dead = true
    this.candidates = this.candidates.filter(other => other !== candidate)
    this.happenings = this.happenings.filter(({ of }) => of !== candidate)
  }

  after(ms: number, run: () => void, of: Candidate | null = null): () => void {
    if (of?.dead === true) return () => undefined
    const happening = { at: this.now + Math.max(0, ms), run, of }
    this.happenings.push(happening)
    return () => {
      this.happenings = this.happenings.filter(other => other !== happening)
    }
  }

  /** Runs until then; `check` after each step. */
  async run(ms: number, check: () => void = () => undefined): Promise<void> {
    const end = this.now + ms
    await new Promise(resolve => setImmediate(resolve))
    for (;;) {
      // What waits for a thaw comes in any order: timers and answers are of different queues.
      const due = ({ at, of }: Happening): number => Math.max(this.now, at, of?.frozenUntil ?? 0)
      const at = this.happenings.reduce((least, one) => Math.min(least, due(one)), Infinity)
      if (at > end) break
      const ready = this.happenings.filter(one => due(one) === at)
      const next = ready[Math.floor(this.uniform() * ready.length)] as Happening
      this.happenings = this.happenings.filter(other => other !== next)
      this.now = at
      check()
      next.run()
      await new Promise(resolve => setImmediate(resolve))
      check()
    }
    this.now = end
  }

  kube(of: Candidate): Kube {
    const ask = <T>(method: string, path: string, body?: unknown): Promise<T> =>
      this.ask(of, method, path, body) as Promise<T>
    const never = (): never => {
      throw new Error('not asked by a lease')
    }
    return {
      get: <T>(path: string, _query?: Query) => ask<T>('GET', path),
      create: <T>(path: string, body: unknown) => ask<T>('POST', path, body),
      replace: <T>(path: string, body: unknown) => ask<T>('PUT', path, body),
      list: never,
      patch: never,
      delete: never,
      text: never,
      watch: never,
    }
  }

  private ask(of: Candidate, method: string, path: string, body: unknown): Promise<unknown> {
    const { dropped, unanswered, late, cutOff } = this.weather
    const text = JSON.stringify(body ?? null)
    return new Promise((resolve, reject) => {
      const cancel = this.after(5000, () => reject(new Error('no answer within 5000 ms')), of)
      if (this.uniform() < dropped) return
      const there = this.uniform() < late ? this.uniform() * 60_000 : this.uniform() * 50
      this.after(there, () => {
        if (cutOff(of)) return
        const answer = this.answer(method, path, text)
        if (this.uniform() < unanswered) return
        const back = this.uniform() < late ? this.uniform() * 6000 : this.uniform() * 50
        this.after(
          back,
          () => {
            if (cutOff(of)) return
            cancel()
            if (answer instanceof Error) reject(answer)
            else resolve(answer)
          },
          of,
        )
      })
    })
  }

  private answer(method: string, path: string, text: string): unknown {
    try {
      const request = { method, path, query: {}, type: 'json', body: JSON.parse(text) }
      return structuredClone(this.store.answer(request).json)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return new ApiError(error.status, error.reason, error.message)
    }
  }
}
