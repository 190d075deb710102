import { int, list, map, object, oneOf, optional, text, that } from '../../core/model/schema.ts'
import { milliseconds } from '../../core/model/units.ts'
import { plantSpec } from '../plants/spec.ts'
import { clientsSpec } from '../traffic/clients.ts'
import { trafficSpec } from '../traffic/spec.ts'
import { duration, number, strict } from '../words.ts'
import { expectSpec } from './expect.ts'

const names = list(text(40), 30)

/** Results are told by the second. */
const run = that<string>('a duration of whole seconds, at most 168h', v => {
  const ms = milliseconds(v) ?? 0
  return ms > 0 && ms % 1000 === 0 && ms <= 604_800_000
})

/** A scenario file: what runs, what comes, who decides, and what is expected of it. */
export const scenarioFile = object(
  {
    name: optional(text(100)),
    /** What is to be seen, in a sentence. */
    about: optional(text(1000)),
    plant: plantSpec,
    traffic: trafficSpec,
    clients: optional(clientsSpec),
    /** Outrigger's, as annotations name them. */
    settings: optional(
      map(
        that('a setting', () => true),
        40,
      ),
    ),
    /** Replicas that are ready at the beginning (1), and what a new one takes to start (20s). */
    replicas: optional(int(0, 10_000)),
    startUp: optional(duration),
    /** How start-up times differ: deviation over mean (0). */
    startUpCv: optional(number(0, 3)),
    /** Until a replica whose model is down is known not to be ready (2s). */
    unready: optional(duration),
    /** An answer is good within this, from when the model got the request (the latency-objective, else any). */
    objective: optional(duration),
    /** What rivals are told that a replica may hold: somebody has tuned it (the fixed-limit, else 4). */
    limit: optional(int(1, 100_000)),
    /** Edges in front (1); 0 is a plain Service. */
    edges: optional(int(0, 16)),
    /** How a plain Service chooses a replica: any ready one, or the emptier of two (random). */
    service: optional(oneOf('random', 'two')),
    run,
    /** Of all chance (1). */
    seed: optional(int(0, 0xffffffff)),
    /** Which autoscalers, and which limiters, it is meant for. */
    policies: optional(names),
    limiters: optional(names),
    expect: optional(expectSpec),
  },
  strict,
)
