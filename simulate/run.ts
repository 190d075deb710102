import { freshLimit, queueDeadlineUs } from '../controller/decide/vertical.ts'
import type { Control } from './control/control.ts'
import { Outrigger } from './control/outrigger.ts'
import { Rival } from './control/rival.ts'
import { Ledger } from './ledger.ts'
import { Edges } from './path/edges.ts'
import type { Front } from './path/front.ts'
import type { Gate } from './path/gate.ts'
import { Sidecar } from './path/sidecar.ts'
import { Patience } from './patience.ts'
import { makeModel } from './plants/make.ts'
import { Random } from './random.ts'
import type { Played } from './result.ts'
import { Service } from './rivals/fronts/service.ts'
import { policies, type PolicyName } from './rivals/index.ts'
import { limiterNamed } from './rivals/limiters/index.ts'
import { Limited } from './rivals/limited.ts'
import { Static } from './rivals/scalers/static.ts'
import type { Scenario } from './scenario/read.ts'
import { clientsOf } from './traffic/clients.ts'
import { arrivalsOf } from './traffic/generate.ts'
import type { Trace } from './traffic/trace.ts'
import { World } from './world.ts'

/** Who scales and who limits, by name; `target` in the policy's own unit where its default is not meant. */
export interface Choice {
  policy: string
  limiter: string
  seed: number
  target?: number
  /** The file that a trace names, parsed. */
  trace?: Trace
  /** The traffic begins so much later than the clocks of those who scale. */
  lateUs?: number
}

const SECOND = 1_000_000
const TENTH = SECOND / 10
/** How often an HPA syncs: the longest period of those who scale. */
const PERIOD_S = 15
const OURS = 'outrigger'

/**
 * Plays a scenario in virtual time: the same scenario and choice give the same result on every machine.
 * Throws for a name that is none. `progress` hears the share that is done, from time to time.
 */
export function play(
  scenario: Scenario,
  choice: Choice,
  progress: (share: number) => void = () => {},
): Played {
  const random = new Random(choice.seed)
  const seconds = Math.round(scenario.runUs / SECOND)
  const ledger = new Ledger(seconds, scenario.objectiveUs)
  const cast = castOf(scenario, choice, random.fork())
  const { trace, lateUs = 0 } = choice
  const [traffic, clients, models, starts, words] = [0, 0, 0, 0, 0].map(() => random.fork())
  const world = new World({
    ledger,
    arrivals: arrivalsOf(scenario.traffic, {
      random: traffic as Random,
      untilUs: scenario.runUs,
      lateUs,
      ...(trace === undefined ? {} : { trace }),
    }),
    patience: new Patience(clientsOf(scenario.clients, clients as Random)),
    front: cast.front,
    gate: cast.gate,
    model: index => makeModel(scenario.plant, index, (models as Random).fork()),
    startUpUs: () => startUp(scenario, starts as Random),
    // Anything from half of it to half as much again.
    unreadyUs: () => Math.round(scenario.unreadyUs * (0.5 + (words as Random).uniform())),
    limit: () => cast.control.limit,
  })
  world.begin(cast.first)
  for (let second = 1; second <= seconds; second++) {
    for (let tenth = 0; cast.control.tenth !== undefined && tenth < 10; tenth++) {
      world.until((second - 1) * SECOND + tenth * TENTH + TENTH / 2)
      cast.control.tenth(world, tenth)
    }
    world.until(second * SECOND)
    cast.control.second(world)
    note(ledger, second - 1, world, cast.control)
    if (second % 20 === 0) progress(second / seconds)
  }
  const { policy, limiter, seed } = choice
  const totals = ledger.totals(world.paidSeconds())
  const reasons = [...cast.control.reasons].toSorted()
  const named = { scenario: scenario.name ?? '', policy, limiter, seed, reasons }
  return { ...named, seconds: ledger.seconds, totals }
}

interface Cast {
  control: Control
  front: Front
  gate(name: string, nowUs: number): Gate
  /** Replicas at the beginning. */
  first: number
}

function castOf(scenario: Scenario, choice: Choice, random: Random): Cast {
  const { policy, limiter, target } = choice
  const { settings, replicas, limit } = scenario
  if (limiter !== OURS) return limited(scenario, choice, random)
  if (policy === OURS || policy === 'static') {
    const first = policy === OURS ? replicas : (target ?? replicas)
    return ours(scenario, policy === OURS, first, random)
  }
  if (!Object.hasOwn(policies, policy))
    throw new Error(unknown('policy', policy, Object.keys(policies)))
  const [min, max] = [settings['min-replicas'], settings['max-replicas']]
  const { service } = scenario
  const options = {
    limit,
    min,
    max,
    random,
    service,
    ...(target === undefined ? {} : { target }),
  }
  const { scaler, front, gate } = policies[policy as PolicyName](options)
  const aheadMs = random.below(PERIOD_S) * 1000
  return { control: new Rival(scaler, limit, aheadMs), front, gate, first: replicas }
}

function ours(scenario: Scenario, scales: boolean, first: number, random: Random): Cast {
  const { settings, edges, startUpUs } = scenario
  const control = new Outrigger(settings, scales, startUpUs)
  const start = freshLimit(settings, '')
  const front =
    edges === 0 ? new Service(scenario.service, random) : new Edges(edges, control.terms, random)
  const before = {
    limit: start.limit,
    queueUs: queueDeadlineUs(start, settings),
    objectiveUs: null,
  }
  const gate = (name: string, nowUs: number): Gate => new Sidecar(name, before, edges > 0, nowUs)
  return { control, front, gate, first }
}

/** Another project's limiter in each replica, behind a plain Service; how many there are is fixed. */
function limited(
  { settings, replicas, objectiveUs, service }: Scenario,
  choice: Choice,
  random: Random,
): Cast {
  const { limiter, policy, target = replicas } = choice
  if (policy !== 'static')
    throw new Error(`limiter ${limiter}: expected policy static, got ${policy}`)
  const make = limiterNamed(limiter)
  const options = { first: settings['first-limit'], max: settings['limit-max'], objectiveUs }
  const gate = (): Gate => new Limited(make({ ...options, random: random.fork() }), objectiveUs / 2)
  return {
    control: new Rival(new Static(target), settings['first-limit']),
    front: new Service(service, random),
    gate,
    first: target,
  }
}

function startUp({ startUpUs, startUpCv }: Scenario, random: Random): number {
  return startUpCv === 0 ? startUpUs : Math.round(random.lognormal(startUpUs, startUpCv))
}

function note({ seconds }: Ledger, at: number, world: World, control: Control): void {
  const running = world.pods.filter(({ runs }) => runs)
  seconds.desired[at] = world.desired
  seconds.ready[at] = world.pods.filter(({ phase }) => phase === 'ready').length
  seconds.limit[at] = control.limit
  seconds.inFlight[at] = running.reduce((sum, { gate }) => sum + gate.inFlight, 0)
  const queued = running.reduce((sum, { gate }) => sum + gate.waiting, 0)
  seconds.waiting[at] = world.front.waiting + queued
}

function unknown(what: string, name: string, known: readonly string[]): string {
  return `no ${what} ${name}: expected ${OURS} or one of ${known.join(', ')}`
}
