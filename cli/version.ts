import { readFileSync } from 'node:fs'

/** The package's version. package.json lies one folder up from cli/, or two from dist/chunks/. */
export const version: string = read('../package.json') ?? read('../../package.json') ?? 'unknown'

function read(relative: string): string | null {
  try {
    const parsed = JSON.parse(readFileSync(new URL(relative, import.meta.url), 'utf8')) as {
      name?: string
      version?: string
    }
    return parsed.name === 'outrigger' ? (parsed.version ?? null) : null
  } catch {
    return null
  }
}
