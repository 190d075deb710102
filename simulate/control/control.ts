import type { World } from '../world.ts'

/** Who decides in a simulated world: called at the end of each second of virtual time. */
export interface Control {
  second(world: World): void
  /** Called ten times a second, in the middle of each tenth: who has a phase of its own acts at its own tenth. */
  tenth?(world: World, tenth: number): void
  /** Codes of the reasons that its decisions gave. */
  readonly reasons: ReadonlySet<string>
  /** Requests that a replica may hold now. */
  readonly limit: number
}
