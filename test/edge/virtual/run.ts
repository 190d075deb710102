import { HEADERS } from '../../../core/model/tables.ts'
import { Random } from '../../../simulate/random.ts'
import { Places } from '../../../edge/places.ts'
import { wasAsked } from '../../sidecar/virtual/client.ts'
import { World } from './world.ts'

/** Random schedules, one after the other; what holds after each of them. */
export interface Tally {
  schedules: number
  /** Requests as replicas read them, and how many of them were turned away unadmitted. */
  reached: number
  turned: number
  /** Whole answers of replicas that came to a client. */
  answered: number
  problems: string[]
}

const MOST_PROBLEMS = 3

export async function run(schedules: number, seed: number): Promise<Tally> {
  const tally: Tally = { schedules, reached: 0, turned: 0, answered: 0, problems: [] }
  for (let i = 0; i < schedules && tally.problems.length < MOST_PROBLEMS; i++) {
    const problems = schedule(seed + i, tally)
    tally.problems.push(...problems.map(problem => `seed ${seed + i}: ${problem}`))
    // What was put off to the next tick.
    await new Promise(resolve => setImmediate(resolve))
  }
  return tally
}

function schedule(seed: number, tally: Tally): string[] {
  const random = new Random(seed)
  const world = new World(random)
  const steps = 20 + random.below(200)
  for (let i = 0; i < steps; i++) world.step()
  const end = random.below(3)
  const problems: string[] = []
  if (end === 0) {
    world.settle()
    problems.push(...world.clients.flatMap(client => client.unanswered()))
  } else if (end === 1) {
    world.desk.close()
    world.desk.destroy()
    world.front.destroy()
    world.turn()
  }
  problems.push(
    ...world.clients.flatMap(client => client.problems()),
    ...world.replicas.flatMap(replica => replica.problems()),
    ...attempts(world, tally),
  )
  for (const { socket } of world.clients)
    tally.answered += socket.wrote.match(/X-W: /g)?.length ?? 0
  return [...problems, ...leaks(world, end === 1)]
}

/** What a replica reads was asked by a client, whole or a part, with our pass or a word for it alone, and no more often than it may. */
function attempts(world: World, tally: Tally): string[] {
  const admitted = new Map<string, number>()
  const problems: string[] = []
  for (const { what, headers, body, whole, turned, words } of world.replicas.flatMap(one =>
    one.attempts().map(attempt => ({ ...attempt, words: one.words })),
  )) {
    tally.reached++
    if (turned) tally.turned++
    if (!wasAsked(world.clients, what, body, whole))
      problems.push(`a replica reads ${what} ${body.length} ${body.slice(0, 99)}`)
    const own = headers.filter((_, i) => /^x[-_]outrigger/i.test(headers[i - (i % 2)] ?? ''))
    const [name, value = ''] = own
    const shows = value === world.desk.pass || words.has(value)
    if (own.length !== 2 || name !== HEADERS.pass || !shows) problems.push(`marks: ${own.join()}`)
    if (turned) continue
    const times = (admitted.get(what) ?? 0) + 1
    admitted.set(what, times)
    if (times > (what.startsWith('POST ') ? 1 : 2))
      problems.push(`${what} was admitted ${times} times`)
  }
  return problems
}

/** All clients are gone and time has passed: nothing may be left. */
function leaks(world: World, destroyed: boolean): string[] {
  const { desk, front, places, mostHeld } = world
  for (const { socket } of world.clients) socket.fail(new Error('gone'))
  for (let i = 0; i < 3; i++) {
    world.turn()
    world.pass(60_000)
  }
  const { clients, kept } = front.open()
  const fresh = new Places(mostHeld)
  if (!destroyed) fresh.join()
  const left = {
    calls: desk.calls.size,
    // A desk that is gone tells its dispatcher nothing more.
    held: destroyed ? 0 : desk.dispatch.heldCount,
    inFlight: destroyed ? 0 : desk.dispatch.inFlight,
    places: fresh.join().most - places.join().most,
    clients,
    kept,
    timers: world.time.timers.length,
    sockets: world.replicas.filter(({ socket }) => !socket.destroyed).length,
  }
  front.close()
  desk.destroy()
  return Object.entries(left).flatMap(([what, n]) => (n === 0 ? [] : [`${n} ${what} left`]))
}
