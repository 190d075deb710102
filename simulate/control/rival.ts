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
  private seen: Limited | null = null

  /** `fixed`: what a replica holds where no limiter learns it. */
  constructor(scaler: Scaler, fixed: number) {
    this.scaler = scaler
    this.fixed = fixed
  }

  get limit(): number {
    return this.seen?.limit ?? this.fixed
  }

  second(world: World): void {
    const { nowUs } = world
    const pods = world.pods.slice().map(pod => this.look(pod, world))
    const wanted = this.scaler.second({
      atMs: nowUs / 1000,
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
      createdMs: pod.createdUs / 1000,
      readyMs: pod.phase === 'starting' ? null : pod.readyAtUs / 1000,
      ready: pod.phase === 'ready',
      leaving: pod.phase === 'leaving',
      cpu,
      ...pod.second(nowUs),
    }
  }
}
