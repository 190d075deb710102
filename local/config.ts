import { sentence, type Issue } from '../core/model/schema.ts'
import { BadConfig, readParent } from '../core/runtime/environment.ts'

/** What `up` takes from the environment; nothing else in local/ reads it. Children inherit the rest. */
export interface LocalEnvironment {
  inherited: Record<string, string>
}

export function localEnvironment(environment: NodeJS.ProcessEnv = process.env): LocalEnvironment {
  const inherited = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !entry[0].startsWith('OUTRIGGER_'),
  )
  return { inherited: Object.fromEntries(inherited) }
}

/** Whether `traffic` ends when its standard input does. Throws BadConfig. */
export function exitsWithStdin(environment: NodeJS.ProcessEnv = process.env): boolean {
  const issues: Issue[] = []
  const exits = readParent(environment['OUTRIGGER_PARENT'] ?? '', issues)
  if (issues.length > 0) throw new BadConfig(issues.map(sentence).join('\n'))
  return exits
}
