import { join } from 'node:path'
import { keepRunning, startChild, type Kept } from './child.ts'
import { lastLine, type Site } from './site.ts'

/** The aggregator, the controller and the edge: one process each, restarted when they end, on ports that stay theirs. */
export interface Component extends Kept {
  name: string
  logFile: string
}

export function startComponent(
  site: Site,
  name: string,
  environment: Record<string, string>,
  says: (sentence: string) => void,
  args: string[] = [],
): Component {
  const logFile = join(site.folder, 'logs', `${name}.log`)
  const kept = keepRunning(
    onEnd =>
      startChild({
        name,
        command: [...site.outrigger, name, ...args],
        directory: site.folder,
        environment: {
          ...site.environment,
          ...environment,
          OUTRIGGER_TOKEN: site.token,
          OUTRIGGER_PARENT: 'stdin',
        },
        logFile,
        guardian: site.guardian,
        ended: onEnd,
      }),
    (how, again) => {
      if (!again) return
      const why = how.error ?? how.signal ?? `exit code ${how.code}`
      says(`${name} ended (${why}) and is started again; ${lastLine(logFile) || `see ${logFile}`}`)
    },
  )
  return Object.defineProperties(
    { ...kept, name, logFile },
    Object.getOwnPropertyDescriptors(kept),
  ) as Component
}
