import { statusOf } from './error.ts'
import type { Query } from './exchange.ts'

export interface Listed<T> {
  items: T[]
  metadata: { resourceVersion: string; continue?: string }
}

/** As client-go's pager: large enough for few questions, small enough for a server to answer at once. */
const LIMIT = 500

/**
 * Lists page by page, so that no more than one is in memory. A continue token that has expired (410) starts
 * over, once: `restart` forgets what `take` was given. Gives the list's resourceVersion.
 */
export async function eachPage<T>(
  get: (path: string, query: Query) => Promise<Listed<T>>,
  path: string,
  query: Query,
  take: (items: T[]) => void,
  restart: () => void,
): Promise<string> {
  let restarts = 0
  let token: string | undefined
  for (;;) {
    try {
      const page = await get(path, { limit: LIMIT, ...query, continue: token })
      take(page.items ?? [])
      token = page.metadata.continue || undefined
      if (token === undefined) return page.metadata.resourceVersion
    } catch (error) {
      if (statusOf(error) !== 410 || token === undefined || restarts++ > 0) throw error
      token = undefined
      restart()
    }
  }
}
