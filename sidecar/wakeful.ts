import type { Clock } from '../core/runtime/clock.ts'
import { Admission } from './admit/admission.ts'
import { parityOf } from './admit/limit.ts'
import type { SidecarConfig } from './config.ts'

/** An admission that tells before anything changes: seconds of rest that are over end before that. */
class Wakeful extends Admission {
  before: () => void = () => {}

  override arrive(...given: Parameters<Admission['arrive']>): ReturnType<Admission['arrive']> {
    this.before()
    return super.arrive(...given)
  }

  override take(...given: Parameters<Admission['take']>): void {
    this.before()
    super.take(...given)
  }

  override close(...given: Parameters<Admission['close']>): ReturnType<Admission['close']> {
    this.before()
    return super.close(...given)
  }

  override refuseUpgrade(): void {
    this.before()
    super.refuseUpgrade()
  }
}

export function admissionOf(config: SidecarConfig, clock: Clock): Wakeful {
  const { firstLimit: limit, firstQueueUs: queueUs, objectiveUs, replica } = config
  return new Wakeful({ limit, queueUs, objectiveUs }, parityOf(replica), clock.us())
}
