import type { Model } from '../plants/model.ts'
import type { Gate } from './gate.ts'
import { Pod } from './pod.ts'

const SECOND = 1_000_000

/** The pods of an endpoint as Kubernetes makes and removes them. Times are us. */
export class Herd {
  desired = 0
  readonly pods: Pod[] = []
  private readonly all: Pod[] = []
  private readonly byName = new Map<string, Pod>()
  private readonly gate: (name: string, nowUs: number) => Gate
  private readonly model: (index: number) => Model
  private paid = 0

  constructor(gate: (name: string, nowUs: number) => Gate, model: (index: number) => Model) {
    this.gate = gate
    this.model = model
  }

  get(name: string): Pod | undefined {
    return this.byName.get(name)
  }

  at(index: number): Pod {
    return this.all[index] as Pod
  }

  /** Creates what is missing, and marks as leaving what is too much; a start-up of no time is over at once. */
  scale(
    to: number,
    victims: readonly string[],
    nowUs: number,
    startUpUs: () => number,
  ): { come: Pod[]; go: Pod[] } {
    this.desired = to
    const there = this.pods.filter(({ phase }) => phase !== 'leaving')
    const missing = Math.max(0, to - there.length)
    const come = Array.from({ length: missing }, () => this.create(nowUs, startUpUs()))
    const go = firstToGo(there, victims).slice(0, Math.max(0, there.length - to))
    for (const pod of go) {
      pod.served = pod.phase !== 'starting'
      pod.phase = 'leaving'
      pod.leftUs = nowUs
    }
    return { come, go }
  }

  /** It exists no more. */
  bury(pod: Pod, nowUs: number): void {
    pod.phase = 'gone'
    this.paid += nowUs - pod.createdUs
    this.byName.delete(pod.name)
    this.pods.splice(this.pods.indexOf(pod), 1)
  }

  /** What was paid for, s: all pods, from creation to end. */
  paidSeconds(nowUs: number): number {
    return this.pods.reduce((sum, { createdUs }) => sum + nowUs - createdUs, this.paid) / SECOND
  }

  private create(nowUs: number, startUpUs: number): Pod {
    const index = this.all.length
    const name = `r${index + 1}`
    const [gate, model] = [this.gate(name, nowUs), this.model(index)]
    const pod = new Pod({
      name,
      index,
      gate,
      model,
      createdUs: nowUs,
      readyAtUs: nowUs + startUpUs,
    })
    if (startUpUs === 0) pod.phase = 'ready'
    this.pods.push(pod)
    this.all.push(pod)
    this.byName.set(name, pod)
    return pod
  }
}

/** Who goes first when there are too many: the victims named, then those that serve nothing yet or now, then the newest. */
function firstToGo(pods: readonly Pod[], victims: readonly string[]): Pod[] {
  const rank = ({ name, phase }: Pod): number =>
    victims.includes(name) ? 0 : phase === 'starting' ? 1 : phase === 'down' ? 2 : 3
  return pods.toSorted((a, b) => rank(a) - rank(b) || b.index - a.index)
}
