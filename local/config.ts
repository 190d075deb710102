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
