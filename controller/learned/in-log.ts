import { algorithms, withOverrides } from '../decide/decide.ts'
import { Memory } from '../memory.ts'
import { restore } from '../restore.ts'
import { beliefOf, type Belief } from './belief.ts'

/**
 * What was believed when the log ended, where no controller runs: state and notes as a restart would read
 * them. null where the log knows nothing of the endpoint.
 */
export async function believedIn(dir: string, endpoint: string): Promise<Belief | null> {
  const memory = new Memory()
  const { notebook, now } = await restore(dir, memory, algorithms)
  const remembered = memory.endpoints.get(endpoint)
  if (remembered === undefined) return null
  const { state, settings } = remembered
  const { revision } = state.limit
  return beliefOf({
    endpoint,
    revision,
    state: state.limit,
    settings: withOverrides(settings, memory.overridesOf(endpoint)),
    notes: notebook.of(endpoint, revision),
    windows: null,
    now,
  })
}
