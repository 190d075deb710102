import { Limited } from '../rivals/limited.ts'
import type { Pod } from '../path/pod.ts'
import type { PodSecond, Scaler } from '../rivals/scalers/scaler.ts'
import type { World } from '../world.ts'
import type { Control } from './control.ts'

/** Another project's control: its autoscaler sees each second what monitoring sees; limiters live in the pods. */
export class Rival implements Control {
  readonly reasons: ReadonlySet<string> = new Set()
  private readonly scaler: Scaler
  private readonly fixed: number
  private readonly aheadMs: number
  private seen: Limited | null = null

  /**
   * `fixed`: what a replica holds where no limiter learns it. `aheadMs`: how far its clock is ahead of the run's, so
   * that its syncs don't always fall on the seconds at which scenarios have their surges.
   */
  constructor(scaler: Scaler, fixed: number, aheadMs = 0) {
    this.scaler = scaler
    this.fixed = fixed
    this.aheadMs = aheadMs
  }

  get limit(): number {
    return this.seen?.limit ?? this.fixed
  }

  second(world: World): void {
    const { nowUs } = world
    const pods = world.pods.slice().map(pod => this.look(pod, world))
    const wanted = this.scaler.second({
      atMs: this.msOf(nowUs),
      desired: world.desired,
      pods,
      front: {
        ...world.frontSecond(),
        passedIntegral: pods.reduce((sum, { presentIntegral }) => sum + presentIntegral, 0),
      },
    })
    if (wanted !== null && wanted !== world.desired) world.scale(wanted)
  }

  private look(pod: Pod, world: World): PodSecond {
    const { nowUs } = world
    const { cpu } = pod.runs ? pod.model.measure(nowUs) : { cpu: null }
    if (pod.gate instanceof Limited && pod.runs) {
      this.seen = pod.gate
      const used = cpu === null || cpu.quota === 0 ? null : Math.round(cpu.us / cpu.quota)
      world.passed(pod, pod.gate.second(nowUs, used))
    }
    return {
      name: pod.name,
      createdMs: this.msOf(pod.createdUs),
      readyMs: pod.phase === 'starting' ? null : this.msOf(pod.readyAtUs),
      ready: pod.phase === 'ready',
      leaving: pod.phase === 'leaving',
      cpu,
      ...pod.second(nowUs),
    }
  }

  private msOf(us: number): number {
    return us / 1000 + this.aheadMs
  }
}
