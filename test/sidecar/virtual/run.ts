import { Random } from '../../../simulate/random.ts'
import { World } from './world.ts'

/** Random schedules, one after the other; what holds after each of them. */
export interface Tally {
  schedules: number
  /** Requests that reached the model, and those that were answered whole by it. */
  reached: number
  answered: number
  handed: number
  problems: string[]
}

const MOST_PROBLEMS = 3

export async function run(schedules: number, seed: number): Promise<Tally> {
  const tally: Tally = { schedules, reached: 0, answered: 0, handed: 0, problems: [] }
  for (let i = 0; i < schedules && tally.problems.length < MOST_PROBLEMS; i++) {
    const problems = await schedule(seed + i, tally)
    // What was put off to the next tick.
    await new Promise(resolve => setImmediate(resolve))
    tally.problems.push(...problems.map(problem => `seed ${seed + i}: ${problem}`))
  }
  return tally
}

async function schedule(seed: number, tally: Tally): Promise<string[]> {
  const random = new Random(seed)
  const world = new World(random)
  const steps = 20 + random.below(150)
  for (let i = 0; i < steps; i++) {
    world.step()
    // Those that waited in the queue go on in a microtask.
    await Promise.resolve()
  }
  const problems = [...world.problems(), ...repeated(world)]
  for (const [, times] of world.reached()) tally.reached += times
  for (const { socket, handed } of world.clients) {
    tally.answered += socket.wrote.match(/X-W: /g)?.length ?? 0
    if (handed) tally.handed++
  }
  for (const { socket } of world.clients) socket.fail(new Error('gone'))
  world.turn()
  await Promise.resolve()
  world.pass(60_000)
  world.turn()
  return [...problems, ...leaks(world)]
}

/** All clients are gone and time has passed: nothing may be left. */
function leaks(world: World): string[] {
  const { admission, front, models } = world
  const { clients, links, kept } = front.open()
  front.close()
  const left = {
    inFlight: admission.inFlight,
    queued: admission.queued,
    clients,
    links,
    kept,
    timers: world.time.timers.length,
    sockets: models.filter(({ socket }) => !socket.destroyed).length,
  }
  return Object.entries(left).flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${what} left`]))
}

function repeated(world: World): string[] {
  return [...world.reached()].flatMap(([what, times]) => {
    const most = /^(GET|HEAD|PUT|DELETE) /.test(what) ? 2 : 1
    return times > most ? [`${what} reached the model ${times} times`] : []
  })
}
