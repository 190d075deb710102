import type { Decision } from './model.ts'

/** Holds that follow one another are one row of the list. Pure. */
export type Row = { kind: 'one'; key: string; decision: Decision } | Holds

export interface Holds {
  kind: 'holds'
  /** That of its oldest hold: it stays the same while newer ones are added. */
  key: string
  /** Newest first. */
  decisions: Decision[]
  from: number
  to: number
  endpoints: string[]
}

/** Newest first in, newest first out. */
export function rowsOf(decisions: readonly Decision[]): Row[] {
  const rows: Row[] = []
  let holds: Decision[] = []
  const close = (): void => {
    const oldest = holds.at(-1)
    const newest = holds[0]
    if (oldest === undefined || newest === undefined) return
    if (holds.length === 1) rows.push({ kind: 'one', key: oldest.id, decision: oldest })
    else rows.push(together(holds, oldest, newest))
    holds = []
  }
  for (const decision of decisions) {
    if (decision.action === 'hold') {
      holds.push(decision)
      continue
    }
    close()
    rows.push({ kind: 'one', key: decision.id, decision })
  }
  close()
  return rows
}

/** Adds what came, newest first, each once, at most `most`. */
export function merge(
  known: readonly Decision[],
  came: readonly Decision[],
  most: number,
): Decision[] {
  const byId = new Map(known.map(decision => [decision.id, decision]))
  for (const decision of came) byId.set(decision.id, decision)
  return [...byId.values()].toSorted((a, b) => b.seq - a.seq).slice(0, most)
}

function together(decisions: Decision[], oldest: Decision, newest: Decision): Holds {
  return {
    kind: 'holds',
    key: `holds-${oldest.id}`,
    decisions,
    from: oldest.now,
    to: newest.now,
    endpoints: [...new Set(decisions.map(({ endpoint }) => endpoint))].toSorted(),
  }
}
