import type { Clock } from '../core/runtime/clock.ts'
import type { Log } from '../core/runtime/log.ts'
import type { Admission } from './admit/admission.ts'
import type { DrainSight } from './admit/drain.ts'
import type { SidecarConfig } from './config.ts'
import { isLoopbackMode } from './loopback.ts'
import { directWatch, NO_DIRECT, type DirectWatch } from './signals/connections.ts'
import { namedResources, sharedResources, type ResourceReader } from './signals/resources.ts'
import type { Upgrades } from './upgrades.ts'

/** Only a pod's connections are all the model's; in mode loopback nobody but the pod itself reaches it. */
export function direct(config: SidecarConfig): DirectWatch | null {
  if (!config.ownLoopback) return null
  return isLoopbackMode(config) ? NO_DIRECT : directWatch({ port: config.app.port })
}

/** null: the model's processes can't be seen. */
export function resources(config: SidecarConfig, log: Log): ResourceReader | null {
  const { appPidFile, sharedProcesses, cpuQuota: quota, memoryLimit } = config
  if (appPidFile !== null) return namedResources({ file: appPidFile, quota, memoryLimit })
  if (!sharedProcesses) return null
  // Where processes are shared, the pause process is number 1.
  if (process.pid > 1) return sharedResources({ own: process.pid, quota, memoryLimit })
  log('warn', 'this pod does not share its process namespace: CPU and memory are not measured')
  return null
}

/** After the start and after the last request it is not resting for so long. */
const REST_AFTER_US = 10_000_000

/** Who is with the model, and whether nobody is nor was for a while: then less often is looked at what can wait. */
export function presence(
  admission: Pick<Admission, 'inFlight' | 'queued' | 'lastArrivalUs'>,
  upgrades: Pick<Upgrades, 'open'>,
  clock: Pick<Clock, 'us'>,
): { seen(): Omit<DrainSight, 'model'>; resting(): boolean } {
  const bornUs = clock.us()
  const present = (): number => admission.inFlight + admission.queued + upgrades.open()
  return {
    seen: () => ({ present: present(), lastArrivalUs: admission.lastArrivalUs }),
    resting() {
      const lastUs = Math.max(bornUs, admission.lastArrivalUs)
      return present() === 0 && clock.us() - lastUs >= REST_AFTER_US
    },
  }
}
