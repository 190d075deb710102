import { Random } from '../../../../simulate/random.ts'
import { World, type Half } from './world.ts'

export interface Tally {
  schedules: number
  streams: number
  bytes: number
  /** Halves that saw their end, and that were closed by the other side in the middle. */
  ended: number
  cut: number
  problems: string[]
}

const tick = async (): Promise<void> => new Promise(resolve => void setImmediate(resolve))

/** Random schedules, one after the other; what holds after each of them. */
export async function run(schedules: number, seed: number): Promise<Tally> {
  const tally: Tally = { schedules, streams: 0, bytes: 0, ended: 0, cut: 0, problems: [] }
  for (let i = 0; i < schedules && tally.problems.length < 3; i++) {
    const problems = await schedule(seed + i, tally)
    tally.problems.push(...problems.map(problem => `seed ${seed + i}: ${problem}`))
  }
  return tally
}

async function schedule(seed: number, tally: Tally): Promise<string[]> {
  const random = new Random(seed)
  const world = new World(random)
  const steps = 10 + random.below(120)
  for (let i = 0; i < steps; i++) {
    world.step()
    if (random.below(8) === 0) await tick()
  }
  const killed = random.below(5) === 0
  if (killed) world.kill()
  await settle(world)
  const problems = killed ? [] : world.pairs.flatMap(({ near, far }) => delivered(near, far))
  if (!killed && world.dead) problems.push('the lane is gone')
  problems.push(...world.halves.flatMap(half => half.problems))
  // All go, and nothing may be left.
  for (const { near } of world.pairs) world.destroy(near)
  await settle(world)
  if (world.near.size + world.far.size > 0) problems.push('streams are left')
  for (const half of world.halves) {
    if (half.closes !== 1) problems.push(`close was told ${half.closes} times`)
    if (half.ends > 1) problems.push(`end was told ${half.ends} times`)
    tally.bytes += half.got.length
    tally.ended += half.ends
    if (half.ends === 0 && !half.destroyed) tally.cut++
  }
  tally.streams += world.pairs.length
  return problems
}

/** Everybody reads, nothing is stopped. */
async function settle(world: World): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    for (const { stream } of world.halves) stream.resume()
    await tick()
    quiet = world.turn(true) ? 0 : quiet + 1
  }
}

/** What one half wrote has come to the other: all of it, or as far as it was when one of them was destroyed. */
function delivered(near: Half, far: Half | null): string[] {
  if (far === null) return near.destroyed ? [] : ['a stream never arrived']
  const cut = near.destroyed || far.destroyed
  return [
    ...problemsOf('near', near, far, cut),
    ...problemsOf('far', far, near, cut),
    ...(near.ended && far.ended && !cut && near.closes + far.closes !== 2 ? ['not closed'] : []),
    ...(cut && near.closes + far.closes !== 2 ? ['only one half is closed'] : []),
  ]
}

function problemsOf(name: string, half: Half, other: Half, cut: boolean): string[] {
  if (!half.wrote.startsWith(other.got)) return [`what ${name} wrote came mixed up`]
  if (cut) return []
  if (half.wrote !== other.got) return [`of ${name} ${half.wrote.length - other.got.length} left`]
  if (half.ended !== (other.ends === 1)) return [`the end of ${name} was told ${other.ends} times`]
  const { destroyed, writableNeedDrain } = half.stream
  return writableNeedDrain && !destroyed ? [`${name} waits for a drain`] : []
}
