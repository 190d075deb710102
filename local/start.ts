import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { EndpointPlan, Plan } from './file.ts'
import { portProblem } from './ports.ts'

/** What is looked at before anything is started, so that a bad start leaves nothing half-started. */
export interface Problem {
  kind: 'missing-command' | 'address-in-use' | 'bad-input'
  sentence: string
}

export async function problemsBefore(plan: Plan, path: string, host: string): Promise<Problem[]> {
  const problems: Problem[] = []
  const taken = new Map<number, string>()
  for (const endpoint of plan.endpoints) {
    problems.push(...commandProblems(endpoint, path))
    if (endpoint.port === 0) continue
    const twin = taken.get(endpoint.port)
    if (twin !== undefined) {
      problems.push({
        kind: 'bad-input',
        sentence: `endpoints.${endpoint.name}.port: ${endpoint.port} is also the port of ${twin}; give each its own, or leave it out for a free one`,
      })
    }
    taken.set(endpoint.port, endpoint.name)
    problems.push(...(await portProblems(`endpoints.${endpoint.name}.port`, endpoint.port, host)))
  }
  if (plan.page !== null && plan.page !== 0)
    problems.push(...(await portProblems('page', plan.page, host)))
  return problems
}

async function portProblems(path: string, port: number, host: string): Promise<Problem[]> {
  const code = await portProblem(port, host)
  if (code === null) return []
  const why =
    code === 'EADDRINUSE'
      ? 'is in use by another process'
      : code === 'EACCES'
        ? 'needs more rights than this user has'
        : `can't be listened on (${code})`
  return [
    {
      kind: 'address-in-use',
      sentence: `${path}: port ${port} ${why}; choose another, or leave it out for a free one`,
    },
  ]
}

function commandProblems(endpoint: EndpointPlan, path: string): Problem[] {
  const at = `endpoints.${endpoint.name}`
  if (!existsSync(endpoint.directory) || !statSync(endpoint.directory).isDirectory()) {
    return [
      { kind: 'bad-input', sentence: `${at}.directory: there is no folder ${endpoint.directory}` },
    ]
  }
  const [word = ''] = endpoint.command
  if (findCommand(word, endpoint.directory, endpoint.environment['PATH'] ?? path) !== null)
    return []
  return [
    {
      kind: 'missing-command',
      sentence: `${at}.command: there is no program '${word}' that may be run; install it, or write its whole path`,
    },
  ]
}

/** As execvp looks: a word with a slash is a path, others are looked for in PATH. */
export function findCommand(word: string, directory: string, path: string): string | null {
  const runnable = (file: string): boolean => {
    try {
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  }
  if (word.includes('/')) {
    const file = isAbsolute(word) ? word : resolve(directory, word)
    return runnable(file) ? file : null
  }
  return (
    path
      .split(delimiter)
      .filter(folder => folder !== '')
      .map(folder => join(folder, word))
      .find(runnable) ?? null
  )
}

/** Takes the state folder for this process alone: two `up` over one folder would spoil each other's log. */
export function lockState(folder: string): { release: () => void } | { heldBy: number } {
  mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o750 })
  const file = join(folder, 'up.pid')
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return { release: () => rmSync(file, { force: true }) }
    } catch {
      const pid = Number(readFileSync(file, 'utf8'))
      if (pid !== process.pid && alive(pid)) return { heldBy: pid }
      rmSync(file, { force: true })
    }
  }
  return { heldBy: 0 }
}

function alive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
