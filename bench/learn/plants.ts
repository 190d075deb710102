import { catalogue, type Setting } from '../../simulate/plants/catalogue.ts'
import { drawnPlant } from '../../simulate/plants/drawn.ts'

/** A plant by its name: a row of the catalogue, or `drawn-N` for the one of seed N. */
export function plantNamed(name: string): Setting {
  const seed = /^drawn-(\d+)$/.exec(name)?.[1]
  if (seed !== undefined) return drawnPlant(Number(seed))
  const known = Object.entries<Setting>(catalogue).find(([each]) => each === name)?.[1]
  if (known === undefined) throw new Error(`no plant ${name}`)
  return known
}

export const catalogued = Object.keys(catalogue)

export function drawn(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `drawn-${from + i}`)
}
